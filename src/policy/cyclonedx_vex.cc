// CycloneDX says which component a vulnerability affects by a reference: to a component of the same
// document, or by a BOM-Link (urn:cdx:SERIAL/VERSION#REF) into another one, where only a reference
// that is a package URL says anything without that document. What cannot be resolved is an error:
// a statement that is dropped would be missed, and one that is taken for any component would hide
// what nobody judged.

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "base/text.h"
#include "policy/purl.h"
#include "policy/vex.h"

namespace fathom::policy {
namespace {

using json::Value;

Error wrong(std::string message) { return {ErrorCode::malformed, std::move(message)}; }

constexpr std::array<std::string_view, 6> kStates = {"resolved",       "resolved_with_pedigree",
                                                     "exploitable",    "in_triage",
                                                     "false_positive", "not_affected"};

bool takes_out(std::string_view state) { return state != "exploitable" && state != "in_triage"; }

// What a reference stands for: a component, perhaps in a file, or the whole product.
struct Subject {
  std::string component, path, product;
};

using Subjects = std::map<std::string, Subject, std::less<>>;

std::string identity_of(const Value& component) {
  for (std::string_view key : {"purl", "cpe", "name"})
    if (const std::string_view text = component[key].text_or(); !text.empty())
      return std::string(text);
  return {};
}

// A component inside one of type file is in that file.
void collect(const Value& component, const std::string& path, Subjects& subjects) {
  if (const std::string_view ref = component["bom-ref"].text_or(); !ref.empty()) {
    Subject subject;
    subject.path = path;
    if (component["type"].text_or() == "file")
      subject.path = std::string(component["name"].text_or());
    else
      subject.component = identity_of(component);
    subjects.emplace(std::string(ref), std::move(subject));
  }
  const bool is_file = component["type"].text_or() == "file";
  const std::string below = is_file ? std::string(component["name"].text_or()) : path;
  for (const Value& child : component["components"].elements()) collect(child, below, subjects);
}

// The product of the document: by its package URL, else its digest, else its name.
Subject product_of(const Value& component) {
  Subject subject;
  const std::string_view version = component["version"].text_or();
  if (component.has("purl"))
    subject.product = std::string(component["purl"].text_or());
  else if (version.starts_with("sha256:"))
    subject.product = std::string(version);
  else
    subject.product = std::string(component["name"].text_or());
  return subject;
}

// "Depends on" of a component of type file: that is where the others are.
using Files = std::map<std::string_view, std::string_view>;

Files files_of(const Value& document) {
  Files files;
  for (const Value& component : document["components"].elements())
    if (component["type"].text_or() == "file")
      files.emplace(component["bom-ref"].text_or(), component["name"].text_or());
  return files;
}

void place(const Value& dependency, const Files& files, Subjects& subjects) {
  auto file = files.find(dependency["ref"].text_or());
  if (file == files.end()) return;
  for (const Value& on : dependency["dependsOn"].elements()) {
    auto subject = subjects.find(on.text_or());
    if (subject != subjects.end() && !subject->second.component.empty())
      subject->second.path = std::string(file->second);
  }
}

Subjects subjects_of(const Value& document) {
  Subjects subjects;
  const Value& product = document["metadata"]["component"];
  if (const std::string_view ref = product["bom-ref"].text_or(); !ref.empty())
    subjects.emplace(std::string(ref), product_of(product));
  for (const Value& component : document["components"].elements()) collect(component, "", subjects);
  const Files files = files_of(document);
  for (const Value& dependency : document["dependencies"].elements())
    place(dependency, files, subjects);
  return subjects;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' && i + 2 < text.size()
                          ? parse_unsigned(text.substr(i + 1, 2), 16)
                          : std::nullopt;
    out += byte ? static_cast<char>(*byte) : text[i];
    if (byte) i += 2;
  }
  return out;
}

Result<Subject> resolve(std::string_view ref, const Subjects& subjects) {
  if (auto known = subjects.find(ref); known != subjects.end()) {
    if (known->second.component.empty() && known->second.path.empty() &&
        known->second.product.empty())
      return wrong("the component has neither purl, cpe nor name");
    return known->second;
  }
  if (is_purl(ref)) return Subject{std::string(ref), {}, {}};
  if (ref.starts_with("urn:cdx:")) {
    const std::size_t mark = ref.find('#');
    std::string inner = mark == ref.npos ? "" : std::string(ref.substr(mark + 1));
    if (!is_purl(inner)) inner = percent_decoded(inner);
    if (is_purl(inner)) return Subject{inner, {}, {}};
    return wrong("refers to another document, and not by a package URL");
  }
  return wrong("\"" + printable(ref) + "\" is nowhere in the document");
}

// Versions narrow a package URL down; a range cannot be put into one.
Done narrow(const Value& versions, const Subject& subject, std::vector<Subject>& subjects) {
  if (versions.elements().empty()) {
    subjects.push_back(subject);
    return Ok{};
  }
  std::size_t index = 0;
  for (const Value& version : versions.elements()) {
    const std::string place = "/versions/" + std::to_string(index++);
    const std::string_view exact = version["version"].text_or();
    if (exact.empty())
      return Error{ErrorCode::unsupported, place + ": only single versions are read, no ranges"};
    if (!is_purl(subject.component))
      return wrong(place + ": a version for something without a package URL");
    Subject narrowed = subject;
    const std::size_t end = narrowed.component.find_first_of("?#");
    const std::size_t at = narrowed.component.substr(0, end).rfind('@');
    const std::size_t slash = narrowed.component.substr(0, end).rfind('/');
    if (at == std::string::npos || at < slash)
      narrowed.component.insert(std::min(end, narrowed.component.size()), "@" + std::string(exact));
    subjects.push_back(std::move(narrowed));
  }
  return Ok{};
}

Result<std::vector<Subject>> affected(const Value& vulnerability, const Value& document,
                                      const Subjects& subjects) {
  std::vector<Subject> found;
  const Value& affects = vulnerability["affects"];
  if (!affects.is_null() && !affects.array()) return wrong("/affects: expected a list");
  std::size_t index = 0;
  for (const Value& entry : affects.elements()) {
    const std::string place = "/affects/" + std::to_string(index++);
    const Subject subject = TRY(resolve(entry["ref"].text_or(), subjects).in(place + "/ref"));
    TRY(narrow(entry["versions"], subject, found).in(place));
  }
  if (!found.empty()) return found;
  Subject product = product_of(document["metadata"]["component"]);
  if (product.product.empty()) return wrong("/affects: does not say which component is meant");
  found.push_back(std::move(product));
  return found;
}

std::string reason_of(const Value& analysis) {
  std::string reason = "VEX " + std::string(analysis["state"].text_or());
  for (std::string_view key : {"justification", "detail"})
    if (const std::string_view text = analysis[key].text_or(); !text.empty())
      reason += (key == "detail" ? ": " : ", ") + std::string(text);
  return reason;
}

Done add_rules(const Value& vulnerability, const Value& document, const Subjects& subjects,
               IgnoreRule rule, std::vector<IgnoreRule>& rules) {
  if (!vulnerability.object()) return wrong("expected an object");
  const Value& analysis = vulnerability["analysis"];
  if (!analysis.has("state")) return Ok{};  // an SBOM with vulnerabilities that nobody judged
  const std::string_view state = analysis["state"].text_or();
  if (std::find(kStates.begin(), kStates.end(), state) == kStates.end())
    return wrong("/analysis/state: \"" + printable(state) + "\" is no state of CycloneDX");
  if (!takes_out(state)) return Ok{};
  rule.id = std::string(trim(vulnerability["id"].text_or()));
  if (rule.id.empty()) return wrong("/id: is missing");
  for (const Value& reference : vulnerability["references"].elements())
    if (const std::string_view id = reference["id"].text_or(); !id.empty())
      rule.aliases.emplace_back(id);
  rule.reason = reason_of(analysis);
  rule.status = state.starts_with("resolved") ? "fixed" : "not_affected";
  const std::vector<Subject> found = TRY(affected(vulnerability, document, subjects));
  for (const Subject& subject : found) {
    if (rules.size() == kMostVexRules)
      return Error{ErrorCode::limit_exceeded, "more statements than the limit"};
    rule.component = subject.component;
    rule.path = subject.path;
    rule.product = subject.product;
    rules.push_back(rule);
  }
  return Ok{};
}

}  // namespace

bool is_cyclonedx(const Value& document) { return document["bomFormat"].text_or() == "CycloneDX"; }

Result<std::vector<IgnoreRule>> cyclonedx_rules(const Value& document, std::string_view name) {
  if (!document["vulnerabilities"].array()) return wrong("/vulnerabilities: expected a list");
  const Subjects subjects = subjects_of(document);
  std::vector<IgnoreRule> rules;
  std::size_t index = 0;
  for (const Value& vulnerability : document["vulnerabilities"].elements()) {
    const std::string place = "/vulnerabilities/" + std::to_string(index++);
    IgnoreRule rule;
    rule.origin = printable(name) + ":" + place;
    TRY(add_rules(vulnerability, document, subjects, std::move(rule), rules).in(place));
  }
  return rules;
}

}  // namespace fathom::policy
