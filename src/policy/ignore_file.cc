// yaml-cpp reads the YAML; it reports bad input by exceptions, which end here. It recurses on
// nesting, so the text's size and an upper bound of its depth are held against limits first.

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/limits.h"
#include "base/text.h"
#include "policy/date.h"
#include "policy/policy.h"
#include "policy/purl.h"

namespace fathom::policy {
namespace {

constexpr std::array<std::string_view, 5> kKeys = {"id", "component", "path", "reason", "expires"};

Error wrong(std::string message) { return {ErrorCode::malformed, std::move(message)}; }

std::string place_of(std::string_view name, std::size_t line) {
  return printable(name) + ":" + std::to_string(line);
}

bool has_letter_or_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

// ---- .trivyignore

Done read_field(std::string_view field, IgnoreRule& rule) {
  if (!field.starts_with("exp:")) return Ok{};  // Trivy lets a comment follow
  rule.expires = std::string(field.substr(4));
  if (!is_day(rule.expires))
    return wrong("\"" + printable(field) + "\" is not exp: and a day like 2027-01-31");
  return Ok{};
}

Result<IgnoreRule> read_line(std::string_view line) {
  std::string_view comment;
  if (std::size_t mark = line.find('#'); mark != line.npos) {
    comment = trim(line.substr(mark + 1));
    line = line.substr(0, mark);
  }
  IgnoreRule rule;
  std::string spaced(line);
  std::replace(spaced.begin(), spaced.end(), '\t', ' ');
  for (std::string_view field : split(trim(spaced), ' ')) {
    if (field.empty()) continue;
    if (rule.id.empty())
      rule.id = std::string(field);
    else
      TRY(read_field(field, rule));
  }
  if (!has_letter_or_digit(rule.id)) return wrong("\"" + printable(rule.id) + "\" is no advisory");
  rule.reason = std::string(comment);
  return rule;
}

Result<std::vector<IgnoreRule>> read_lines(std::string_view text, std::string_view name) {
  std::vector<IgnoreRule> rules;
  std::size_t number = 0;
  for (std::string_view line : lines_of(text)) {
    const std::string place = place_of(name, ++number);
    if (trim(line).empty() || trim(line).starts_with('#')) continue;
    IgnoreRule rule = TRY(read_line(line).in(place));
    rule.origin = place;
    rules.push_back(std::move(rule));
  }
  return rules;
}

// ---- fathom's own form

std::size_t line_of(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return mark.is_null() ? 1 : static_cast<std::size_t>(mark.line) + 1;
}

std::string& member(IgnoreRule& rule, std::string_view key) {
  if (key == "id") return rule.id;
  if (key == "component") return rule.component;
  if (key == "path") return rule.path;
  if (key == "reason") return rule.reason;
  return rule.expires;
}

Done read_member(const YAML::Node& key, const YAML::Node& value, IgnoreRule& rule) {
  if (!key.IsScalar()) return wrong("a key that is no text");
  const std::string& word = key.Scalar();
  if (std::find(kKeys.begin(), kKeys.end(), word) == kKeys.end())
    return wrong("unknown key \"" + printable(word) +
                 "\"; known are id, component, path, reason, expires");
  if (!value.IsScalar() || trim(value.Scalar()).empty())
    return wrong("\"" + word + "\" needs a text; leave it out to mean any");
  std::string& target = member(rule, word);
  if (!target.empty()) return wrong("\"" + word + "\" stands here twice");
  target = std::string(trim(value.Scalar()));
  return Ok{};
}

Done check(const IgnoreRule& rule) {
  if (rule.id.empty()) return wrong("a rule needs an id");
  if (rule.reason.empty()) return wrong("the rule for " + printable(rule.id) + " needs a reason");
  // A name that is none would match nothing and be silent about why.
  if (is_purl(rule.component)) TRY(parse_purl_strictly(rule.component).in("component"));
  if (!rule.expires.empty() && !is_day(rule.expires))
    return wrong("expires: \"" + printable(rule.expires) + "\" is not a day like 2027-01-31");
  return Ok{};
}

Result<IgnoreRule> read_rule(const YAML::Node& node, std::string_view name) {
  const std::string place = place_of(name, line_of(node));
  if (!node.IsMap()) return wrong("a rule is a map with id and reason").in(place);
  IgnoreRule rule;
  for (const auto& entry : node)
    TRY(read_member(entry.first, entry.second, rule).in(place_of(name, line_of(entry.first))));
  TRY(check(rule).in(place));
  rule.origin = place;
  return rule;
}

Result<std::vector<IgnoreRule>> read_list(const YAML::Node& list, std::string_view name) {
  std::vector<IgnoreRule> rules;
  if (list.IsNull()) return rules;
  if (!list.IsSequence())
    return wrong("expected a list of rules, \"- id: …\"").in(place_of(name, 1));
  for (const YAML::Node& node : list) rules.push_back(TRY(read_rule(node, name)));
  return rules;
}

struct Nobody final : YAML::EventHandler {
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// YAML::Load() reads the first document and is silent about what follows; YAML::LoadAll() never
// ends on input like "," that yields empty documents without consuming anything.
bool has_second_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Nobody nobody;
  return parser.HandleNextDocument(nobody) && parser.HandleNextDocument(nobody);
}

// An upper bound for flow nesting; brackets in quotes count too, and no honest rule has many.
bool nests_too_deep(std::string_view text, std::uint64_t most) {
  std::uint64_t depth = 0;
  for (char c : text) {
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (depth > most) return true;
  }
  return false;
}

// "- - - -" and "? ? ? ?" nest on one line without brackets; deep indentation nests over many.
bool indents_too_deep(std::string_view text, std::uint64_t most) {
  for (std::string_view line : lines_of(text)) {
    const std::size_t first = trim(line).empty() ? 0 : line.find_first_not_of(" \t-?:");
    if (std::min(first, line.size()) > most) return true;
  }
  return false;
}

Result<std::vector<IgnoreRule>> read_yaml(std::string_view text, std::string_view name) {
  const Limits limits;
  if (nests_too_deep(text, limits.json_depth) || indents_too_deep(text, limits.json_depth))
    return Error{ErrorCode::limit_exceeded, printable(name) + ": nested too deep"};
  try {
    const std::string copy(text);
    if (has_second_document(copy)) return wrong("more than one YAML document").in(printable(name));
    return read_list(YAML::Load(copy), name);
  } catch (const YAML::Exception& failure) {
    const std::size_t line =
        failure.mark.is_null() ? 1 : static_cast<std::size_t>(failure.mark.line) + 1;
    return wrong("not YAML: " + printable(failure.msg)).in(place_of(name, line));
  } catch (const std::exception& failure) {
    return wrong("not YAML: " + printable(failure.what())).in(printable(name));
  }
}

// By name, else by the first character that counts: no advisory id starts like a YAML list.
bool looks_like_yaml(std::string_view text, std::string_view name) {
  if (name.ends_with(".yaml") || name.ends_with(".yml")) return true;
  for (std::string_view line : lines_of(text)) {
    line = trim(line);
    if (!line.empty() && !line.starts_with('#'))
      return std::string_view("-[{%").find(line[0]) != line.npos;
  }
  return false;
}

}  // namespace

Result<std::vector<IgnoreRule>> parse_ignore_file(std::string_view text, std::string_view name) {
  if (text.size() > Limits{}.manifest_bytes)
    return Error{ErrorCode::limit_exceeded, printable(name) + ": an ignore file of more than " +
                                                human_bytes(Limits{}.manifest_bytes)};
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  if (!is_utf8(text)) return wrong("not UTF-8").in(printable(name));
  return looks_like_yaml(text, name) ? read_yaml(text, name) : read_lines(text, name);
}

}  // namespace fathom::policy
