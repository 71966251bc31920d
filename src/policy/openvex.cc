// A statement is about vulnerability × product (× subcomponent). Statements are put into the order
// of time first: of those that share all three, the last one holds, and only not_affected and fixed
// become rules. Both forms of the standard are read: 0.2.0, and the one before it, in which a
// vulnerability and a product are plain texts.

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <tuple>

#include "base/text.h"
#include "json/value.h"
#include "policy/date.h"
#include "policy/vex.h"

namespace fathom::policy {
namespace {

using json::Value;

constexpr std::array<std::string_view, 4> kStatuses = {"not_affected", "affected", "fixed",
                                                       "under_investigation"};
constexpr std::array<std::string_view, 5> kJustifications = {
    "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"};

Error wrong(std::string message) { return {ErrorCode::malformed, std::move(message)}; }

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Statement {
  std::string status, reason, origin;
  std::vector<std::string> names;  // of the vulnerability, the main one first
  struct Subject {
    std::string product, subcomponent;  // empty = any
  };
  std::vector<Subject> subjects;
  std::int64_t time = 0;
};

// "@id" or an identifier; the purl is what a component can be compared with.
std::string identity_of(const Value& component) {
  if (component.string()) return *component.string();
  for (std::string_view kind : {"purl", "cpe23", "cpe22"})
    if (const std::string* text = component["identifiers"][kind].string()) return *text;
  return std::string(component["@id"].text_or());
}

Result<std::vector<std::string>> identities_of(const Value& list, std::string_view place) {
  std::vector<std::string> identities;
  if (!list.is_null() && !list.array()) return wrong("expected a list").in(place);
  for (const Value& component : list.elements()) {
    identities.push_back(identity_of(component));
    if (identities.back().empty())
      return wrong("neither @id nor identifiers")
          .in(std::string(place) + "/" + std::to_string(identities.size() - 1));
  }
  return identities;
}

Done read_names(const Value& vulnerability, Statement& statement) {
  const std::string_view name = vulnerability.string() ? std::string_view(*vulnerability.string())
                                                       : vulnerability["name"].text_or();
  if (trim(name).empty()) return wrong("/vulnerability: a name is missing");
  statement.names.emplace_back(trim(name));
  for (const Value& alias : vulnerability["aliases"].elements())
    if (!alias.text_or().empty()) statement.names.emplace_back(alias.text_or());
  return Ok{};
}

Done read_subjects(const Value& value, Statement& statement) {
  const Value& products = value["products"];
  std::vector<std::string> outer = TRY(identities_of(value["subcomponents"], "/subcomponents"));
  if (outer.empty()) outer.emplace_back();
  const std::vector<std::string> names = TRY(identities_of(products, "/products"));
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::vector<std::string> inner =
        TRY(identities_of(products.elements()[i]["subcomponents"],
                          "/products/" + std::to_string(i) + "/subcomponents"));
    if (inner.empty()) inner = outer;
    for (std::string& subcomponent : inner)
      statement.subjects.push_back({names[i], std::move(subcomponent)});
  }
  if (names.empty())
    for (const std::string& subcomponent : outer) statement.subjects.push_back({"", subcomponent});
  return Ok{};
}

Done read_status(const Value& value, Statement& statement) {
  const std::string_view justification = value["justification"].text_or();
  const std::string_view impact = value["impact_statement"].text_or();
  statement.status = std::string(value["status"].text_or());
  if (!is_one_of(kStatuses, statement.status))
    return wrong("/status: \"" + printable(statement.status) + "\" is no status of OpenVEX");
  if (!justification.empty() && !is_one_of(kJustifications, justification))
    return wrong("/justification: \"" + printable(justification) +
                 "\" is no justification of OpenVEX");
  if (statement.status == "not_affected" && justification.empty() && impact.empty())
    return wrong("/status: not_affected needs a justification or an impact_statement");
  statement.reason = "VEX " + statement.status;
  if (!justification.empty()) statement.reason += ", " + std::string(justification);
  if (!impact.empty()) statement.reason += ": " + std::string(impact);
  return Ok{};
}

// The statement's own time, else the document's.
Done read_time(const Value& value, const Value& document, Statement& statement) {
  for (const Value* place : {&value, &document}) {
    for (std::string_view key : {"last_updated", "timestamp"}) {
      if (!place->has(key)) continue;
      const auto time = parse_time((*place)[key].text_or());
      if (!time) return wrong("/" + std::string(key) + ": not an RFC 3339 time");
      statement.time = *time;
      return Ok{};
    }
  }
  return Ok{};
}

Result<Statement> read_statement(const Value& value, const Value& document) {
  if (!value.object()) return wrong("expected an object");
  Statement statement;
  TRY(read_names(value["vulnerability"], statement));
  TRY(read_subjects(value, statement));
  TRY(read_status(value, statement));
  TRY(read_time(value, document, statement));
  return statement;
}

Result<std::vector<Statement>> read_document(const Value& document, std::string_view name) {
  if (!is_openvex(document)) return wrong("/@context: not an OpenVEX document");
  if (!document["statements"].array()) return wrong("/statements: expected a list");
  std::vector<Statement> statements;
  for (const Value& value : document["statements"].elements()) {
    const std::string place = "/statements/" + std::to_string(statements.size());
    statements.push_back(TRY(read_statement(value, document).in(place)));
    statements.back().origin = printable(name) + ":" + place;
  }
  return statements;
}

// The last statement per vulnerability, product and subcomponent, in the order of the document.
// Two statements are on the same vulnerability when they share any of its names.
std::vector<IgnoreRule> rules_of(std::vector<Statement> statements) {
  std::stable_sort(statements.begin(), statements.end(),
                   [](const Statement& a, const Statement& b) { return a.time < b.time; });
  using Key = std::tuple<std::string, std::string, std::string>;
  std::map<Key, const Statement*> last;
  for (const Statement& statement : statements)
    for (const Statement::Subject& subject : statement.subjects)
      for (const std::string& name : statement.names)
        last[Key(name, subject.product, subject.subcomponent)] = &statement;

  std::vector<IgnoreRule> rules;
  for (const Statement& statement : statements) {
    if (statement.status != "not_affected" && statement.status != "fixed") continue;
    for (const Statement::Subject& subject : statement.subjects) {
      IgnoreRule rule{.id = {},
                      .component = subject.subcomponent,
                      .path = {},
                      .reason = statement.reason,
                      .expires = {},
                      .origin = statement.origin,
                      .aliases = {},
                      .product = subject.product,
                      .status = statement.status};
      // A name that a later statement spoke of again is no longer this statement's.
      for (const std::string& name : statement.names) {
        if (last[Key(name, subject.product, subject.subcomponent)] != &statement) continue;
        (rule.id.empty() ? rule.id : rule.aliases.emplace_back()) = name;
      }
      if (!rule.id.empty()) rules.push_back(std::move(rule));
    }
  }
  return rules;
}

Result<std::vector<IgnoreRule>> parse(std::string_view text, std::string_view name) {
  const Value document = TRY(json::parse(text));
  return openvex_rules(document, name);
}

}  // namespace

bool is_openvex(const Value& document) {
  return document["@context"].text_or().starts_with("https://openvex.dev/ns");
}

Result<std::vector<IgnoreRule>> openvex_rules(const Value& document, std::string_view name) {
  return rules_of(TRY(read_document(document, name)));
}

Result<std::vector<IgnoreRule>> parse_openvex(std::string_view text, std::string_view name) {
  return parse(text, name).in(printable(name));
}

}  // namespace fathom::policy
