// RubyGems' versions (Gem::Version): runs of digits and runs of letters, "-" being ".pre.". A run
// of letters is smaller than any number, so 1.0.rc1 < 1.0, and words compare as text. Zeros at the
// end of the leading numbers and at the end of the whole do not count: 1.0.0 equals 1, 1.0.a
// equals 1.a.

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "vuln/orderings.h"

namespace fathom::vuln {
namespace {

using Segments = std::vector<std::string_view>;

bool is_number(std::string_view segment) { return segment.empty() || is_digit(segment[0]); }
bool is_zero(std::string_view segment) {
  return is_number(segment) && without_leading_zeros(segment).empty();
}

void drop_zeros_before(Segments& segments, Segments::iterator end) {
  auto first = end;
  while (first != segments.begin() && is_zero(*(first - 1))) --first;
  segments.erase(first, end);
}

// number{.alnum}[-{alnum or -}{.{alnum or -}}]
bool is_correct(std::string_view text) {
  if (take_while(text, is_digit).empty()) return false;
  while (take(text, '.'))
    if (take_while(text, is_alnum).empty()) return false;
  if (!take(text, '-')) return text.empty();
  auto in_prerelease = [](char c) { return is_alnum(c) || c == '-'; };
  do {
    if (take_while(text, in_prerelease).empty()) return false;
  } while (take(text, '.'));
  return text.empty();
}

std::optional<Segments> parse(std::string_view text) {
  text = trim(text);
  if (text.empty()) text = "0";
  if (!is_correct(text)) return std::nullopt;
  Segments segments;
  while (!text.empty()) {
    if (is_digit(text[0]))
      segments.push_back(take_while(text, is_digit));
    else if (is_letter(text[0]))
      segments.push_back(take_while(text, is_letter));
    else if (take(text, '-'))
      segments.push_back("pre");
    else
      text.remove_prefix(1);
  }
  drop_zeros_before(segments, segments.end());
  drop_zeros_before(segments, std::ranges::find_if_not(segments, is_number));
  return segments;
}

std::strong_ordering compare_segments(std::string_view a, std::string_view b) {
  if (is_number(a) != is_number(b)) return is_number(a) <=> is_number(b);
  return is_number(a) ? compare_digits(a, b) : a <=> b;
}

}  // namespace

Order compare_gem(std::string_view a, std::string_view b) {
  std::optional<Segments> sa = parse(a), sb = parse(b);
  if (!sa || !sb) return std::nullopt;
  for (std::size_t i = 0; i < sa->size() || i < sb->size(); ++i) {
    auto order = compare_segments(i < sa->size() ? (*sa)[i] : "", i < sb->size() ? (*sb)[i] : "");
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

}  // namespace fathom::vuln
