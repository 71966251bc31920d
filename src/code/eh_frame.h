// The unwind tables (.eh_frame, found through PT_GNU_EH_FRAME when there are no sections): where
// functions start and end, for everything that compilers emit tables for, which is nearly
// everything but C libraries built without and assembly.
// Sources: Linux Standard Base, Core, "Exception Frames"; DWARF 5, 6.4.

#pragma once

#include <cstdint>
#include <vector>

#include "code/program.h"

namespace fathom::code {

struct UnwindEntry {
  std::uint64_t start = 0, end = 0;
  std::uint64_t landing_table = 0;  // the language-specific data, 0 when there is none
  bool is_signal_frame = false;
  // Its first row of the table already has a frame: nobody calls this, it is a part of a function
  // that was put elsewhere (".cold").
  bool is_fragment = false;
};

struct UnwindTable {
  std::vector<UnwindEntry> entries;  // by start; those outside the code are left out
  std::vector<Error> problems;
};

UnwindTable read_unwind_table(const Program& program, const Limits& limits = {});

}  // namespace fathom::code
