// Where the stored bytes of a sparse tar member belong; what is not covered is zero.
// Source: GNU tar manual, "Storing Sparse Files" (old GNU, PAX 0.0, 0.1 and 1.0).

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"

namespace fathom::archive {

struct SparseRegion {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool operator==(const SparseRegion&) const = default;
};
using SparseMap = std::vector<SparseRegion>;

// "offset,size,offset,size…", with the number of pairs stated elsewhere.
Result<SparseMap> parse_sparse_list(std::string_view list, std::string_view pairs,
                                    const Limits& limits);

// Appends the entries of an old GNU table of 24-byte entries, up to its first empty one.
Done append_old_sparse_table(ByteView table, SparseMap& map, const Limits& limits);

// The map at the front of the content in format 1.0, fed block by block: decimal numbers, one on
// a line, the first the count of pairs.
class SparseMapParser {
 public:
  explicit SparseMapParser(const Limits& limits) : limits_(limits) {}
  // False when another block is needed; the rest of the last block is padding.
  Result<bool> add_block(ByteView block);
  SparseMap take() && { return std::move(map_); }

 private:
  Done add_number(std::uint64_t number);
  const Limits& limits_;
  SparseMap map_;
  std::uint64_t number_ = 0;
  unsigned digits_ = 0;
  bool has_count_ = false;
  bool expects_size_ = false;
  std::uint64_t pairs_ = 0;
};

// In order, apart, inside `size`, and together at most `stored` bytes.
Done check_sparse_map(const SparseMap& map, std::uint64_t size, std::uint64_t stored);

}  // namespace fathom::archive
