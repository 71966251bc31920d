// In how many of a program's functions something stands, where it can be told where they begin.

#pragma once

#include <cstdint>

#include "hardening/subject.h"

namespace fathom::hardening {

struct Share {
  std::uint64_t functions = 0, with = 0;
  bool framed = false;  // `functions` counts only those that take stack for locals
};

// Functions that read the canary, of those that have a frame to protect (of all, where frames are
// not recognised). They begin where .symtab says, else where the search table of .eh_frame_hdr
// does, which is there in stripped files too. Zero functions: neither is there.
Share protected_functions(const Subject& s);

}  // namespace fathom::hardening
