// The parts of an ELF file that are neither code nor for tools only (symbol tables, debug
// information): what no section covers too, for that is where payloads are appended. Sections are
// borders that no text crosses.

#pragma once

#include <cstdint>
#include <vector>

#include "elf/elf_file.h"

namespace fathom {

// A part of the file that no border crosses.
struct Piece {
  std::uint64_t offset = 0, size = 0;
  bool symbol_names = false;
  bool plain_data = false;  // what compilers put there: no symbols, relocations, unwind tables
};
// By offset, disjoint.
std::vector<Piece> pieces_of(const elf::ElfFile& elf);

}  // namespace fathom
