#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "policy/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rules = fathom::policy::parse_openvex(fathom::ByteView({data, size}).as_text(), "vex.json");
  if (!rules) return 0;
  fathom::Report report;
  report.image.names = {"example/app:1"};
  fathom::Component component;
  component.id = "c1";
  component.purl = "pkg:generic/sqlite@1?a=b#c";
  report.components = {component};
  fathom::Finding finding;
  finding.component = "c1";
  for (const auto& rule : *rules) {
    if (rule.id.empty()) std::abort();
    finding.id = rule.id;
    report.findings.push_back(finding);
    if (report.findings.size() > 50) break;
  }
  fathom::policy::Policy policy;
  policy.ignore = std::move(*rules);
  if (policy.ignore.size() > 50) policy.ignore.resize(50);
  fathom::policy::apply(report, policy);
  return 0;
}
