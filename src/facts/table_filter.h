// Which windows of read-only data are worth noting: those of tables that some library's sources
// have. A file has millions of windows of 32 bytes, the feature data a hundred thousand, so the
// child that reads the file is told which. It is knowledge only in the sense of a sieve: what a
// window means is decided later, by identification.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace fathom {

class TableFilter {
 public:
  static constexpr std::size_t kWindow = 32;  // bytes

  TableFilter() = default;
  // `packed`: hashes, 8 bytes each, little-endian. A remainder is ignored.
  explicit TableFilter(std::string_view packed);

  bool empty() const { return hashes_.empty(); }
  bool contains(std::uint64_t hash) const {
    return (bits_[hash >> kShift] >> (hash >> (kShift - 6) & 63) & 1) != 0 && is_listed(hash);
  }

 private:
  bool is_listed(std::uint64_t hash) const;

  // The top 22 bits of a hash choose a bit: most windows end here.
  static constexpr unsigned kShift = 48;
  std::vector<std::uint64_t> bits_ = std::vector<std::uint64_t>(std::size_t{1} << 16);
  std::vector<std::uint64_t> hashes_;  // ascending
};

}  // namespace fathom
