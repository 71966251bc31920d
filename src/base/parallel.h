// The only two ways fathom runs things at the same time. Both are plain loops whose turns may
// overlap; results come back in the order of the input, so a report does not depend on the number
// of threads.

#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace fathom {

// The number of hardware threads this process may use, at least 1.
std::size_t available_jobs();

// Calls body(0) … body(count - 1), at most `jobs` at once; the calling thread takes part. The first
// exception is rethrown when all turns have ended.
void parallel_for(std::size_t count, std::size_t jobs,
                  const std::function<void(std::size_t)>& body);

template <class Item, class Fn>
auto parallel_map(const std::vector<Item>& items, std::size_t jobs, Fn fn) {
  using Out = decltype(fn(items[0]));
  std::vector<std::optional<Out>> slots(items.size());
  parallel_for(items.size(), jobs, [&](std::size_t i) { slots[i].emplace(fn(items[i])); });
  std::vector<Out> out;
  out.reserve(slots.size());
  for (std::optional<Out>& slot : slots) out.push_back(std::move(*slot));
  return out;
}

}  // namespace fathom
