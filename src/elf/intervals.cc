#include "elf/intervals.h"

#include <algorithm>

namespace fathom::elf {

std::vector<Interval> disjoint(std::vector<Interval> intervals, OnCut on_cut) {
  std::stable_sort(intervals.begin(), intervals.end(),
                   [](const Interval& a, const Interval& b) { return a.start < b.start; });
  std::vector<Interval> out;
  std::uint64_t covered = 0;  // everything below is taken
  for (Interval interval : intervals) {
    interval.size = std::min(interval.size, ~std::uint64_t{0} - interval.start);
    if (interval.size == 0 || interval.end() <= covered) continue;
    if (interval.start < covered) {
      std::uint64_t cut = covered - interval.start;
      interval.start += cut;
      interval.size -= cut;
      if (on_cut == OnCut::move_other) interval.other += cut;
    }
    covered = interval.end();
    out.push_back(interval);
  }
  return out;
}

const Interval* find_interval(const std::vector<Interval>& intervals, std::uint64_t position) {
  auto after = std::upper_bound(
      intervals.begin(), intervals.end(), position,
      [](std::uint64_t wanted, const Interval& interval) { return wanted < interval.start; });
  if (after == intervals.begin()) return nullptr;
  const Interval& candidate = *std::prev(after);
  return position - candidate.start < candidate.size ? &candidate : nullptr;
}

}  // namespace fathom::elf
