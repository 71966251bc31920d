// What the parent reads of a feed before it trusts it: keys, signatures, lists of checksums.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fetch/checksums.h"
#include "fetch/signature.h"

using namespace fathom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = ByteView({data, size}).as_text();
  if (auto sums = fetch::parse_checksums(text))
    for (const fetch::Checksum& sum : *sums)
      if (sum.hex.size() != 64 || sum.name.starts_with('/') || sum.name.find("..") == 0)
        std::abort();
  (void)!fetch::parse_public_key(text);
  fetch::PublicKey key;
  key.key[0] = 1;
  if (fetch::verify_signature(key, text, ByteView::of("content"))) std::abort();
  return 0;
}
