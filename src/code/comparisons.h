// What a function compares: fields of structures, by their offset, and numbers. How often a field
// is compared hardly depends on the compiler, and a fix often is one comparison more.
//
// A field is memory at a distance from a register that is neither the stack pointer nor the program
// counter, compared where it lies or after it was loaded into a register in the same straight code.
// Frame pointers look like structures: whoever uses this must ask what stays the same under several
// compilers.
//
// Cost: the function is decoded once.

#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "code/functions.h"

namespace fathom::code {

struct Comparison {
  std::uint64_t place = 0;
  std::uint8_t width = 0;  // bytes that are compared
  bool has_number = false, has_field = false;
  std::int64_t number = 0;  // what with; tests for zero are comparisons with 0
  std::int32_t field = 0;   // offset
  auto operator<=>(const Comparison&) const = default;
};

// By place.
std::vector<Comparison> comparisons_of(const Program& program, const Function& function);

}  // namespace fathom::code
