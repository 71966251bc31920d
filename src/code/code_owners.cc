#include "code/code_owners.h"

#include <algorithm>

namespace fathom::code {

const CodeOwners::Block* CodeOwners::before(std::uint64_t address) const {
  auto after = blocks_.upper_bound(address);
  return after == blocks_.begin() ? nullptr : &std::prev(after)->second;
}

const CodeOwners::Block* CodeOwners::find(std::uint64_t address) const {
  const Block* block = before(address);
  return block != nullptr && address < block->end ? block : nullptr;
}

std::uint64_t CodeOwners::first_free(std::uint64_t address) const {
  auto at = blocks_.upper_bound(address);
  if (at != blocks_.begin()) --at;
  for (; at != blocks_.end() && at->first <= address; ++at)
    address = std::max(address, at->second.end);
  return address;
}

void CodeOwners::claim(std::uint64_t function, std::span<const AddressRange> ranges) {
  for (AddressRange range : ranges) {
    while (range.start < range.end) {
      // Most are claimed in their order.
      const bool is_last = blocks_.empty() || blocks_.rbegin()->first <= range.start;
      auto next = is_last ? blocks_.end() : blocks_.upper_bound(range.start);
      if (next != blocks_.begin() && range.start < std::prev(next)->second.end) {
        range.start = std::prev(next)->second.end;
        continue;
      }
      const std::uint64_t end =
          next == blocks_.end() ? range.end : std::min(range.end, next->first);
      blocks_.insert_or_assign(next, range.start, Block{end, function});
      may_be_taken_.insert(range.start, end);
      range.start = end;
    }
  }
}

void CodeOwners::put(std::uint64_t start, std::uint64_t end, std::uint64_t function) {
  blocks_[start] = {end, function};
  may_be_taken_.insert(start, end);
}

void CodeOwners::release(std::uint64_t function, std::span<const AddressRange> ranges) {
  for (const AddressRange& range : ranges)
    for (auto at = blocks_.lower_bound(range.start); at != blocks_.end() && at->first < range.end;)
      at = at->second.function == function ? blocks_.erase(at) : std::next(at);
}

}  // namespace fathom::code
