// Semantic Versioning 2.0.0, as Go modules, Cargo and npm use it. Build metadata ("+incompatible")
// does not count. A leading "v" and the short forms "1" and "1.2" are taken as Go takes them; a
// pseudo-version is an ordinary pre-release to this order.
//
// Go's own releases are named otherwise: "go1.21rc2", or "1.21rc2" without the prefix, is what
// modules would call v1.21.0-rc.2.

#include <algorithm>
#include <array>
#include <utility>

#include "vuln/orderings.h"

namespace fathom::vuln {
namespace {

struct Semver {
  std::array<std::string_view, 3> numbers{"0", "0", "0"};
  std::string_view prerelease;    // identifiers joined by dots
  std::string_view go_candidate;  // "2" of "go1.21rc2", whose word is in `prerelease`
};

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit) &&
         (text.size() == 1 || text[0] != '0');
}

bool is_identifier_char(char c) { return is_alnum(c) || c == '-'; }

// Identifiers joined by dots, none empty; numeric ones without leading zeros unless `any_number`.
bool are_identifiers(std::string_view text, bool any_number) {
  while (true) {
    std::string_view id = take_while(text, is_identifier_char);
    if (id.empty()) return false;
    if (!any_number && std::ranges::all_of(id, is_digit) && !is_number(id)) return false;
    if (text.empty()) return true;
    if (!take(text, '.')) return false;
  }
}

std::size_t take_numbers(std::string_view& rest, Semver& v) {
  for (std::size_t count = 0; count < v.numbers.size(); ++count) {
    v.numbers[count] = take_while(rest, is_digit);
    if (!is_number(v.numbers[count])) return 0;
    if (count == 2 || !take(rest, '.')) return count + 1;
  }
  return 0;
}

bool parse_go_candidate(std::string_view rest, Semver& v) {
  v.prerelease = take_while(rest, is_letter);
  v.go_candidate = rest;
  return (v.prerelease == "rc" || v.prerelease == "beta" || v.prerelease == "alpha") &&
         is_number(rest);
}

std::optional<Semver> parse(std::string_view text) {
  Semver v;
  bool names_go_release = text.starts_with("go");
  if (names_go_release)
    text.remove_prefix(2);
  else
    take(text, 'v');
  std::size_t count = take_numbers(text, v);
  if (count == 0) return std::nullopt;
  for (std::size_t i = count; i < v.numbers.size(); ++i) v.numbers[i] = "0";
  if (text.empty()) return v;
  if (is_letter(text[0])) {
    bool may_name_go_release = names_go_release || count == 2;
    if (!may_name_go_release || !parse_go_candidate(text, v)) return std::nullopt;
    return v;
  }
  if (count < v.numbers.size()) return std::nullopt;
  if (std::size_t plus = text.find('+'); plus != text.npos) {
    if (!are_identifiers(text.substr(plus + 1), true)) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (text.empty()) return v;
  v.prerelease = text.substr(1);
  if (text[0] != '-' || !are_identifiers(v.prerelease, false)) return std::nullopt;
  return v;
}

std::strong_ordering compare_identifiers(std::string_view a, std::string_view b) {
  bool number_a = std::ranges::all_of(a, is_digit), number_b = std::ranges::all_of(b, is_digit);
  if (number_a && number_b) return compare_digits(a, b);
  if (number_a != number_b) return number_b <=> number_a;  // a number is the smaller one
  return a <=> b;
}

// Hands out the identifiers one by one; a Go candidate has two, its word and its number.
class Identifiers {
 public:
  explicit Identifiers(const Semver& v) : rest_(v.prerelease), last_(v.go_candidate) {}
  bool done() const { return rest_.empty() && last_.empty(); }
  std::string_view next() {
    if (rest_.empty()) return std::exchange(last_, {});
    std::string_view id = take_while(rest_, is_identifier_char);
    take(rest_, '.');
    return id;
  }

 private:
  std::string_view rest_, last_;
};

std::strong_ordering compare_prereleases(const Semver& a, const Semver& b) {
  if (a.prerelease.empty() || b.prerelease.empty())
    return a.prerelease.empty() <=> b.prerelease.empty();
  Identifiers ia(a), ib(b);
  while (!ia.done() && !ib.done()) {
    auto order = compare_identifiers(ia.next(), ib.next());
    if (order != 0) return order;
  }
  return ib.done() <=> ia.done();
}

}  // namespace

Order compare_semver(std::string_view a, std::string_view b) {
  std::optional<Semver> va = parse(a), vb = parse(b);
  if (!va || !vb) return std::nullopt;
  for (std::size_t i = 0; i < va->numbers.size(); ++i)
    if (auto order = compare_digits(va->numbers[i], vb->numbers[i]); order != 0) return order;
  return compare_prereleases(*va, *vb);
}

}  // namespace fathom::vuln
