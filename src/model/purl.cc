// The specification parses from the right: the subpath starts at the last '#', the qualifiers at
// the last '?', the version at the last '@' behind the last '/' (a scoped npm name,
// "@angular/core", may carry its '@' unescaped). What each type adds stands in a table.

#include "model/purl.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace fathom {
namespace {

enum class Namespace { any, required, none };

struct TypeRule {
  std::string_view type;
  bool lower_namespace = false, lower_name = false, lower_version = false;
  Namespace space = Namespace::any;
};

// Of types/*-definition.json: where case does not count, and where a namespace must be or must not.
constexpr auto kTypes = std::to_array<TypeRule>({
    {"alpm", true, true},
    {"apk", true, true},
    {"bitbucket", true, true},
    {"bitnami", false, true},
    {"brew", true, true},
    {"composer", true, true},
    {"deb", true, true},
    {"git", true, true},
    {"github", true, true},
    {"golang", true, true},
    {"hex", true, true},
    {"huggingface", false, false, true},
    {"luarocks", true, true},
    {"oci", false, true},
    {"otp", false, true, false, Namespace::none},
    {"pub", false, true},
    {"pypi", false, true},
    {"qpkg", true},
    {"rpm", true},
    {"swift", false, false, false, Namespace::required},
    {"vcpkg", false, true, false, Namespace::none},
    {"vscode-extension", true, true, false, Namespace::required},
});

const TypeRule& rule_of(std::string_view type) {
  static constexpr TypeRule kNone{};
  const auto* found = std::ranges::find(kTypes, type, &TypeRule::type);
  return found == kTypes.end() ? kNone : *found;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

bool is_type(std::string_view text) {
  return !text.empty() && is_letter(text[0]) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-';
  });
}

bool is_key(std::string_view text) {
  return !text.empty() && is_letter(text[0]) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

// The specification leaves the colon as it is everywhere, and the slash where it separates.
std::string encoded(std::string_view text, std::string_view also_plain = ":") {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~";
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_letter(c) || is_digit(c) || kPlain.find(c) != kPlain.npos ||
        also_plain.find(c) != also_plain.npos)
      out += c;
    else
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

// Broken escapes stay as they are.
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

// A subpath is relative and leads nowhere else.
std::string decoded_subpath(std::string_view path) {
  std::string out;
  for (std::string_view part : split(path, '/')) {
    const std::string plain = decoded(part);
    if (plain.empty() || plain == "." || plain == "..") continue;
    if (!out.empty()) out += '/';
    out += plain;
  }
  return out;
}

// Cuts `text` at the last `mark` and returns what stood behind it.
std::string_view cut_last(std::string_view& text, char mark) {
  const std::size_t at = text.rfind(mark);
  if (at == text.npos) return {};
  const std::string_view behind = text.substr(at + 1);
  text = text.substr(0, at);
  return behind;
}

Error wrong(std::string_view what) {
  return {ErrorCode::malformed, "no package URL: " + std::string(what)};
}

// What the types fold, and two rules that are no matter of case alone.
void normalise(Purl& purl) {
  purl.type = to_lower(purl.type);
  const TypeRule& rule = rule_of(purl.type);
  if (rule.lower_namespace) purl.namespace_ = to_lower(purl.namespace_);
  if (rule.lower_name) purl.name = to_lower(purl.name);
  if (rule.lower_version) purl.version = to_lower(purl.version);
  if (purl.type == "pypi") std::ranges::replace(purl.name, '_', '-');
  const std::string_view server = purl.qualifier("repository_url");
  if (purl.type == "mlflow" && server.find("databricks") != server.npos)
    purl.name = to_lower(purl.name);
  std::erase_if(purl.qualifiers, [](const auto& pair) { return pair.second.empty(); });
}

Done read_qualifiers(std::string_view text, Purl& purl, bool strictly) {
  for (std::string_view pair : split(text, '&')) {
    const std::size_t equals = pair.find('=');
    const std::string_view key = pair.substr(0, equals);
    if (key.empty() || equals == pair.npos) continue;
    if (!is_key(key)) return wrong("\"" + printable(key) + "\" is no key of a qualifier");
    // The specification's own cases take "repositorY_url" and refuse "Arch".
    if (strictly && !is_lower(key[0]))
      return wrong("the key \"" + std::string(key) + "\" starts with a capital");
    purl.qualifiers.emplace(to_lower(key), decoded(pair.substr(equals + 1)));
  }
  return Ok{};
}

// In a git purl the namespace is the host and the name is the whole path.
void split_name(std::string_view path, Purl& purl) {
  const std::size_t slash = purl.type == "git" ? path.find('/') : path.rfind('/');
  purl.name = decoded(slash == path.npos ? path : path.substr(slash + 1));
  if (slash != path.npos) purl.namespace_ = decoded(path.substr(0, slash));
}

Result<Purl> read(std::string_view text, bool strictly) {
  if (to_lower(text.substr(0, 4)) != "pkg:") return wrong("it does not start with pkg:");
  text.remove_prefix(4);
  Purl purl;
  purl.subpath = decoded_subpath(cut_last(text, '#'));
  TRY(read_qualifiers(cut_last(text, '?'), purl, strictly));
  while (text.starts_with('/')) text.remove_prefix(1);
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return wrong("it has no type or no name");
  purl.type = to_lower(text.substr(0, slash));
  if (!is_type(purl.type)) return wrong("\"" + printable(purl.type, 40) + "\" is no type");
  text.remove_prefix(slash + 1);
  const std::size_t at = text.rfind('@');
  if (at != text.npos && text.find('/', at) == text.npos) {
    purl.version = decoded(cut_last(text, '@'));
    if (text.ends_with('/')) return wrong("it has no name");
  }
  const std::string path = without_empty_parts(text);
  split_name(path, purl);
  if (purl.name.empty()) return wrong("it has no name");
  normalise(purl);
  return purl;
}

// ---- What types say about their names

Done check_chrome(const Purl& purl) {
  const bool name = purl.name.size() == 32 &&
                    std::ranges::all_of(purl.name, [](char c) { return c >= 'a' && c <= 'p'; });
  if (!name) return wrong("the name of a chrome-extension is 32 letters from a to p");
  const std::vector<std::string_view> numbers = split(purl.version, '.');
  const bool version =
      purl.version.empty() ||
      (numbers.size() <= 4 && std::ranges::all_of(numbers, [](std::string_view part) {
         return !part.empty() && std::ranges::all_of(part, is_digit);
       }));
  return version ? Done(Ok{}) : wrong("the version of a chrome-extension is one to four numbers");
}

Done check_type(const Purl& purl) {
  if (purl.type == "chrome-extension") return check_chrome(purl);
  if (purl.type == "cpan" && purl.name.find("::") != purl.name.npos)
    return wrong("the name of a cpan package is that of a distribution, not of a module (::)");
  if (purl.type == "julia" && purl.qualifier("uuid").empty())
    return wrong("a julia package needs its uuid");
  return Ok{};
}

}  // namespace

std::string_view Purl::qualifier(std::string_view key) const {
  for (const auto& [known, value] : qualifiers)
    if (known == key) return value;
  return {};
}

std::string Purl::full_name() const { return namespace_.empty() ? name : namespace_ + "/" + name; }

std::string Purl::text() const {
  Purl purl = *this;
  normalise(purl);
  std::string out = "pkg:" + purl.type + "/";
  const std::string space = without_empty_parts(purl.namespace_);
  if (!space.empty()) out += encoded(space, ":/") + "/";
  out += purl.type == "git" ? encoded(without_empty_parts(purl.name), ":/") : encoded(purl.name);
  if (!purl.version.empty()) out += "@" + encoded(purl.version);
  std::map<std::string, std::string> sorted;
  for (const auto& [key, value] : purl.qualifiers) sorted.emplace(to_lower(key), value);
  char separator = '?';
  for (const auto& [key, value] : sorted) {
    out += separator + key + "=" + encoded(value);
    separator = '&';
  }
  if (const std::string below = without_empty_parts(purl.subpath); !below.empty())
    out += "#" + encoded(below, ":/");
  return out;
}

Done check_purl(const Purl& purl) {
  if (!is_type(purl.type)) return wrong("\"" + printable(purl.type, 40) + "\" is no type");
  if (purl.name.empty()) return wrong("it has no name");
  for (const auto& [key, value] : purl.qualifiers)
    if (!is_key(key)) return wrong("\"" + printable(key, 40) + "\" is no key of a qualifier");
  const std::string type = to_lower(purl.type);
  const Namespace space = rule_of(type).space;
  if (space == Namespace::required && purl.namespace_.empty())
    return wrong("a " + type + " package has a namespace");
  if (space == Namespace::none && !purl.namespace_.empty())
    return wrong("a " + type + " package has no namespace");
  return check_type(purl);
}

Result<Purl> parse_purl(std::string_view text) { return read(text, false); }

Result<Purl> parse_purl_strictly(std::string_view text) {
  Purl purl = TRY(read(text, true));
  TRY(check_purl(purl));
  return purl;
}

}  // namespace fathom
