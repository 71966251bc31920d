// Finds the runs of text in bytes that are mostly something else.

#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/bytes.h"

namespace fathom {

// A maximal run of bytes that may stand in a string, cut where it is not valid UTF-8.
struct TextRun {
  std::uint64_t offset = 0, size = 0;
  bool nul_follows = false;
  bool has_version = false;  // a dot between two digits
};

// Calls `found` for runs that have a version, or at least `least` bytes and a NUL behind them.
// Others are left out: there may be one for every other byte. Memory does not grow with the input.
void find_text_runs(ByteView bytes, std::uint64_t least,
                    const std::function<void(const TextRun&)>& found);

// Where a dot between two digits stands at or behind `from`, or npos.
std::size_t find_version(std::string_view text, std::size_t from = 0);

}  // namespace fathom
