// The three forms of VEX, each from a parsed document to rules (see policy.h). `name` is the file's
// name, for messages and the origin of rules.

#pragma once

#include <string_view>
#include <vector>

#include "json/value.h"
#include "policy/policy.h"

namespace fathom::policy {

inline constexpr std::size_t kMostVexRules = 1'000'000;

// https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md
bool is_openvex(const json::Value& document);
Result<std::vector<IgnoreRule>> openvex_rules(const json::Value& document, std::string_view name);

// https://cyclonedx.org/capabilities/vex/: vulnerabilities with an analysis, in a document of
// their own or in the SBOM itself.
bool is_cyclonedx(const json::Value& document);
Result<std::vector<IgnoreRule>> cyclonedx_rules(const json::Value& document, std::string_view name);

// https://docs.oasis-open.org/csaf/csaf/v2.0/ §4.5
bool is_csaf(const json::Value& document);
Result<std::vector<IgnoreRule>> csaf_rules(const json::Value& document, std::string_view name);

}  // namespace fathom::policy
