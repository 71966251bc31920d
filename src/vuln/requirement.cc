// Every comparator ("^1.2", "<= 3") becomes an interval, a set of comparators the intersection of
// theirs. Upper ends of caret, tilde and wildcard forms also exclude the pre-releases of the
// version they end at, which is what Cargo, npm and RubyGems do: in semver "2.0.0-0" is the
// smallest of these, in RubyGems "2.0.A".

#include "vuln/requirement.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "base/text.h"
#include "vuln/orderings.h"

namespace fathom::vuln {
namespace {

// One end of an interval; no text is no end.
struct Bound {
  std::string text;
  bool inclusive = true;
};

struct Interval {
  Bound low, high;
};

struct Comparator {
  std::string_view op, version;
};

Error not_understood(std::string_view text) {
  return {ErrorCode::unsupported, "range not understood: " + printable(text)};
}

Result<std::string> increment(std::string_view digits) {
  std::optional<std::uint64_t> value = parse_unsigned(digits);
  if (!value || *value == ~std::uint64_t{0}) return not_understood(digits);
  return std::to_string(*value + 1);
}

// ---- Cargo and npm: up to three numbers, the rest left out or a wildcard

struct Partial {
  std::vector<std::string> numbers;
  std::string prerelease;

  bool complete() const { return numbers.size() == 3; }
};

bool is_wildcard(std::string_view part) { return part == "*" || part == "x" || part == "X"; }

Result<Partial> parse_partial(std::string_view text) {
  Partial partial;
  std::string_view whole = text;
  take(text, 'v');
  text = text.substr(0, text.find('+'));
  std::size_t dash = text.find('-');
  if (dash != text.npos) {
    partial.prerelease = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  bool wild = false;
  for (std::string_view part : split(text, '.')) {
    wild = wild || is_wildcard(part);
    if (wild && !is_wildcard(part)) return not_understood(whole);
    if (wild) continue;
    if (part.empty() || !std::ranges::all_of(part, is_digit)) return not_understood(whole);
    partial.numbers.emplace_back(part);
  }
  if (partial.numbers.size() > 3 || (dash != text.npos && !partial.complete()))
    return not_understood(whole);
  return partial;
}

std::string padded(std::vector<std::string> numbers) {
  numbers.resize(3, "0");
  return join(numbers, ".");
}

std::string lowest(const Partial& p) {
  return padded(p.numbers) + (p.prerelease.empty() ? "" : "-" + p.prerelease);
}

// The first version after all that share the numbers up to `index`.
Result<std::string> after(const Partial& p, std::size_t index) {
  std::vector<std::string> numbers(p.numbers.begin(),
                                   p.numbers.begin() + static_cast<std::ptrdiff_t>(index) + 1);
  std::string next = TRY(increment(numbers.back()));
  numbers.back() = next;
  return padded(numbers);
}

std::size_t caret_index(const Partial& p) {
  for (std::size_t i = 0; i < p.numbers.size(); ++i)
    if (!without_leading_zeros(p.numbers[i]).empty()) return i;
  return p.numbers.size() - 1;
}

Result<Interval> line_of(const Partial& p, std::size_t index) {
  std::string end = TRY(after(p, index)) + "-0";
  return Interval{{lowest(p)}, {end, false}};
}

Result<Interval> semver_interval(std::string_view op, const Partial& p) {
  if (p.numbers.empty() && (op == "<" || op == ">")) return not_understood(op);
  if (p.numbers.empty()) return Interval{};
  std::size_t last = p.numbers.size() - 1;
  if (op == "^") return line_of(p, caret_index(p));
  if (op == "~" || op == "~>") return line_of(p, std::min<std::size_t>(1, last));
  if (op == "=") return p.complete() ? Interval{{lowest(p)}, {lowest(p)}} : line_of(p, last);
  if (op == ">=") return Interval{{lowest(p)}, {}};
  if (op == "<") return Interval{{}, {lowest(p), false}};
  if (op == ">" && p.complete()) return Interval{{lowest(p), false}, {}};
  if (op == "<=" && p.complete()) return Interval{{}, {lowest(p)}};
  std::string next = TRY(after(p, last));
  if (op == ">") return Interval{{next}, {}};
  if (op == "<=") return Interval{{}, {next + "-0", false}};
  return not_understood(op);
}

// ---- RubyGems

// "~> 2.1.3" ends before 2.2, "~> 2.1" before 3; words at the end do not count.
Result<Interval> pessimistic(std::string_view version) {
  std::vector<std::string> numbers;
  for (std::string_view part : split(version.substr(0, version.find('-')), '.')) {
    if (!std::ranges::all_of(part, is_digit)) break;
    numbers.emplace_back(part);
  }
  if (numbers.empty()) return not_understood(version);
  if (numbers.size() > 1) numbers.pop_back();
  numbers.back() = TRY(increment(numbers.back()));
  return Interval{{std::string(version)}, {join(numbers, ".") + ".A", false}};
}

Result<Interval> gem_interval(const Comparator& c) {
  if (!is_version(Scheme::gem, c.version)) return not_understood(c.version);
  std::string version(c.version);
  if (c.op.empty() || c.op == "=") return Interval{{version}, {version}};
  if (c.op == ">=") return Interval{{version}, {}};
  if (c.op == ">") return Interval{{version, false}, {}};
  if (c.op == "<=") return Interval{{}, {version}};
  if (c.op == "<") return Interval{{}, {version, false}};
  if (c.op == "~>") return pessimistic(c.version);
  return not_understood(c.version);
}

// ---- sets of comparators

Result<Interval> interval_of(Dialect dialect, const Comparator& c) {
  if (dialect == Dialect::gem) return gem_interval(c);
  std::string_view op = c.op;
  if (op.empty()) op = dialect == Dialect::cargo ? "^" : "=";
  Partial partial = TRY(parse_partial(c.version));
  if (!partial.numbers.empty() && !is_version(Scheme::semver, lowest(partial)))
    return not_understood(c.version);
  // "1.*" is a wildcard in Cargo too, not "^1".
  if (c.op.empty() && c.version.find_first_of("*xX") != c.version.npos) op = "=";
  return semver_interval(op, partial);
}

// The bound that lets less through. `direction` is 1 for lower ends, -1 for upper ends.
Result<Bound> tighter(Scheme scheme, const Bound& a, const Bound& b, int direction) {
  if (a.text.empty() || b.text.empty()) return a.text.empty() ? b : a;
  Order order = compare(scheme, a.text, b.text);
  if (!order) return not_understood(a.text);
  if (*order == 0) return a.inclusive ? b : a;
  return (*order > 0) == (direction > 0) ? a : b;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == ','; }
bool is_operator(char c) {
  return c == '<' || c == '>' || c == '=' || c == '^' || c == '~' || c == '!';
}
bool in_version(char c) { return !is_blank(c) && !is_operator(c); }

Result<Range> parse_set(Dialect dialect, std::string_view text) {
  Interval all;
  take_while(text, is_blank);
  bool ends_span = false;
  while (!text.empty()) {
    Comparator c;
    c.op = take_while(text, is_operator);
    take_while(text, [](char b) { return b == ' ' || b == '\t'; });
    c.version = take_while(text, in_version);
    take_while(text, is_blank);
    // npm's "1.2 - 2.3": from one to the other, both in it.
    const bool starts_span = dialect == Dialect::npm && !ends_span && text.starts_with("- ");
    if ((starts_span || ends_span) && !c.op.empty()) return not_understood(c.version);
    if (starts_span || ends_span) c.op = starts_span ? ">=" : "<=";
    if (starts_span) text.remove_prefix(2);
    take_while(text, is_blank);
    ends_span = starts_span;
    Interval one = TRY(interval_of(dialect, c));
    all.low = TRY(tighter(scheme_of(dialect), all.low, one.low, 1));
    all.high = TRY(tighter(scheme_of(dialect), all.high, one.high, -1));
  }
  if (ends_span) return not_understood("- ");
  Range range;
  range.introduced = all.low.text;
  range.introduced_exclusive = !all.low.inclusive;
  (all.high.inclusive ? range.last_affected : range.fixed) = all.high.text;
  return range;
}

// ---- bounds

// "7.x", "7.*" and "7x" without the wildcard, or nothing when it is none: OpenSSL 1.1.1x is
// a release.
std::optional<std::string> without_wildcard(Scheme scheme, std::string_view text) {
  if (scheme == Scheme::openssl && is_version(scheme, text)) return std::nullopt;
  if (text.size() < 2 || !is_wildcard(text.substr(text.size() - 1))) return std::nullopt;
  text.remove_suffix(1);
  if (text.ends_with('.')) text.remove_suffix(1);
  bool only_numbers = std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '.'; });
  return only_numbers && is_version(Scheme::dotted, text) ? std::optional(std::string(text))
                                                          : std::nullopt;
}

Result<std::string> after_line(std::string_view line) {
  std::size_t dot = line.rfind('.');
  std::size_t start = dot == line.npos ? 0 : dot + 1;
  std::string next = TRY(increment(line.substr(start)));
  return std::string(line.substr(0, start)) + next;
}

bool begins_in_line(std::string_view version, std::string_view line) {
  return version == line || (version.starts_with(line) && version[line.size()] == '.');
}

Result<Range> end_at(Scheme scheme, Range range, std::string_view end) {
  bool inclusive = end.starts_with("<=");
  if (!inclusive && !end.starts_with('<')) return not_understood(end);
  end.remove_prefix(inclusive ? 2 : 1);
  if (std::optional<std::string> line = without_wildcard(scheme, end)) {
    if (!inclusive && !begins_in_line(range.introduced, *line)) return not_understood(end);
    range.fixed = TRY(after_line(*line));
    return range;
  }
  if (!is_version(scheme, end)) return not_understood(end);
  (inclusive ? range.last_affected : range.fixed) = end;
  return range;
}

}  // namespace

Scheme scheme_of(Dialect dialect) { return dialect == Dialect::gem ? Scheme::gem : Scheme::semver; }

Result<std::vector<Range>> parse_requirement(Dialect dialect, std::string_view text) {
  std::vector<Range> ranges;
  while (true) {
    std::size_t bar = dialect == Dialect::npm ? text.find("||") : text.npos;
    ranges.push_back(TRY(parse_set(dialect, text.substr(0, bar))));
    if (bar == text.npos) return ranges;
    text.remove_prefix(bar + 2);
  }
}

Result<Range> parse_bounds(Scheme scheme, std::string_view introduced, std::string_view end) {
  Range range;
  range.introduced_exclusive = take(introduced, '>');
  if (introduced != "0")
    range.introduced = without_wildcard(scheme, introduced).value_or(std::string(introduced));
  if (!range.introduced.empty() && !is_version(scheme, range.introduced))
    return not_understood(introduced);
  if (end.empty()) return range;
  return end_at(scheme, range, end);
}

}  // namespace fathom::vuln
