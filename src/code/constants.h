// The constants that general-purpose registers hold along straight code. Unlike Values it follows
// nothing but numbers and addresses, and copies, merges and forgets in a few nanoseconds, so that
// it can run over every instruction of a large program.

#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "code/memory_map.h"

namespace fathom::code {

class Constants {
 public:
  bool knows(Register reg) const { return reg < 32 && (known_ >> reg & 1) != 0; }
  std::uint64_t operator[](Register reg) const { return values_[reg]; }
  // It was computed as an address, or can be one since the program is not moved.
  bool is_address(Register reg) const { return reg < 32 && (addresses_ >> reg & 1) != 0; }
  std::uint32_t known() const { return known_; }

  void forget() { known_ = addresses_ = 0; }
  void forget(std::uint32_t registers) {
    known_ &= ~registers;
    addresses_ &= ~registers;
  }
  void set(Register reg, std::uint64_t value, bool is_address) {
    if (reg >= 32) return;
    values_[reg] = value;
    std::uint32_t bit = std::uint32_t{1} << reg;
    known_ |= bit;
    addresses_ = is_address ? addresses_ | bit : addresses_ & ~bit;
  }
  // Keeps what both agree on.
  void meet(const Constants& other);

  // Does the instruction; of calls only what they write as instructions.
  void step(const MemoryMap& memory, const Instruction& instruction);
  // The address of the memory operand, when it is known; never relative to a segment.
  std::optional<std::uint64_t> address_of(const Instruction& instruction) const;

 private:
  struct Result {
    bool known = false, is_address = false;
    std::uint64_t value = 0;
  };
  Result result_of(const MemoryMap& memory, const Instruction& instruction) const;
  Result moved(const MemoryMap& memory, const Instruction& instruction) const;
  Result calculated(const Instruction& instruction) const;

  std::uint32_t known_ = 0, addresses_ = 0;
  std::array<std::uint64_t, 32> values_;  // of those that are known
};

}  // namespace fathom::code
