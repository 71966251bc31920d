#include <map>

#include "base/text.h"
#include "json/value.h"
#include "policy/keys.h"
#include "policy/policy.h"

namespace fathom::policy {
namespace {

using json::Value;

Error wrong(std::string message) { return {ErrorCode::malformed, std::move(message)}; }

Done check_schema(const Value& report) {
  const Value& schema = report["schema"];
  if (!schema.integer() || report["tool"]["name"].text_or() != "fathom" ||
      !report["findings"].array() || !report["components"].array())
    return wrong("not a fathom report; write one with -o json");
  if (*schema.integer() != 1)
    return Error{ErrorCode::unsupported,
                 "report schema " + std::to_string(*schema.integer()) + ", this fathom reads 1"};
  return Ok{};
}

using Components = std::map<std::string_view, const Value*>;

Components components_of(const Value& report) {
  Components components;
  for (const Value& component : report["components"].elements())
    components.emplace(component["id"].text_or(), &component);
  return components;
}

Done add_keys(const Value& finding, const Components& components, std::vector<std::string>& keys) {
  KeyParts parts{.id = finding["id"].text_or()};
  if (parts.id.empty()) return wrong("id is missing");
  auto component = components.find(finding["component"].text_or());
  if (component == components.end()) return wrong("component is not in the report");
  parts.component_name = (*component->second)["name"].text_or();
  parts.purl = (*component->second)["purl"].text_or();
  parts.file = (*component->second)["file"].text_or();
  keys.push_back(finding_key(parts));
  for (const Value& alias : finding["aliases"].elements()) {
    parts.id = alias.text_or();
    if (!parts.id.empty()) keys.push_back(finding_key(parts));
  }
  return Ok{};
}

Result<std::vector<std::string>> keys_of(std::string_view text) {
  const Value report = TRY(json::parse(text));
  TRY(check_schema(report));
  const Components components = components_of(report);
  std::vector<std::string> keys;
  std::size_t index = 0;
  for (const Value& finding : report["findings"].elements())
    TRY(add_keys(finding, components, keys).in("/findings/" + std::to_string(index++)));
  return keys;
}

}  // namespace

Result<std::vector<std::string>> parse_baseline(std::string_view text, std::string_view name) {
  return keys_of(text).in(printable(name));
}

}  // namespace fathom::policy
