#include "analyzer/purl.h"

#include <array>
#include <optional>

#include "base/text.h"

namespace fathom {

namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// The specification leaves the colon as it is everywhere, and the slash where it separates.
std::string encoded(std::string_view text, std::string_view also_plain = ":") {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (is_plain(c) || also_plain.find(c) != also_plain.npos)
      out += c;
    else
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::optional<std::uint64_t> byte;
    if (text[i] == '%' && text.size() - i > 2) byte = parse_unsigned(text.substr(i + 1, 2), 16);
    out += byte ? static_cast<char>(*byte) : text[i];
    if (byte) i += 2;
  }
  return out;
}

// "/a//b/" names the same as "a/b".
std::string without_empty_parts(std::string_view path) {
  std::string out;
  for (std::string_view part : split(path, '/')) {
    if (part.empty()) continue;
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

// The types fathom writes whose names are not case-sensitive.
bool folds_case(std::string_view type) {
  constexpr auto kTypes = std::to_array<std::string_view>({"deb", "apk", "golang"});
  for (std::string_view known : kTypes)
    if (type == known) return true;
  return false;
}

}  // namespace

std::string Purl::text() const {
  std::string kind = to_lower(type);
  auto fold = [&](std::string_view part) {
    return folds_case(kind) ? to_lower(part) : std::string(part);
  };
  std::string out = "pkg:" + kind + "/";
  std::string space = without_empty_parts(fold(namespace_));
  if (!space.empty()) out += encoded(space, ":/") + "/";
  out += encoded(fold(name));
  if (!version.empty()) out += "@" + encoded(version);
  char separator = '?';
  for (const auto& [key, value] : qualifiers) {
    if (value.empty()) continue;
    out += separator + to_lower(key) + "=" + encoded(value);
    separator = '&';
  }
  if (std::string below = without_empty_parts(subpath); !below.empty())
    out += "#" + encoded(below, ":/");
  return out;
}

Result<Purl> parse_purl(std::string_view text) {
  if (!to_lower(text.substr(0, 4)).starts_with("pkg:"))
    return Error{ErrorCode::malformed, "a package URL starts with pkg:"};
  text.remove_prefix(4);
  while (text.starts_with('/')) text.remove_prefix(1);
  Purl purl;
  if (std::size_t at = text.rfind('#'); at != text.npos) {
    purl.subpath = decoded(without_empty_parts(text.substr(at + 1)));
    text = text.substr(0, at);
  }
  if (std::size_t at = text.rfind('?'); at != text.npos) {
    for (std::string_view pair : split(text.substr(at + 1), '&')) {
      std::size_t equals = pair.find('=');
      if (equals == 0 || equals == pair.npos || equals + 1 == pair.size()) continue;
      purl.qualifiers[to_lower(pair.substr(0, equals))] = decoded(pair.substr(equals + 1));
    }
    text = text.substr(0, at);
  }
  std::size_t slash = text.find('/');
  if (slash == text.npos || slash == 0)
    return Error{ErrorCode::malformed, "a package URL has a type and a name"};
  purl.type = to_lower(text.substr(0, slash));
  text.remove_prefix(slash + 1);
  if (std::size_t at = text.rfind('@'); at != text.npos && at > 0 && text[at - 1] != '/') {
    purl.version = decoded(text.substr(at + 1));
    text = text.substr(0, at);
  }
  std::string path = without_empty_parts(text);
  std::size_t last = path.rfind('/');
  purl.name = decoded(last == path.npos ? path : path.substr(last + 1));
  if (last != path.npos) purl.namespace_ = decoded(path.substr(0, last));
  if (purl.name.empty()) return Error{ErrorCode::malformed, "a package URL has a name"};
  return purl;
}

std::string golang_purl(std::string_view module, std::string_view version) {
  Purl purl{.type = "golang", .version = std::string(version)};
  std::size_t slash = module.rfind('/');
  purl.name = module.substr(slash == module.npos ? 0 : slash + 1);
  if (slash != module.npos) purl.namespace_ = module.substr(0, slash);
  return purl.text();
}

}  // namespace fathom
