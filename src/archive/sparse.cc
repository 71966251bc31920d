#include "archive/sparse.h"

#include <optional>
#include <string>

#include "archive/tar_header.h"
#include "base/text.h"

namespace fathom::archive {
namespace {

Error too_many(const Limits& limits) {
  return Error{ErrorCode::limit_exceeded,
               "more than " + std::to_string(limits.sparse_regions) + " sparse regions"};
}

Error bad_map() { return Error{ErrorCode::malformed, "sparse map is no list of numbers"}; }

}  // namespace

Result<SparseMap> parse_sparse_list(std::string_view list, std::string_view pairs,
                                    const Limits& limits) {
  const std::optional<std::uint64_t> count = parse_unsigned(pairs);
  if (!count) return bad_map();
  if (*count > limits.sparse_regions) return too_many(limits);
  SparseMap map;
  std::vector<std::string_view> numbers;
  if (!list.empty()) numbers = split(list, ',');
  if (numbers.size() != 2 * *count)
    return Error{ErrorCode::malformed, "sparse map has not the stated number of regions"};
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    const std::optional<std::uint64_t> offset = parse_unsigned(numbers[i]);
    const std::optional<std::uint64_t> size = parse_unsigned(numbers[i + 1]);
    if (!offset || !size) return bad_map();
    map.push_back({*offset, *size});
  }
  return map;
}

Done append_old_sparse_table(ByteView table, SparseMap& map, const Limits& limits) {
  for (std::uint64_t at = 0; at + 24 <= table.size(); at += 24) {
    const ByteView entry = table.clamped(at, 24);
    if (entry.span()[0] == 0) return Ok{};
    const std::optional<std::int64_t> offset = parse_tar_number(entry.clamped(0, 12));
    const std::optional<std::int64_t> size = parse_tar_number(entry.clamped(12, 12));
    if (!offset || !size || *offset < 0 || *size < 0) return bad_map();
    if (map.size() >= limits.sparse_regions) return too_many(limits);
    map.push_back({static_cast<std::uint64_t>(*offset), static_cast<std::uint64_t>(*size)});
  }
  return Ok{};
}

Result<bool> SparseMapParser::add_block(ByteView block) {
  for (char c : block.as_text()) {
    if (c == '\n') {
      if (digits_ == 0) return bad_map();
      TRY(add_number(number_));
      number_ = 0;
      digits_ = 0;
      if (map_.size() == pairs_ && !expects_size_) return true;
    } else if (c >= '0' && c <= '9' && digits_ < 19) {  // 19 digits cannot overflow
      number_ = number_ * 10 + static_cast<std::uint64_t>(c - '0');
      ++digits_;
    } else {
      return bad_map();
    }
  }
  return false;
}

Done SparseMapParser::add_number(std::uint64_t number) {
  if (!has_count_) {
    if (number > limits_.sparse_regions) return too_many(limits_);
    has_count_ = true;
    pairs_ = number;
  } else if (expects_size_) {
    map_.back().size = number;
    expects_size_ = false;
  } else {
    map_.push_back({number, 0});
    expects_size_ = true;
  }
  return Ok{};
}

Done check_sparse_map(const SparseMap& map, std::uint64_t size, std::uint64_t stored) {
  std::uint64_t end = 0;
  std::uint64_t sum = 0;
  for (const SparseRegion& region : map) {
    if (region.offset < end)
      return Error{ErrorCode::malformed, "sparse regions overlap or are out of order"};
    if (region.offset > size || region.size > size - region.offset)
      return Error{ErrorCode::malformed, "sparse region outside the file"};
    end = region.offset + region.size;
    sum += region.size;
  }
  if (sum > stored)
    return Error{ErrorCode::malformed, "sparse map wants more bytes than are stored"};
  return Ok{};
}

}  // namespace fathom::archive
