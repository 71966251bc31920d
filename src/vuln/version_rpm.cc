// RPM's versions, [epoch:]version[-release], as rpmlib orders them: rpmvercmp() for each of the
// three, a missing epoch being 0 and a missing release smaller than any. Runs of digits and runs of
// letters are compared in turn, whatever stands between them; "~" sorts before the end of the text
// and "^" behind it but before anything else.
// https://rpm-software-management.github.io/rpm/man/rpm-version.7

#include <algorithm>
#include <string>

#include "vuln/orderings.h"

namespace fathom::vuln {
namespace {

struct Parts {
  std::string_view epoch, version;
  std::optional<std::string_view> release;
};

std::optional<Parts> parse(std::string_view text) {
  if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; })) return std::nullopt;
  Parts parts;
  std::string_view rest = text;
  const std::string_view digits = take_while(rest, is_digit);
  if (take(rest, ':'))
    parts.epoch = digits;
  else
    rest = text;
  if (const std::size_t dash = rest.rfind('-'); dash != rest.npos) {
    parts.release = rest.substr(dash + 1);
    rest = rest.substr(0, dash);
    if (parts.release->empty()) return std::nullopt;
  }
  parts.version = rest;
  if (rest.empty()) return std::nullopt;
  return parts;
}

bool is_mark(char c) { return c == '~' || c == '^'; }

void skip_separators(std::string_view& text) {
  take_while(text, [](char c) { return !is_alnum(c) && !is_mark(c); });
}

bool starts_with(std::string_view text, char c) { return !text.empty() && text[0] == c; }

// What a "~" or a "^" at the front of either decides; taken from both when it is in both.
Order compare_marks(std::string_view& a, std::string_view& b) {
  for (const char mark : {'~', '^'}) {
    const bool in_a = starts_with(a, mark), in_b = starts_with(b, mark);
    if (!in_a && !in_b) continue;
    if (in_a && in_b) {
      a.remove_prefix(1);
      b.remove_prefix(1);
      return std::strong_ordering::equal;
    }
    const bool bare = (in_a ? b : a).empty();
    const bool smaller = mark == '~' || !bare;
    return in_a == smaller ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return std::nullopt;
}

// Both start with a letter or a digit. Digits are newer than letters.
std::strong_ordering compare_runs(std::string_view& a, std::string_view& b) {
  if (is_digit(a[0]) != is_digit(b[0])) return is_digit(a[0]) <=> is_digit(b[0]);
  if (is_digit(a[0])) {
    const std::string_view number = take_while(a, is_digit);
    return compare_digits(number, take_while(b, is_digit));
  }
  const std::string_view word = take_while(a, is_letter);
  return word <=> take_while(b, is_letter);
}

std::strong_ordering compare_parts(std::string_view a, std::string_view b) {
  for (;;) {
    skip_separators(a);
    skip_separators(b);
    if (Order order = compare_marks(a, b)) {
      if (*order != 0) return *order;
      continue;
    }
    if (a.empty() || b.empty()) return !a.empty() <=> !b.empty();
    if (const auto order = compare_runs(a, b); order != 0) return order;
  }
}

}  // namespace

Order compare_rpm(std::string_view a, std::string_view b) {
  const std::optional<Parts> pa = parse(a), pb = parse(b);
  if (!pa || !pb) return std::nullopt;
  if (const auto order = compare_digits(pa->epoch, pb->epoch); order != 0) return order;
  if (const auto order = compare_parts(pa->version, pb->version); order != 0) return order;
  if (!pa->release || !pb->release) return pa->release.has_value() <=> pb->release.has_value();
  return compare_parts(*pa->release, *pb->release);
}

}  // namespace fathom::vuln
