// What a register or a word of the stack can hold at an instruction, over all paths of its
// function: followed backwards from there, through moves, spills and additions of constants, to
// constants, to what the function was given, or to what is not known. For the few places where the
// answer must hold whatever path is taken: numbers of system calls, and the arguments of those who
// make them.
//
// Cost: the function is decoded once; each question visits an instruction once for each place that
// the value comes from, at most kMostSteps. Of aliases nothing is known: a word of the stack is
// taken to change by stores to it alone.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "code/functions.h"
#include "code/memory_map.h"

namespace fathom::code {

// Where a value is: a register, or a word of the stack, `offset` bytes above where the stack
// pointer stood when the function was entered (x86_64: at the return address).
struct Location {
  Register reg = kNoRegister;  // kNoRegister: the stack
  std::int64_t offset = 0;
  auto operator<=>(const Location&) const = default;
};

struct Origins {
  std::vector<std::uint64_t> constants;  // sorted, distinct
  // What the function was given there, and what was added to it since.
  struct Given {
    Location location;
    std::int64_t added = 0;
    auto operator<=>(const Given&) const = default;
  };
  std::vector<Given> given;  // sorted, distinct
  bool is_known = true;      // false: there are others
};

class Paths {
 public:
  static constexpr std::size_t kMostSteps = 20'000;

  // What a writable word holds as long as the program runs, where that is known.
  using Unchanged = std::function<std::optional<std::uint64_t>(std::uint64_t, unsigned bytes)>;

  Paths(const MemoryMap& memory, const Functions& functions, const Function& function,
        const Unchanged& unchanged = {});

  const std::vector<Instruction>& code() const { return code_; }
  // Just before the instruction at `place`.
  Origins at(std::uint64_t place, Location location) const;
  // Just after it, when it goes on to the next one.
  Origins after(std::uint64_t place, Location location) const;
  // Where the number of a system call, or the first word that a call of its wrapper is given, comes
  // from when straight code before `place` loads it from writable memory: a variable, or what a
  // variable points at. The address of that variable.
  std::optional<std::uint64_t> memory_before(std::uint64_t place) const;
  // The place for a callee's word of the stack, seen from the call or jump to it at `place`;
  // nothing where the stack pointer is not known.
  std::optional<Location> outside(std::uint64_t place, Location of_callee) const;

 private:
  static constexpr std::int64_t kLost = std::int64_t{1} << 62;
  struct Step;
  class Walk;

  std::size_t index_of(std::uint64_t address) const;
  void find_branches();
  void follow_stack();
  void add_table(std::size_t jump);
  std::int64_t stack_after(std::size_t index) const;
  std::int64_t stack_address_in(Register reg, std::size_t index) const;
  std::optional<Location> operand_word(std::size_t index) const;

  const MemoryMap& memory_;
  const Functions& functions_;
  const Function& function_;
  const Unchanged& unchanged_;
  Machine machine_;
  std::vector<Instruction> code_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> branches_;  // (to, from), sorted
  std::vector<std::int64_t> stack_;  // of the stack pointer before each instruction
  std::int64_t frame_ = kLost;       // of the frame pointer, once it is set
};

}  // namespace fathom::code
