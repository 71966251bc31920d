// Recursive descent from one address: the blocks that are reached, and what they call.

#pragma once

#include <functional>
#include <vector>

#include "code/code_bits.h"
#include "code/code_owners.h"
#include "code/functions.h"
#include "code/values.h"

namespace fathom::code {

// What the tracer must know of the rest of the program.
struct Surroundings {
  const CodeBits& starts;  // where functions are known to start
  const CodeOwners& owners;
  // Whether a call of it comes back; may trace it first.
  std::function<bool(std::uint64_t)> returns;

  bool is_start(std::uint64_t address) const { return starts.contains(address); }
  // This belongs to some function already.
  bool is_taken(std::uint64_t address) const { return owners.at(address) != nullptr; }
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
