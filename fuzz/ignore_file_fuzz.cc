// Both forms of ignore files: a first byte 'T' asks for Trivy's lines, others for YAML.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "policy/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fathom::ByteView({data, size}).as_text();
  const bool lines = text.starts_with('T');
  if (!text.empty()) text.remove_prefix(1);
  auto rules = fathom::policy::parse_ignore_file(text, lines ? ".trivyignore" : "ignore.yaml");
  if (!rules) return 0;
  // A rule without an id, or one of ours without a reason, would hide more than somebody meant.
  for (const auto& rule : *rules)
    if (rule.id.empty() || rule.origin.empty() || (!lines && rule.reason.empty())) std::abort();
  return 0;
}
