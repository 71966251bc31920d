// Where a file can hold texts and tables: everything but its machine code.

#pragma once

#include <algorithm>
#include <vector>

#include "elf/constants.h"
#include "elf/elf_file.h"

namespace fathom::elf {

struct FileRange {
  std::uint64_t offset = 0, size = 0;
};

// Whether the kernel maps the range as code: a section's flag alone would hide data.
inline bool is_mapped_as_code(const ElfFile& elf, const ElfFile::Range& range) {
  if (elf.segments().empty()) return true;
  return std::ranges::any_of(elf.segments(), [&](const Segment& s) {
    return s.type == PT_LOAD && (s.flags & PF_X) != 0 && range.offset >= s.offset &&
           range.offset - s.offset + range.size <= s.contents.size();
  });
}

// The parts of the file that no executable section covers, ascending and disjoint. All of it where
// no section says where the code is: segments mix code and constants.
inline std::vector<FileRange> data_ranges(const ElfFile& elf) {
  const bool known = std::ranges::any_of(
      elf.sections(), [](const Section& s) { return (s.flags & SHF_EXECINSTR) != 0; });
  if (!known) return {{0, elf.bytes().size()}};
  std::vector<FileRange> out;
  std::uint64_t from = 0;
  for (const ElfFile::Range& code : elf.executable_ranges()) {
    if (!is_mapped_as_code(elf, code)) continue;
    if (code.offset > from) out.push_back({from, code.offset - from});
    from = std::max(from, code.offset + code.size);
  }
  if (from < elf.bytes().size()) out.push_back({from, elf.bytes().size() - from});
  return out;
}

}  // namespace fathom::elf
