#include "policy/vex.h"

#include "base/text.h"

namespace fathom::policy {
namespace {

Result<std::vector<IgnoreRule>> rules_of(std::string_view text, std::string_view name) {
  const json::Value document = TRY(json::parse(text));
  if (is_openvex(document)) return openvex_rules(document, name);
  if (is_cyclonedx(document)) return cyclonedx_rules(document, name);
  if (is_csaf(document)) return csaf_rules(document, name);
  return Error{ErrorCode::malformed,
               "none of the forms of VEX that are read: OpenVEX, CycloneDX, CSAF 2.0"};
}

}  // namespace

Result<std::vector<IgnoreRule>> parse_vex(std::string_view text, std::string_view name) {
  return rules_of(text, name).in(printable(name));
}

}  // namespace fathom::policy
