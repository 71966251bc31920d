// A document is read or refused; what is read goes through the codec and comes back the same, and
// is valid UTF-8 within its limits. XML comes in by the same door.

#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "base/text.h"
#include "model/codec.h"
#include "sbom/sbom.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fathom::ByteView bytes({data, size});
  fathom::Limits limits;
  limits.sbom_entries = 1000;
  (void)!fathom::sbom::may_be_sbom(bytes);
  auto document = fathom::sbom::read_sbom(bytes, limits);
  if (!document) return 0;
  if (document->entries.size() > limits.sbom_entries) std::abort();
  for (const fathom::SbomEntry& entry : document->entries) {
    if (!fathom::is_utf8(entry.name) || !fathom::is_utf8(entry.purl)) std::abort();
    if (entry.digests.size() > limits.sbom_texts) std::abort();
  }
  auto again = fathom::decode_value<fathom::SbomDocument>(fathom::encode_value(*document));
  if (!again || *again != *document) std::abort();
  return 0;
}
