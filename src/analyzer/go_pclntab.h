// Go's function table (runtime.pclntab): every Go program carries it, stripped or not, because
// the runtime unwinds its stacks with it. Here it says how much of a program's code is Go's.
// Source: cmd/link/internal/ld/pcln.go and debug/gosym/pclntab.go of each Go release.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "elf/elf_file.h"

namespace fathom {

struct GoFunctionTable {
  std::uint64_t offset = 0;  // of the header, in the file
  std::uint32_t magic = 0;   // in the table's own byte order: 0xfffffff1
  std::uint64_t functions = 0;
  // End of the last function minus start of the first, from the table's last entry. 0 when the
  // entries are filled in by the dynamic linker (position-independent programs up to Go 1.17).
  std::uint64_t text_bytes = 0;

  // The Go releases that write this magic, inclusive; the upper end is empty for the current form.
  std::string_view oldest_release() const;
  std::string_view newest_release() const;
};

// In the section that holds it, else by its magic in what is loaded. Linear in the file.
std::optional<GoFunctionTable> find_go_function_table(const elf::ElfFile& elf);

// The file ranges that PT_LOAD segments map with one of the wanted permissions and without any of
// the unwanted ones, sorted and disjoint whatever the headers claim, so that a search over all of
// them is linear. Flags are PF_R = 4, PF_W = 2, PF_X = 1.
struct LoadedRange {
  std::uint64_t offset = 0, size = 0, address = 0;
};
std::vector<LoadedRange> loaded_ranges(const elf::ElfFile& elf, std::uint32_t wanted,
                                       std::uint32_t unwanted);

}  // namespace fathom
