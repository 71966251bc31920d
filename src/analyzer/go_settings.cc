#include "analyzer/go_settings.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace fathom {

namespace {

// Splits as the go command splits flags: at white space, with '…' and "…" around parts, and no
// escapes in them.
std::vector<std::string> split_flags(std::string_view text) {
  std::vector<std::string> out;
  std::size_t at = 0;
  constexpr std::string_view kSpace = " \t\r\n";
  for (;;) {
    at = text.find_first_not_of(kSpace, at);
    if (at == text.npos) return out;
    std::string& word = out.emplace_back();
    while (at < text.size() && kSpace.find(text[at]) == kSpace.npos) {
      char c = text[at++];
      if (c != '\'' && c != '"') {
        word += c;
        continue;
      }
      std::size_t end = std::min(text.find(c, at), text.size());
      word += text.substr(at, end - at);
      at = std::min(end + 1, text.size());
    }
  }
}

// "1.2.3" and "v1.2.3-rc1+x"; nothing for "dev", "unknown", a commit.
std::string as_module_version(std::string_view text) {
  if (text.starts_with('v') || text.starts_with('V')) text.remove_prefix(1);
  std::size_t end = text.find_first_not_of("0123456789.");
  std::string_view numbers = text.substr(0, end);
  if (numbers.empty() || numbers.find('.') == numbers.npos || numbers.front() == '.' ||
      numbers.ends_with('.') || numbers.find("..") != numbers.npos)
    return {};
  if (end != text.npos && text[end] != '-' && text[end] != '+' && text[end] != '~') return {};
  return "v" + std::string(text);
}

// How much a variable of this package says of the program; 0: nothing. Packages of others that do
// nothing but hold a version ("k8s.io/component-base/version") hold the program's.
int rank_of(std::string_view package, std::string_view module) {
  if (package == "main") return 3;
  bool inside = !module.empty() && package.starts_with(module) &&
                (package.size() == module.size() || package[module.size()] == '/');
  if (inside) return 2;
  return package.ends_with("/version") || package.ends_with("/buildinfo") ? 1 : 0;
}

}  // namespace

std::string unquote_go(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back()) return std::string(text);
  std::string_view inner = text.substr(1, text.size() - 2);
  if (text.front() == '`') return std::string(inner);
  if (text.front() != '"') return std::string(text);
  std::string out;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] != '\\' || i + 1 == inner.size()) {
      out += inner[i];
      continue;
    }
    char c = inner[++i];
    switch (c) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case '"':
      case '\\':
        out += c;
        break;
      default:  // no other character of a flag is written with one
        out += '\\';
        out += c;
    }
  }
  return out;
}

std::vector<GoLinkedValue> go_linked_values(std::string_view ldflags) {
  std::vector<GoLinkedValue> out;
  std::vector<std::string> words = split_flags(ldflags);
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word.starts_with("--")) word.remove_prefix(1);
    if (word == "-X" && i + 1 < words.size())
      word = words[++i];
    else if (word.starts_with("-X="))
      word.remove_prefix(3);
    else
      continue;
    std::size_t equals = word.find('=');
    if (equals == word.npos) continue;
    std::string_view symbol = word.substr(0, equals);
    std::size_t dot = symbol.rfind('.');
    if (dot == symbol.npos) continue;
    out.push_back({std::string(symbol.substr(0, dot)), std::string(symbol.substr(dot + 1)),
                   std::string(word.substr(equals + 1))});
  }
  return out;
}

bool is_go_version_name(std::string_view name) {
  std::string lower = to_lower(name);
  constexpr auto kNames = std::to_array<std::string_view>(
      {"version", "appversion", "buildversion", "versionnumber", "gitversion", "gittag", "tag",
       "release", "programversion", "versionstring", "semver", "currentversion", "v"});
  return std::ranges::find(kNames, lower) != kNames.end();
}

GoStatedVersion go_stated_version(const std::vector<GoLinkedValue>& values,
                                  std::string_view main_module) {
  GoStatedVersion best;
  int best_rank = 0;
  for (const GoLinkedValue& value : values) {
    int rank = rank_of(value.package, main_module);
    if (rank <= best_rank || !is_go_version_name(value.name)) continue;
    std::string version = as_module_version(value.value);
    if (version.empty()) continue;
    best = {std::move(version), "-X " + value.package + "." + value.name + "=" + value.value};
    best_rank = rank;
  }
  return best;
}

}  // namespace fathom
