// Which function has which bytes of the code. What is taken stays taken: of an overlap the first
// one keeps the bytes.

#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "code/code_bits.h"
#include "code/functions.h"

namespace fathom::code {

class CodeOwners {
 public:
  // Of linkage stubs and of what fills the space between functions.
  static constexpr std::uint64_t kNobody = ~std::uint64_t{0};
  struct Block {
    std::uint64_t end = 0, function = 0;  // the function's start
  };

  explicit CodeOwners(const Program& program) : may_be_taken_(program) {}

  // Null when nobody has it. Cheap when nobody ever had.
  const Block* at(std::uint64_t address) const {
    return may_be_taken_.contains(address) ? find(address) : nullptr;
  }
  // The last block that begins at or before `address`, wherever it ends.
  const Block* before(std::uint64_t address) const;

  // The first address from `address` on that nobody has.
  std::uint64_t first_free(std::uint64_t address) const;

  // Of the ranges what nobody has.
  void claim(std::uint64_t function, std::span<const AddressRange> ranges);
  // [start, end), whoever has what is in it.
  void put(std::uint64_t start, std::uint64_t end, std::uint64_t function);
  // What the function has in these ranges.
  void release(std::uint64_t function, std::span<const AddressRange> ranges);

 private:
  const Block* find(std::uint64_t address) const;

  std::map<std::uint64_t, Block> blocks_;  // by start
  CodeBits may_be_taken_;                  // is, or was
};

}  // namespace fathom::code
