// The numbers of the ELF specification, by their names there. Not <elf.h>: it is not everywhere,
// and its macros collide with everything.

#pragma once

#include <cstdint>

namespace fathom::elf {

enum : std::uint16_t { ET_NONE = 0, ET_REL = 1, ET_EXEC = 2, ET_DYN = 3, ET_CORE = 4 };
enum : std::uint16_t { EM_386 = 3, EM_X86_64 = 62, EM_AARCH64 = 183 };

enum : std::uint16_t {
  PN_XNUM = 0xffff,     // e_phnum: the count is in section 0's sh_info
  SHN_XINDEX = 0xffff,  // e_shstrndx: the index is in section 0's sh_link
};

enum : std::uint32_t { PT_NULL = 0, PT_LOAD = 1, PT_DYNAMIC = 2, PT_INTERP = 3, PT_NOTE = 4 };
enum : std::uint32_t {
  PT_TLS = 7,
  PT_GNU_STACK = 0x6474e551,
  PT_GNU_RELRO = 0x6474e552,
};
enum : std::uint32_t { PF_X = 1, PF_W = 2, PF_R = 4 };

enum : std::uint32_t {
  SHT_NULL = 0,
  SHT_PROGBITS = 1,
  SHT_SYMTAB = 2,
  SHT_STRTAB = 3,
  SHT_DYNAMIC = 6,
  SHT_NOTE = 7,
  SHT_NOBITS = 8,
  SHT_GNU_verdef = 0x6ffffffd,
};
enum : std::uint64_t { SHF_WRITE = 1, SHF_ALLOC = 2, SHF_EXECINSTR = 4 };

enum : std::uint64_t {
  DT_NULL = 0,
  DT_NEEDED = 1,
  DT_HASH = 4,
  DT_STRTAB = 5,
  DT_SYMTAB = 6,
  DT_STRSZ = 10,
  DT_SONAME = 14,
  DT_RPATH = 15,
  DT_TEXTREL = 22,
  DT_BIND_NOW = 24,
  DT_RUNPATH = 29,
  DT_FLAGS = 30,
  DT_GNU_HASH = 0x6ffffef5,
  DT_FLAGS_1 = 0x6ffffffb,
  DT_VERDEF = 0x6ffffffc,
  DT_VERDEFNUM = 0x6ffffffd,
  DT_VERNEED = 0x6ffffffe,
  DT_VERNEEDNUM = 0x6fffffff,
};
enum : std::uint64_t { DF_1_NOW = 1, DF_1_NODEFLIB = 0x800, DF_1_PIE = 0x08000000 };
enum : std::uint64_t { DF_TEXTREL = 4, DF_BIND_NOW = 8 };  // DT_FLAGS
enum : std::uint16_t { VER_FLG_BASE = 1, VER_FLG_WEAK = 2 };

enum : std::uint32_t { NT_GNU_BUILD_ID = 3, NT_GO_BUILD_ID = 4, NT_GNU_PROPERTY_TYPE_0 = 5 };

// Symbols: st_info's low and high half, st_shndx.
enum : std::uint8_t { STT_FUNC = 2, STT_GNU_IFUNC = 10, STB_LOCAL = 0, STB_WEAK = 2 };
enum : std::uint16_t { SHN_UNDEF = 0 };

}  // namespace fathom::elf
