// An exact version is the interval from itself to itself, so one comparison of intervals serves
// both. An interval is affected only when one range holds all of it: between two ranges there may
// be releases that are not. Whatever cannot be ordered leads to "unknown", never to silence.

#include "vuln/judge.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace fathom::vuln {
namespace {

struct Interval {
  std::string low, high;  // inclusive; empty is open
};

enum class Overlap { none, part, whole, unordered };

// Whether all of the range lies below `version`; an open end lies below and above nothing.
std::optional<bool> ends_before(Scheme scheme, const Range& range, const std::string& version) {
  if (range.fixed.empty() && range.last_affected.empty()) return false;
  if (version.empty()) return false;
  bool inclusive = range.fixed.empty();
  auto order = compare(scheme, inclusive ? range.last_affected : range.fixed, version);
  if (!order) return std::nullopt;
  return inclusive ? *order < 0 : *order <= 0;
}

std::optional<bool> begins_after(Scheme scheme, const Range& range, const std::string& version) {
  if (range.introduced.empty() || version.empty()) return false;
  auto order = compare(scheme, range.introduced, version);
  if (!order) return std::nullopt;
  return range.introduced_exclusive ? *order >= 0 : *order > 0;
}

bool is_open_below(const Range& range, const Interval& in) {
  return !range.introduced.empty() && in.low.empty();
}

bool is_open_above(const Range& range, const Interval& in) {
  return in.high.empty() && !(range.fixed.empty() && range.last_affected.empty());
}

Overlap overlap(Scheme scheme, const Range& range, const Interval& in) {
  std::optional<bool> below = ends_before(scheme, range, in.low);
  std::optional<bool> above = begins_after(scheme, range, in.high);
  std::optional<bool> begins_inside = begins_after(scheme, range, in.low);
  std::optional<bool> ends_inside = ends_before(scheme, range, in.high);
  if (!below || !above || !begins_inside || !ends_inside) return Overlap::unordered;
  if (*below || *above) return Overlap::none;
  if (*begins_inside || *ends_inside || is_open_below(range, in) || is_open_above(range, in))
    return Overlap::part;
  return Overlap::whole;
}

struct Placing {
  Overlap overlap = Overlap::none;
  const Range* range = nullptr;  // that holds it, wholly or in part
};

// Against all ranges: `whole` in any beats `unordered`, that beats `part`, that beats `none`.
Placing place(Scheme scheme, const std::vector<Range>& ranges, const Interval& in) {
  Placing best;
  for (const Range& range : ranges) {
    Overlap found = overlap(scheme, range, in);
    if (found == Overlap::whole) return {found, &range};
    bool better =
        found == Overlap::unordered || (found == Overlap::part && best.overlap == Overlap::none);
    if (better && best.overlap != Overlap::unordered) best = {found, &range};
  }
  return best;
}

Placing place(const Advisory& a, const Interval& in) {
  Placing unaffected = place(a.scheme, a.unaffected, in);
  if (unaffected.overlap == Overlap::whole) return {};
  Placing affected = place(a.scheme, a.ranges, in);
  if (affected.overlap != Overlap::whole || unaffected.overlap == Overlap::none) return affected;
  return {unaffected.overlap, affected.range};
}

// ---- sentences

std::string text_of(const std::vector<Range>& ranges) {
  constexpr std::size_t kMost = 4;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < ranges.size() && i < kMost; ++i)
    texts.push_back(vuln::text_of(ranges[i]));
  if (ranges.size() > kMost) texts.push_back("…");
  return join(texts, "; ");
}

bool is_everything(const Range& range) { return range == Range{}; }

std::string range_sentence(const Advisory& a, const Range& range) {
  if (!is_everything(range)) return "in the affected range " + vuln::text_of(range);
  if (a.unaffected.empty()) return "affected as all versions are";
  return "outside the unaffected ranges " + text_of(a.unaffected);
}

std::string unreadable_sentence(const Advisory& a) {
  if (a.unreadable.empty()) return "the advisory states no range of versions";
  return "the advisory states a range that cannot be read: " + printable(join(a.unreadable, "; "));
}

std::string scheme_sentence(const Advisory& a, const std::string& version) {
  return "the version " + printable(version) + " cannot be ordered as " +
         std::string(name_of(a.scheme));
}

// ---- judgements

Judgement unaffected() { return {}; }

Judgement uncertain(std::string why) { return {true, Verdict::unknown, std::move(why), true}; }

Judgement unknown(std::string why) { return {true, Verdict::unknown, std::move(why), false}; }

Judgement affected(const Advisory& a, std::string why) {
  if (a.informational) why = "informational advisory: " + why;
  if (a.low_confidence) why = "version range uncertain: " + why;
  return {true, Verdict::affected_by_version, std::move(why), a.low_confidence};
}

// Outside all readable ranges, which proves nothing when others could not be read.
Judgement outside(const Advisory& a) {
  return a.unreadable.empty() ? unaffected() : uncertain(unreadable_sentence(a));
}

Judgement judge_exact(const Advisory& a, const std::string& version) {
  if (!is_version(a.scheme, version)) return uncertain(scheme_sentence(a, version));
  Placing at = place(a, {version, version});
  if (at.overlap == Overlap::none) return outside(a);
  if (at.overlap != Overlap::whole) return uncertain(scheme_sentence(a, version));
  return affected(a, version + " is " + range_sentence(a, *at.range));
}

Judgement judge_candidates(const Advisory& a, const std::vector<std::string>& candidates) {
  std::vector<std::string> hit;
  Judgement last;
  for (const std::string& candidate : candidates) {
    Judgement one = judge_exact(a, candidate);
    if (one.concerns && one.verdict == Verdict::unknown) return one;
    if (!one.concerns) continue;
    hit.push_back(candidate);
    last = std::move(one);
  }
  if (hit.empty()) return unaffected();
  std::string all = std::to_string(candidates.size());
  if (hit.size() == candidates.size()) {
    last.why = "all " + all + " possible releases are affected: " + last.why;
    return last;
  }
  Judgement some = unknown("affected only if it is one of " + std::to_string(hit.size()) + " of " +
                           all + " possible releases, " + hit.front() + " to " + hit.back());
  some.uncertain = a.low_confidence;
  return some;
}

std::string interval_text(const Interval& in) {
  if (in.low.empty()) return in.high + " or older";
  if (in.high.empty()) return in.low + " or newer";
  return "between " + in.low + " and " + in.high;
}

Judgement judge_interval(const Advisory& a, const Interval& in) {
  for (const std::string& end : {in.low, in.high})
    if (!end.empty() && !is_version(a.scheme, end)) return uncertain(scheme_sentence(a, end));
  Placing at = place(a, in);
  if (at.overlap == Overlap::none) return outside(a);
  std::string where = "the version is " + interval_text(in);
  if (at.overlap == Overlap::whole)
    return affected(a, where + ", all of it " + range_sentence(a, *at.range));
  if (at.overlap == Overlap::unordered) return uncertain(unreadable_sentence(a));
  Judgement some = unknown(where + ", only a part of it " + range_sentence(a, *at.range));
  some.uncertain = a.low_confidence;
  return some;
}

}  // namespace

Judgement judge(const Advisory& a, const VersionClaim& version) {
  if (a.ranges.empty()) return uncertain(unreadable_sentence(a));
  if (version.known()) return judge_exact(a, version.exact);
  if (!version.candidates.empty()) return judge_candidates(a, version.candidates);
  return judge_interval(a, {version.low, version.high});
}

}  // namespace fathom::vuln
