// Symbols and version requirements: what a file names, asks for and offers.
// Source: gABI chapters 4 and 5 (symbol table, hash table); "DT_GNU_HASH" as binutils and glibc
// have it; LSB Core, "Symbol Versioning".

#pragma once

#include <string_view>
#include <vector>

#include "elf/elf_file.h"

namespace fathom::elf {

struct Symbol {
  std::string_view name;
  std::uint64_t value = 0, size = 0;
  std::uint64_t offset = 0;  // of the entry, in the file
  std::uint16_t section = 0;
  std::uint8_t type = 0, binding = 0;  // STT_*, STB_*
  bool is_undefined() const { return section == 0; }
};

// Lists view the file. What cannot be read is left out and said in `problems`.
struct SymbolList {
  std::vector<Symbol> symbols;  // without the null symbol and without nameless ones
  std::vector<Error> problems;
};

// What the dynamic linker sees: DT_SYMTAB, whose length only the hash tables tell. Where there is
// neither DT_HASH nor DT_GNU_HASH, the section headers tell it.
SymbolList dynamic_symbols(const ElfFile& elf, const Limits& limits);

// .symtab, which strip takes away.
SymbolList static_symbols(const ElfFile& elf, const Limits& limits);

struct VersionNeed {
  std::string_view file;  // a DT_NEEDED name
  std::string_view version;
  bool weak = false;
};
struct VersionNeedList {
  std::vector<VersionNeed> needs;  // in file order
  std::vector<Error> problems;
};
VersionNeedList version_needs(const ElfFile& elf, const Limits& limits);

}  // namespace fathom::elf
