// Going into archives: zip, tar, ar, and files that are compressed as a whole.

#pragma once

#include <string>

#include "base/bytes.h"
#include "base/limits.h"
#include "facts/facts.h"
#include "facts/table_filter.h"

namespace fathom {

// What the members of one file, at all depths, may still cost together.
struct MemberBudget {
  const Limits& limits;
  std::uint64_t bytes, members;
  const TableFilter& tables;
};

// recover() of the file at `depth` (0: not inside an archive).
FileFacts recover_file(ByteView bytes, MemberBudget& budget, std::uint64_t depth);

// Adds the members of an archive whose kind and type stand in `facts`, which is at `depth`.
void recover_members(ByteView bytes, MemberBudget& budget, std::uint64_t depth, FileFacts& facts);

// Keeps limits.problems gaps of one file and counts the rest.
void add_gap(FileFacts& facts, const Limits& limits, std::string stage, Error error);

}  // namespace fathom
