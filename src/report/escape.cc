#include "report/escape.h"

#include "base/text.h"

namespace fathom {
namespace {

// U+FFFE and U+FFFF are valid in UTF-8 and not in XML; §2.2 of https://www.w3.org/TR/xml/.
constexpr std::string_view kNotXml[] = {"\xef\xbf\xbe", "\xef\xbf\xbf"};

// The full-width forms count where the user's language is Chinese, Japanese or Korean.
bool is_formula(std::string_view text) {
  for (std::string_view sign : {"=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠"})
    if (text.starts_with(sign)) return true;
  return false;
}

template <class Replace>
std::string mapped(std::string_view text, std::size_t most, Replace replace) {
  std::string out;
  for (char c : printable(text, most)) {
    const std::string_view replaced = replace(c);
    if (replaced.empty())
      out += c;
    else
      out += replaced;
  }
  return out;
}

}  // namespace

std::string xml_text(std::string_view text, std::size_t most) {
  std::string out = mapped(text, most, [](char c) -> std::string_view {
    switch (c) {
      case '&':
        return "&amp;";
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      case '"':
        return "&quot;";
      case '\'':
        return "&apos;";
      default:
        return {};
    }
  });
  for (std::string_view bad : kNotXml)
    for (std::size_t at = 0; (at = out.find(bad, at)) != out.npos;)
      out.replace(at, bad.size(), bad.back() == '\xbe' ? "\\u{fffe}" : "\\u{ffff}");
  return out;
}

std::string csv_field(std::string_view text, std::size_t most) {
  const std::string safe =
      mapped(text, most, [](char c) { return c == '"' ? "\"\"" : std::string_view(); });
  // Programs that trim a field see the sign behind the space.
  const std::size_t first = safe.find_first_not_of(' ');
  const std::string_view rest = first == safe.npos ? "" : std::string_view(safe).substr(first);
  return (is_formula(rest) ? "\"'" : "\"") + safe + "\"";
}

// A backtick would end the span and a pipe the cell; they are written as printable() writes what
// is not for people, because GitHub and GitLab disagree on what a backslash before a pipe means.
std::string markdown_code(std::string_view text, std::size_t most) {
  if (text.empty()) return {};
  return "`" +
         mapped(text, most,
                [](char c) -> std::string_view {
                  return c == '`' ? "\\x60" : c == '|' ? "\\x7c" : std::string_view();
                }) +
         "`";
}

std::string markdown_phrase(std::string_view text, std::size_t most) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,;:%()+=-.";
  const bool plain = text.size() <= most && text.find_first_not_of(kPlain) == text.npos &&
                     to_lower(text).find("www.") == std::string::npos;
  return plain ? std::string(text) : markdown_code(text, most);
}

std::string sarif_text(std::string_view text, std::size_t most) {
  return mapped(text, most, [](char c) -> std::string_view {
    switch (c) {
      case '\\':
        return "\\\\";
      case '[':
        return "\\[";
      case ']':
        return "\\]";
      case '{':
        return "{{";
      case '}':
        return "}}";
      default:
        return {};
    }
  });
}

std::string uri_path(std::string_view path) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (char c : path) {
    if (kPlain.find(c) != kPlain.npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace fathom
