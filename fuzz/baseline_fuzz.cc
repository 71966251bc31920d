#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "policy/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto keys = fathom::policy::parse_baseline(fathom::ByteView({data, size}).as_text(), "old.json");
  if (!keys) return 0;
  for (const std::string& key : *keys)
    if (key.empty() || key[0] == '\0') std::abort();  // would stand for any advisory
  return 0;
}
