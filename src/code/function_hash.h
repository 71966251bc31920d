// Hashes of functions that survive linking: the same code has the same hash in a relocatable
// object and in every program it was linked into. docs/function-hashes.md is the definition for
// people; a change of it is a change of kFunctionHashVersion, and of all data made with it.
//
//   exact  every byte but what the linker fills in and what depends on where the code lies
//   loose  also without 32-bit immediates (x86_64) and 16-bit ones of moves (AArch64): line numbers
//          and other constants that change with each release
//
// A hash is of one range of code, from a function's start to its end; parts that the compiler put
// elsewhere (".cold") are ranges of their own. No-operations are left out. What linkers rewrite
// (loads through the global offset table, accesses to thread-local storage) hashes as what it
// becomes.
//
// Equal hashes mean equal instructions, not equal functions: which texts, data and callees they
// name is not in the hash. `calls` has the callees in order, which a caller can compare by name.

#pragma once

#include <cstdint>
#include <vector>

#include "code/program.h"

namespace fathom::code {

inline constexpr std::uint32_t kFunctionHashVersion = 1;

struct FunctionHash {
  std::uint64_t exact = 0, loose = 0;
  std::uint32_t bytes = 0;         // from the start, without no-operations at the end
  std::uint32_t instructions = 0;  // that were hashed
  // Where its calls, and its jumps out of [start, end), go, in order; 0: through a pointer in
  // memory that no fixup explains. A call through the linkage table has the address of the word.
  std::vector<std::uint64_t> calls;
};

class FunctionHasher {
 public:
  explicit FunctionHasher(const Program& program);

  // Of the code in [start, end), which lies in one range of code. Cost: about that of decoding.
  FunctionHash hash(std::uint64_t start, std::uint64_t end) const;

 private:
  const Program& program_;
  // Where numbers in the code may be addresses; empty for programs that can be moved.
  std::uint64_t lowest_ = 0, highest_ = 0;
};

}  // namespace fathom::code
