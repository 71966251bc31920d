#include "audit/knowledge.h"

#include <algorithm>

#include "base/digest.h"
#include "json/value.h"

namespace fathom::audit {
namespace {

using json::Value;

std::vector<std::string> texts_of(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list.elements()) out.emplace_back(item.text_or());
  return out;
}

std::vector<std::uint32_t> numbers_of(const Value& list) {
  std::vector<std::uint32_t> out;
  for (const Value& item : list.elements())
    out.push_back(static_cast<std::uint32_t>(item.integer().value_or(0)));
  return out;
}

std::string text(const Value& row, std::string_view key) { return std::string(row[key].text_or()); }

Error malformed(std::string_view table, std::string_view id) {
  return {ErrorCode::malformed,
          "data/audit: " + std::string(table) + " \"" + std::string(id) + "\" lacks what it needs"};
}

Result<Tool> tool_of(const Value& row) {
  Tool tool{.id = text(row, "id"),
            .category = text(row, "category"),
            .what = text(row, "what"),
            .texts = {},
            .at_least = static_cast<std::size_t>(row["at_least"].integer().value_or(0)),
            .modules = texts_of(row["modules"]),
            .main_modules = texts_of(row["main_modules"]),
            .crates = texts_of(row["crates"]),
            .components = texts_of(row["components"]),
            .needs = texts_of(row["needs"])};
  for (const std::string& each : texts_of(row["texts"]))
    tool.texts.push_back({each, xxh3_of(ByteView::of(each))});
  const bool counts =
      tool.texts.empty() == (tool.at_least == 0) && tool.at_least <= tool.texts.size();
  const bool any = !tool.texts.empty() || !tool.modules.empty() || !tool.main_modules.empty() ||
                   !tool.crates.empty() || !tool.components.empty() || !tool.needs.empty();
  if (tool.id.empty() || tool.category.empty() || !counts || !any)
    return malformed("tool", tool.id);
  return tool;
}

Result<AbilityRow> ability_of(const Value& row) {
  AbilityRow ability{
      text(row, "id"),           text(row, "what"),          texts_of(row["imports"]),
      numbers_of(row["x86_64"]), numbers_of(row["aarch64"]), texts_of(row["needs"])};
  std::ranges::sort(ability.imports);
  if (ability.id.empty() || ability.imports.empty()) return malformed("ability", ability.id);
  return ability;
}

Result<Rule> rule_of(const Value& row) {
  Rule rule{text(row, "id"), text(row, "severity"), text(row, "title"), text(row, "why"),
            text(row, "fix")};
  const bool known = rule.severity == "info" || rule.severity == "low" ||
                     rule.severity == "medium" || rule.severity == "high" ||
                     rule.severity == "critical";
  if (rule.id.empty() || !known || rule.title.empty() || rule.why.empty() || rule.fix.empty())
    return malformed("rule", rule.id);
  return rule;
}

bool fits_from(std::string_view path, std::string_view pattern) {
  for (;;) {
    if (pattern.empty()) return path.empty();
    if (pattern[0] != '*') {
      if (path.empty() || path[0] != pattern[0]) return false;
      path.remove_prefix(1);
      pattern.remove_prefix(1);
      continue;
    }
    const bool across = pattern.starts_with("**");
    pattern.remove_prefix(across ? 2 : 1);
    // Patterns are ours and short, so trying each length is cheap enough.
    for (std::size_t i = 0;; ++i) {
      if (fits_from(path.substr(i), pattern)) return true;
      if (i == path.size() || (!across && path[i] == '/')) return false;
    }
  }
}

}  // namespace

Result<Knowledge> Knowledge::parse(std::string_view json) {
  Knowledge out;
  const Value all = TRY(json::parse(json));
  for (const Value& row : all["tool"].elements()) out.tools.push_back(TRY(tool_of(row)));
  for (const Value& row : all["ability"].elements()) out.abilities.push_back(TRY(ability_of(row)));
  for (const Value& row : all["rule"].elements()) {
    Rule rule = TRY(rule_of(row));
    out.rules.emplace(rule.id, rule);
  }
  for (const Value& row : all["leftover"].elements()) {
    Leftover leftover{text(row, "rule"), text(row, "path"), text(row, "what"), text(row, "kind"),
                      static_cast<std::uint64_t>(row["least"].integer().value_or(0))};
    if (!out.rules.contains(leftover.rule) || leftover.path.empty())
      return malformed("leftover", leftover.path);
    out.leftovers.push_back(std::move(leftover));
  }
  for (const Value& row : all["dangling"].elements()) {
    const std::vector<std::string> targets = texts_of(row["targets"]);
    out.dangling_ok.insert(out.dangling_ok.end(), targets.begin(), targets.end());
  }
  const auto append = [&](std::string_view table, std::string_view column,
                          std::vector<std::string>& to) {
    for (const Value& row : all[table].elements())
      for (std::string& each : texts_of(row[column])) to.push_back(std::move(each));
  };
  append("label", "keys", out.labels);
  append("secret_name", "words", out.secret_words);
  append("secret_name", "harmless", out.harmless_endings);
  append("database", "paths", out.databases);
  append("tls", "needs", out.tls_libraries);
  for (const Value& row : all["distrusted"].elements())
    out.distrusted.push_back(
        {text(row, "sha256"), text(row, "name"), text(row, "since"), text(row, "why")});
  for (const Value& row : all["root"].elements()) {
    const std::vector<std::string> known = texts_of(row["sha256"]);
    out.known_roots.insert(out.known_roots.end(), known.begin(), known.end());
  }
  std::ranges::sort(out.known_roots);
  return out;
}

bool fits(std::string_view path, std::string_view pattern) { return fits_from(path, pattern); }

}  // namespace fathom::audit
