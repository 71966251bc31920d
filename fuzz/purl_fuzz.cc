// Any text as a package URL: no crash, and what was read is written in a form that reads as the
// same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "base/bytes.h"
#include "model/purl.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fathom::ByteView(std::span(data, size)).as_text();
  (void)fathom::parse_purl_strictly(text);
  const auto purl = fathom::parse_purl(text);
  if (!purl) return 0;
  const std::string once = purl->text();
  const auto again = fathom::parse_purl(once);
  if (again && again->text() != once) std::abort();
  return 0;
}
