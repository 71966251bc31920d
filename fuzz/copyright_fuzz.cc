// Licences come from the text, each once and within the limit; names become expressions or nothing.

#include <cstdint>
#include <cstdlib>
#include <set>

#include "base/bytes.h"
#include "licenses/licenses.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fathom::ByteView({data, size}).as_text();
  const fathom::Limits limits;
  const auto found = fathom::licenses::read_copyright(text, limits);
  std::set<std::string> names;
  for (const auto& one : found)
    if (one.line == 0 || !names.insert(one.license).second) std::abort();
  if (found.size() > limits.licenses) std::abort();
  (void)fathom::licenses::expression_of(text);
  return 0;
}
