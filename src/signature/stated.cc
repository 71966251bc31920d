#include "signature/stated.h"

#include <algorithm>
#include <unordered_set>

#include "base/text.h"

namespace fathom::signature {
namespace {

constexpr std::size_t kShortestName = 3;
constexpr std::size_t kLongestBare = 24;  // bytes

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_version_char(char c) {
  return is_digit(c) || c == '.' || c == '-' || (c >= 'a' && c <= 'z');
}

// "libfoo" is "foo" in its own texts as often as not.
std::string plain_name(std::string_view library) {
  std::string name = to_lower(library);
  if (name.starts_with("lib") && name.size() >= 3 + kShortestName) name.erase(0, 3);
  return name;
}

// Calls found(part, whether it is the whole text) for what looks like a version: it starts with a
// digit that no version stands before, and has a dot.
template <class Fn>
void for_each_version(std::string_view text, Fn found) {
  std::size_t at = 0;
  while (at < text.size()) {
    const bool starts =
        is_digit(text[at]) && (at == 0 || (!is_digit(text[at - 1]) && text[at - 1] != '.'));
    if (!starts) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_version_char(text[end])) ++end;
    std::string_view part = text.substr(at, end - at);
    while (!part.empty() && (part.back() == '.' || part.back() == '-')) part.remove_suffix(1);
    const bool whole = at <= 1 && at + part.size() == text.size() && (at == 0 || text[0] == 'v');
    if (part.find('.') != part.npos) found(part, whole);
    at = end;
  }
}

}  // namespace

std::vector<Stated> find_stated(const std::vector<Text>& texts, std::string_view library,
                                const std::vector<std::string>& releases) {
  const std::unordered_set<std::string_view> known(releases.begin(), releases.end());
  const std::string name = plain_name(library);
  std::vector<Stated> out;
  for (const Text& text : texts) {
    const bool has_name =
        name.size() >= kShortestName && to_lower(text.text).find(name) != std::string::npos;
    if (!has_name && text.text.size() > kLongestBare) continue;
    for_each_version(text.text, [&](std::string_view part, bool whole) {
      if (!whole && !has_name) return;
      if (!known.contains(part)) return;
      // Two numbers and one dot are anybody's.
      if (!has_name && std::ranges::count(part, '.') < 2) return;
      out.push_back({std::string(part), &text, has_name});
    });
  }
  return out;
}

}  // namespace fathom::signature
