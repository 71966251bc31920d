// How an ELF file is hardened, from its bytes alone: one check per row of the table in checks.cc,
// each with what was seen and where. docs/hardening.md explains the checks and their values. What a
// file does not tell is "unknown", never guessed.

#pragma once

#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "elf/elf_file.h"
#include "facts/facts.h"

namespace fathom::hardening {

// Programs and shared objects: what the kernel or a dynamic linker maps.
bool is_mapped(const ElfFacts& facts);

// Fills in language, libc and hardening of `facts`, which already say the rest of the file. Returns
// what could not be read.
std::vector<Error> examine(const elf::ElfFile& elf, const Limits& limits, ElfFacts& facts);

}  // namespace fathom::hardening
