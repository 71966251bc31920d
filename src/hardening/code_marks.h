// What compilers leave in the code itself: byte sequences that mean one thing wherever they stand.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "elf/elf_file.h"

namespace fathom::hardening {

// Places of one kind of sequence, as offsets in the file.
struct Marks {
  std::uint64_t count = 0;
  std::uint64_t first = 0;             // of `count` > 0
  std::vector<std::uint64_t> offsets;  // all of them, where somebody asks for more than the count
  void add(std::uint64_t offset, bool keep = false) {
    if (count++ == 0) first = offset;
    if (keep) offsets.push_back(offset);
  }
};

struct CodeMarks {
  bool reads_canaries = false;  // whether `canaries` means anything on this machine
  bool reads_probes = false;    // … `probes` and `unprobed`
  bool reads_frames = false;    // … `frames`
  Marks canaries;  // reads of the stack protector's guard value, at least one a function
  Marks probes;    // a page of stack taken and touched: -fstack-clash-protection, Rust
  // 16 bytes of stack or more taken for locals, with all offsets; only where there are canaries.
  Marks frames;
  Marks unprobed;      // more than a page of stack taken at once
  Marks landing_pads;  // endbr64, endbr32, bti
  Marks signing;       // paciasp, pacibsp
};

CodeMarks code_marks(const elf::ElfFile& elf);

}  // namespace fathom::hardening
