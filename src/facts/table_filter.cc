#include "facts/table_filter.h"

#include <algorithm>
#include <cstring>

namespace fathom {

TableFilter::TableFilter(std::string_view packed) : hashes_(packed.size() / sizeof(std::uint64_t)) {
  if (hashes_.empty()) return;
  std::memcpy(hashes_.data(), packed.data(), hashes_.size() * sizeof(std::uint64_t));
  for (std::uint64_t hash : hashes_)
    bits_[hash >> kShift] |= std::uint64_t{1} << (hash >> (kShift - 6) & 63);
  if (!std::ranges::is_sorted(hashes_)) std::ranges::sort(hashes_);
}

bool TableFilter::is_listed(std::uint64_t hash) const {
  return std::ranges::binary_search(hashes_, hash);
}

}  // namespace fathom
