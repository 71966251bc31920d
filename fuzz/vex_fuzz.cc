// Any form of VEX; openvex_fuzz.cc goes deeper into that one.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "policy/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rules = fathom::policy::parse_vex(fathom::ByteView({data, size}).as_text(), "vex.json");
  if (!rules) return 0;
  for (const auto& rule : *rules)
    if (rule.id.empty() || rule.origin.empty()) std::abort();  // would stand for any advisory
  return 0;
}
