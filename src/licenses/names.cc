// Names are read as Debian's copyright format has them: short names joined by "and", "or" and
// commas ("GPL-2+ or Artistic, and Expat"), each perhaps "with NAME exception". A comma binds
// weakest; "and" binds stronger than "or".

#include <map>

#include "base/text.h"
#include "licenses/licenses.h"
#include "licenses/tables.h"

namespace fathom::licenses {
namespace {

constexpr std::size_t kMostNameBytes = 1000;

std::string_view identifier_of(std::string_view name) {
  static const auto kNames = [] {
    std::map<std::string_view, std::string_view> names;
    for (const std::string_view line : lines_of(kNamesTsv)) {
      const std::size_t tab = line.find('\t');
      if (!line.starts_with('#') && tab != line.npos)
        names.emplace(line.substr(0, tab), line.substr(tab + 1));
    }
    return names;
  }();
  const std::string lower = to_lower(trim(name));
  const auto at = kNames.find(lower);
  return at == kNames.end() ? std::string_view() : at->second;
}

// The parts between a word that stands alone, in any case.
std::vector<std::string_view> split_at_word(std::string_view text, std::string_view word) {
  const std::string lower = to_lower(text);
  const std::string wanted = " " + std::string(word) + " ";
  std::vector<std::string_view> parts;
  std::size_t from = 0;
  for (std::size_t at; (at = lower.find(wanted, from)) != lower.npos; from = at + wanted.size())
    parts.push_back(trim(text.substr(from, at - from)));
  parts.push_back(trim(text.substr(from)));
  return parts;
}

std::string one(std::string_view name) {
  const std::vector<std::string_view> parts = split_at_word(name, "with");
  const std::string_view base = identifier_of(parts[0]);
  if (base.empty() || parts.size() > 2) return {};
  if (parts.size() == 1) return std::string(base);
  const std::string_view exception = identifier_of(parts[1]);
  return exception.empty() ? std::string() : std::string(base) + " WITH " + std::string(exception);
}

// `word` joins `parts`; what one level gives to the next is in parentheses where it must be.
std::string joined(const std::vector<std::string_view>& parts, std::string_view word,
                   std::string (*inner)(std::string_view)) {
  std::string out;
  for (const std::string_view part : parts) {
    if (part.empty()) continue;
    std::string expression = inner(part);
    if (expression.empty()) return {};
    if (parts.size() > 1 && expression.find(" OR ") != expression.npos)
      expression = "(" + expression + ")";
    out += (out.empty() ? "" : " " + std::string(word) + " ") + expression;
  }
  return out;
}

std::string all_of(std::string_view text) { return joined(split_at_word(text, "and"), "AND", one); }

std::string any_of(std::string_view text) {
  return joined(split_at_word(text, "or"), "OR", all_of);
}

std::string_view without_leading(std::string_view text, std::string_view word) {
  return text.starts_with(word) ? trim(text.substr(word.size())) : text;
}

}  // namespace

std::string expression_of(std::string_view name) {
  name = trim(name);
  if (name.empty() || name.size() > kMostNameBytes) return {};
  std::string out;
  std::string_view word = "AND";
  for (std::string_view part : split(name, ',')) {
    part = trim(part);
    if (part.starts_with("or ")) word = "OR";
    const std::string expression = any_of(without_leading(without_leading(part, "and "), "or "));
    if (expression.empty()) return {};
    const bool in_parentheses = word == "AND" && expression.find(" OR ") != expression.npos;
    if (out.empty())
      out = name.find(',') != name.npos && in_parentheses ? "(" + expression + ")" : expression;
    else
      out = (word == "OR" && out.find(" AND ") != out.npos ? "(" + out + ")" : out) + " " +
            std::string(word) + " " + (in_parentheses ? "(" + expression + ")" : expression);
    word = "AND";
  }
  return out;
}

}  // namespace fathom::licenses
