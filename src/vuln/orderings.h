// The orderings behind compare(), one .cc each, and what they share. Private to this room.

#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string_view>

namespace fathom::vuln {

using Order = std::optional<std::strong_ordering>;

Order compare_dpkg(std::string_view a, std::string_view b);
Order compare_apk(std::string_view a, std::string_view b);
Order compare_semver(std::string_view a, std::string_view b);
Order compare_openssl(std::string_view a, std::string_view b);
Order compare_dotted(std::string_view a, std::string_view b);
Order compare_pep440(std::string_view a, std::string_view b);
Order compare_gem(std::string_view a, std::string_view b);
Order compare_rpm(std::string_view a, std::string_view b);
Order compare_maven(std::string_view a, std::string_view b);

// ASCII only, whatever the locale.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
constexpr bool is_alnum(char c) { return is_digit(c) || is_letter(c); }

constexpr std::string_view without_leading_zeros(std::string_view digits) {
  std::size_t first = digits.find_first_not_of('0');
  return first == digits.npos ? std::string_view() : digits.substr(first);
}

// Numbers in versions have no upper bound (dates, build counters, hostile input), so they are
// compared as digit strings. Zero is the empty text once its leading zeros are gone.
constexpr std::strong_ordering compare_digits(std::string_view a, std::string_view b) {
  a = without_leading_zeros(a);
  b = without_leading_zeros(b);
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

// Removes and returns the longest prefix whose characters all satisfy `is`.
template <class Predicate>
constexpr std::string_view take_while(std::string_view& rest, Predicate is) {
  std::size_t n = 0;
  while (n < rest.size() && is(rest[n])) ++n;
  std::string_view taken = rest.substr(0, n);
  rest.remove_prefix(n);
  return taken;
}

constexpr bool take(std::string_view& rest, char c) {
  if (rest.empty() || rest[0] != c) return false;
  rest.remove_prefix(1);
  return true;
}

}  // namespace fathom::vuln
