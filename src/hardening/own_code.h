// Static programs carry the C library's checks whether they ask for them or not. Where the
// functions of that library are known by their code, the calls of the rest tell what the program
// itself was compiled with.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/hardening.h"

namespace fathom::hardening {

// A function of the C library that is called from code which is not the library's.
struct NamedCall {
  std::string_view name;
  std::uint64_t caller = 0;  // address of the first function that does
  std::size_t callers = 0;
};

// Settles "stack_protector" and "fortify" of a static program where they are not known yet.
// `protector_is_there`: the function that is called when a stack was smashed is among those with a
// name, so that nobody calling it says something.
void settle_by_own_calls(HardeningRow& row, const std::vector<NamedCall>& calls,
                         bool protector_is_there);

}  // namespace fathom::hardening
