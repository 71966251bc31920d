// Alpine versions: number{.number}[letter]{_suffix[number]}[~hash][-rN].
//
// Tokens are compared in turn. Where the kinds of token differ, the text that goes on with the
// "later" kind is the smaller version (1.2 < 1.2a < 1.2.3, and the end is the last kind but
// one), except that a pre-release suffix makes any version smaller. Numbers after the first are
// compared as text when either begins with 0, so 1.02 < 1.1 and 1.010 < 1.02 is false: that is
// what apk-tools does, after Gentoo.

#include <array>

#include "vuln/orderings.h"

namespace fathom::vuln {
namespace {

// In the order in which they may follow each other.
enum class Kind { initial, number, letter, suffix, suffix_number, hash, revision, end, invalid };

constexpr std::array<std::string_view, 9> kSuffixes = {"alpha", "beta", "pre", "rc", "cvs",
                                                       "svn",   "git",  "hg",  "p"};
constexpr int kFirstPostSuffix = 4;  // "cvs": those before it make a pre-release

struct Token {
  Kind kind = Kind::initial;
  std::string_view text;
  int suffix = -1;

  bool before_release() const { return kind == Kind::suffix && suffix < kFirstPostSuffix; }
};

Token invalid() { return {Kind::invalid, {}, -1}; }

Token number(Kind kind, std::string_view& rest) {
  std::string_view digits = take_while(rest, is_digit);
  return digits.empty() ? invalid() : Token{kind, digits, -1};
}

Token suffix(std::string_view& rest) {
  std::string_view word = take_while(rest, [](char c) { return c >= 'a' && c <= 'z'; });
  for (std::size_t i = 0; i < kSuffixes.size(); ++i)
    if (kSuffixes[i] == word) return {Kind::suffix, word, static_cast<int>(i)};
  return invalid();
}

Token hash(std::string_view& rest) {
  auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  std::string_view digits = take_while(rest, is_hex);
  return digits.empty() ? invalid() : Token{Kind::hash, digits, -1};
}

Token next(Kind previous, std::string_view& rest) {
  if (rest.empty()) return {Kind::end, {}, -1};
  char c = rest[0];
  if (is_digit(c))  // digits not after a dot can only number a suffix
    return previous == Kind::suffix ? number(Kind::suffix_number, rest) : invalid();
  std::string_view letter = rest.substr(0, 1);
  rest.remove_prefix(1);
  if (c >= 'a' && c <= 'z' && previous <= Kind::number) return {Kind::letter, letter, -1};
  if (c == '.' && previous <= Kind::number) return number(Kind::number, rest);
  if (c == '_' && previous <= Kind::suffix_number) return suffix(rest);
  if (c == '~' && previous < Kind::hash) return hash(rest);
  if (c == '-' && previous < Kind::revision && take(rest, 'r')) return number(Kind::revision, rest);
  return invalid();
}

bool is_valid(std::string_view text) {
  Token token = number(Kind::initial, text);
  while (token.kind < Kind::end) token = next(token.kind, text);
  return token.kind == Kind::end;
}

std::strong_ordering compare_tokens(const Token& a, const Token& b) {
  switch (a.kind) {
    case Kind::number:
      if (a.text[0] == '0' || b.text[0] == '0') return a.text <=> b.text;
      return compare_digits(a.text, b.text);
    case Kind::initial:
    case Kind::suffix_number:
    case Kind::revision:
      return compare_digits(a.text, b.text);
    case Kind::suffix:
      return a.suffix <=> b.suffix;
    default:
      return a.text <=> b.text;
  }
}

}  // namespace

Order compare_apk(std::string_view a, std::string_view b) {
  if (!is_valid(a) || !is_valid(b)) return std::nullopt;
  Token ta = number(Kind::initial, a), tb = number(Kind::initial, b);
  while (ta.kind == tb.kind && ta.kind < Kind::end) {
    if (auto order = compare_tokens(ta, tb); order != 0) return order;
    ta = next(ta.kind, a);
    tb = next(tb.kind, b);
  }
  if (ta.kind == tb.kind) return std::strong_ordering::equal;
  if (ta.before_release()) return std::strong_ordering::less;
  if (tb.before_release()) return std::strong_ordering::greater;
  return tb.kind <=> ta.kind;
}

}  // namespace fathom::vuln
