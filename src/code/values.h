// What the general-purpose registers are known to hold along a path: constants, addresses, words
// loaded from tables, arguments. A small abstract machine, enough to resolve jump tables, addresses
// that are built from two instructions, and numbers of system calls; whatever it does not follow
// becomes unknown, never wrong.

#pragma once

#include <array>
#include <cstdint>

#include "code/program.h"

namespace fathom::code {

struct Value {
  enum class Kind : std::uint8_t {
    unknown,
    constant,  // number
    argument,  // the number-th argument of the function, unchanged
    word,      // what is stored at the address `number`
    entry,     // an entry of the table at `number`, of `size` bytes, index unknown
    offset,    // base + (an entry of the table at `number`) << shift
  };
  Kind kind = Kind::unknown;
  std::uint8_t size = 0, shift = 0;
  bool is_signed = false;
  std::uint64_t number = 0, base = 0;

  static Value constant(std::uint64_t number) { return {Kind::constant, 0, 0, false, number, 0}; }
  bool is_constant() const { return kind == Kind::constant; }
  friend bool operator==(const Value&, const Value&) = default;
};

class Values {
 public:
  // At the start of a function that is called by the usual convention.
  static Values at_entry(Machine machine);

  const Value& of(Register reg) const { return reg < 32 ? registers_[reg] : kUnknown; }
  // Does the instruction. Calls destroy what the convention lets them destroy.
  void step(const Program& program, const Instruction& instruction);
  // Keeps what both agree on; whether anything changed.
  bool meet(const Values& other);
  void forget() { registers_ = {}; }
  // The address of the memory operand, when it is known.
  std::optional<std::uint64_t> address_of(const Instruction& instruction) const;

  // For bounds of jump tables: the last number that a register was compared with.
  std::uint64_t last_compared() const { return compared_; }

 private:
  static constexpr Value kUnknown{};
  Value result_of(const Program& program, const Instruction& instruction) const;
  Value loaded(const Program& program, const Instruction& instruction) const;
  Value operand(const Instruction& instruction) const;
  Value moved(const Program& program, const Instruction& instruction) const;

  std::array<Value, 32> registers_{};
  std::uint64_t compared_ = 0;
};

// The numbers of registers by the convention of calls.
inline constexpr std::array<Register, 6> kX86Arguments = {x86::rdi, x86::rsi, x86::rdx,
                                                          x86::rcx, x86::r8,  x86::r9};
std::uint32_t registers_lost_in_calls(Machine machine);

}  // namespace fathom::code
