// A relocatable object, laid out so that its code can be read as that of a program: every section
// stands at the address that is its offset in the file, and each field that a linker would fill in
// holds what it would hold then. What the object does not define (other functions, the global
// offset table, zero-filled data) lies behind the end of the file, at addresses without bytes.
//
// Nothing is merged and nothing left out, so a function's bytes differ from the file's in
// relocated fields only, and those are listed.
// Sources: System V ABI, processor supplements for AMD64 (4.4) and AArch64 (ELF for the Arm 64-bit
// Architecture, 5.7).

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "code/program.h"

namespace fathom::code {

// What `Program` needs of an object.
struct ObjectLayout {
  Bytes image;  // the file with its fields filled in
  std::vector<Mapping> mappings;
  std::vector<LinkerField> fields;  // by place
  std::vector<Fixup> fixups;        // by place, one each: words of data, imports, table entries
  std::vector<Symbol> symbols;      // in the file's order
  std::vector<Error> problems;
};

// `elf` is ET_REL, 64 bits, little-endian. Work is in proportion to the file.
ObjectLayout lay_out_object(const elf::ElfFile& elf, Machine machine, const Limits& limits);

}  // namespace fathom::code
