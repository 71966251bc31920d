#include "facts/table_filter.h"

#include <algorithm>

namespace fathom {

TableFilter::TableFilter(std::string_view packed) {
  hashes_.reserve(packed.size() / 8);
  for (std::size_t at = 0; at + 8 <= packed.size(); at += 8) {
    std::uint64_t hash = 0;
    for (std::size_t i = 8; i-- > 0;) hash = hash << 8 | static_cast<unsigned char>(packed[at + i]);
    hashes_.push_back(hash);
    bits_[hash >> kShift] |= std::uint64_t{1} << (hash >> (kShift - 6) & 63);
  }
  std::ranges::sort(hashes_);
}

bool TableFilter::is_listed(std::uint64_t hash) const {
  return std::ranges::binary_search(hashes_, hash);
}

}  // namespace fathom
