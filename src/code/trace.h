// Recursive descent from one address: the blocks that are reached, and what they call.

#pragma once

#include <functional>
#include <map>
#include <vector>

#include "code/functions.h"
#include "code/values.h"

namespace fathom::code {

// What the tracer must know of the rest of the program.
struct Surroundings {
  // A function is known to start here.
  std::function<bool(std::uint64_t)> is_start;
  // Start of the next function behind `address`, or the end of the code.
  std::function<std::uint64_t(std::uint64_t)> next_start;
  // This belongs to some function already.
  std::function<bool(std::uint64_t)> is_taken;
  // Whether a call of it comes back; may trace it first.
  std::function<bool(std::uint64_t)> returns;
};

struct Trace {
  std::vector<AddressRange> ranges;       // by address
  std::vector<std::uint64_t> calls;       // targets of direct calls
  std::vector<std::uint64_t> tail_jumps;  // of jumps to other functions
  std::vector<std::uint64_t> jumps_into;  // of jumps into what is taken
  std::vector<std::uint64_t> pointers;    // addresses of code that it computes
  bool is_code = true;  // false: it ran into bytes that are no instruction, or out of the code
  bool returns = false;
  std::uint64_t instructions = 0;
};

// At most `most` instructions.
Trace trace(const Program& program, const Surroundings& around, std::uint64_t start,
            std::uint64_t most);

// Where an indirect jump through a table can go; empty when there is no table. `values` are those
// before the jump.
std::vector<std::uint64_t> jump_table(const Program& program, const Instruction& jump,
                                      const Values& values);

}  // namespace fathom::code
