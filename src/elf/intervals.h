// Sorted, disjoint intervals: what lies where, when hostile headers say that everything overlaps.

#pragma once

#include <cstdint>
#include <vector>

namespace fathom::elf {

struct Interval {
  std::uint64_t start = 0, size = 0;
  // What the start corresponds to elsewhere: an address, an offset, an index.
  std::uint64_t other = 0;

  std::uint64_t end() const { return start + size; }  // disjoint() has made sure of no overflow
};

enum class OnCut {
  move_other,  // `other` is a position: it moves along when the front is cut off
  keep_other,  // `other` is an identity
};

// Sorted by start; where two overlap the one that starts first keeps the bytes, and the other
// keeps what sticks out behind. Empty ones and what lies past 2^64 are dropped.
std::vector<Interval> disjoint(std::vector<Interval> intervals, OnCut on_cut);

// The one that holds `position`, or null. O(log n); `intervals` come from disjoint().
const Interval* find_interval(const std::vector<Interval>& intervals, std::uint64_t position);

}  // namespace fathom::elf
