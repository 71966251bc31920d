// The specification parses from the right: the subpath starts at the last '#', the qualifiers at
// the last '?', the version at the last '@' behind the last '/' (a scoped npm name,
// "@angular/core", may carry its '@' unescaped).

#include "policy/purl.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::policy {
namespace {

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      if (auto byte = parse_unsigned(text.substr(i + 1, 2), 16)) {
        out += static_cast<char>(*byte);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::string_view without_slashes(std::string_view text) {
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

// Cuts `text` at the last `mark` and returns what stood behind it.
std::string_view cut_last(std::string_view& text, char mark) {
  const std::size_t at = text.rfind(mark);
  if (at == text.npos) return {};
  std::string_view behind = text.substr(at + 1);
  text = text.substr(0, at);
  return behind;
}

std::string_view cut_version(std::string_view& text) {
  const std::size_t slash = text.rfind('/');
  const std::size_t at = text.rfind('@');
  const bool is_scope = at == text.npos || (slash != text.npos && at < slash) || at == 0;
  return is_scope ? std::string_view{} : cut_last(text, '@');
}

}  // namespace

std::string_view Purl::qualifier(std::string_view key) const {
  for (const auto& [name_of_it, value] : qualifiers)
    if (name_of_it == key) return value;
  return {};
}

Result<Purl> parse_purl(std::string_view text) {
  const Error not_one{ErrorCode::malformed, "\"" + printable(text) + "\" is no package URL"};
  if (!is_purl(text)) return not_one;
  Purl purl;
  text = text.substr(4);
  purl.subpath = decoded(without_slashes(cut_last(text, '#')));
  for (std::string_view pair : split(cut_last(text, '?'), '&')) {
    const std::size_t equals = pair.find('=');
    if (equals == pair.npos || equals + 1 == pair.size()) continue;  // an empty value is no value
    purl.qualifiers.emplace_back(to_lower(pair.substr(0, equals)),
                                 decoded(pair.substr(equals + 1)));
  }
  text = without_slashes(text);
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return not_one;
  purl.type = to_lower(text.substr(0, slash));
  text = without_slashes(text.substr(slash + 1));
  purl.version = decoded(cut_version(text));
  purl.name = decoded(without_slashes(text));
  if (purl.type.empty() || purl.name.empty()) return not_one;
  return purl;
}

bool matches(const Purl& wanted, const Purl& actual) {
  if (wanted.type != actual.type || wanted.name != actual.name) return false;
  if (!wanted.version.empty() && wanted.version != actual.version) return false;
  if (!wanted.subpath.empty() && wanted.subpath != actual.subpath) return false;
  return std::all_of(wanted.qualifiers.begin(), wanted.qualifiers.end(),
                     [&](const auto& pair) { return actual.qualifier(pair.first) == pair.second; });
}

std::string without_version(const Purl& purl) {
  return "pkg:" + purl.type + "/" + purl.name + (purl.subpath.empty() ? "" : "#" + purl.subpath);
}

}  // namespace fathom::policy
