// Joins the parts of functions, and makes the answer of what was found.

#include "code/finder.h"

#include <algorithm>

namespace fathom::code {

void FunctionFinder::join_fragments() {
  for (const JumpOut& jump : jumps_out_) jumps_by_origin_.push_back(&jump);
  std::stable_sort(jumps_by_origin_.begin(), jumps_by_origin_.end(),
                   [](const JumpOut* a, const JumpOut* b) { return a->from < b->from; });
  // A part of a function without a frame does not show in the table: what nobody calls or points
  // at, and one function jumps to on a condition, and that jumps back or never returns.
  for (const JumpOut& jump : jumps_out_)
    if (jump.conditional && is_part_of(jump.from, jump.target)) fragments_.insert(jump.target);
  for (const JumpOut& jump : jumps_out_) {
    auto part = bodies_.find(jump.target), whole = bodies_.find(jump.from);
    if (!fragments_.contains(jump.target) || fragments_.contains(jump.from)) continue;
    if (part == bodies_.end() || whole == bodies_.end() || part == whole) continue;
    auto& ranges = whole->second.ranges;
    ranges.insert(ranges.end(), part->second.ranges.begin(), part->second.ranges.end());
    whole->second.returns |= part->second.returns;
    bodies_.erase(part);
    starts_.erase(jump.target);
  }
}

bool FunctionFinder::is_part_of(std::uint64_t whole, std::uint64_t part) const {
  auto start = starts_.find(part);
  if (start == starts_.end() || start->second.found != Found::unwind_table) return false;
  if (called_.contains(part)) return false;
  if (std::binary_search(pointers_.begin(), pointers_.end(), part)) return false;
  bool jumps = false, jumps_back = false;
  for (auto at = first_jump_from(part); at != jumps_by_origin_.end() && (*at)->from == part; ++at) {
    jumps = true;
    const CodeOwners::Block* owner = owners_.at((*at)->target);
    jumps_back |= owner && owner->function == whole && (*at)->target != whole;
  }
  auto body = bodies_.find(part);
  bool ends = body != bodies_.end() && !body->second.returns && !jumps;
  return jumps_back || ends;
}

std::vector<const JumpOut*>::const_iterator FunctionFinder::first_jump_from(
    std::uint64_t function) const {
  return std::lower_bound(
      jumps_by_origin_.begin(), jumps_by_origin_.end(), function,
      [](const JumpOut* jump, std::uint64_t wanted) { return jump->from < wanted; });
}

Functions FunctionFinder::finish() {
  Functions out;
  out.code_bytes = code_bytes_;
  out.problems = std::move(problems_);
  if (budget_ == 0)
    out.problems.push_back({ErrorCode::limit_exceeded, "not all code was followed"});
  auto at = starts_.begin();
  for (auto& [start, body] : bodies_) {
    while (at != starts_.end() && at->first < start) ++at;
    if (at == starts_.end() || at->first != start || body.ranges.empty()) continue;
    out.list.push_back({start,
                        merged(std::move(body.ranges)),
                        at->second.found,
                        at->second.name,
                        body.returns,
                        at->second.is_go,
                        at->second.is_assembly,
                        {}});
  }
  add_aliases(out);
  for (std::size_t i = 0; i < out.list.size(); ++i)
    for (const AddressRange& range : out.list[i].ranges) out.places.push_back({range, i});
  std::sort(out.places.begin(), out.places.end(), [](const auto& a, const auto& b) {
    return a.range.start != b.range.start ? a.range.start < b.range.start : a.function < b.function;
  });
  add_inlined(out);
  out.named_by_distance = std::move(go_.methods);
  std::uint64_t covered_to = 0;
  for (const Functions::Place& place : out.places) {
    std::uint64_t from = std::max(place.range.start, covered_to);
    if (place.range.end > from) out.covered_bytes += place.range.end - from;
    covered_to = std::max(covered_to, place.range.end);
  }
  return out;
}

// Sorted, each once: the dynamic symbols repeat many of the others.
void FunctionFinder::add_aliases(Functions& out) {
  std::sort(aliases_.begin(), aliases_.end());
  aliases_.erase(std::unique(aliases_.begin(), aliases_.end()), aliases_.end());
  for (auto [start, name] : aliases_)
    if (const Function* function = out.starting_at(start))
      out.list[static_cast<std::size_t>(function - out.list.data())].aliases.push_back(name);
}

void FunctionFinder::add_inlined(Functions& out) const {
  for (std::size_t i = 0, first = 0; i < go_.inlined.size(); ++i) {
    const GoInlined& call = go_.inlined[i];
    if (call.function != go_.inlined[first].function) first = i;
    const Function* function = out.starting_at(go_.functions[call.function].start);
    if (function == nullptr) continue;
    // Those of one function stay together, so that what counts from its first can be moved.
    std::int32_t base = static_cast<std::int32_t>(out.inlined.size() - (i - first));
    out.inlined.push_back({call.place, call.name,
                           static_cast<std::uint32_t>(function - out.list.data()),
                           call.parent < 0 ? -1 : base + call.parent});
  }
}

std::vector<AddressRange> FunctionFinder::merged(std::vector<AddressRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const AddressRange& a, const AddressRange& b) { return a.start < b.start; });
  std::vector<AddressRange> out;
  for (const AddressRange& range : ranges) {
    if (!out.empty() && range.start <= out.back().end)
      out.back().end = std::max(out.back().end, range.end);
    else
      out.push_back(range);
  }
  return out;
}

}  // namespace fathom::code
