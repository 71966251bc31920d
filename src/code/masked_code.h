// The code of a function without what depends on where the linker put it: two builds of one source
// that were linked differently have the same masked code.
//
// Masked are the operands that hold an address: displacements relative to the program counter,
// branches that leave the range, absolute addresses in programs that are not moved, and on AArch64
// the halves of page addresses. What each of them refers to is listed in its stead, so that a call
// of another function or another text still shows. Registers, other immediates, offsets in structs
// and the layout inside a range stay as they are.
//
// Not told apart: in a program at fixed addresses, a number of 32 bits that lies in the program and
// an address. A change from one to another such number shows only by what is there.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "code/functions.h"
#include "code/memory_map.h"
#include "code/references.h"

namespace fathom::code {

struct MaskedReference {
  enum class Kind : std::uint8_t {
    function,  // value: index of Functions::list
    name,      // of what is imported, or of data that a symbol names; value: hash of the name
    text,      // value: hash of the text, normalised
    constant,  // value: hash of the bytes that are loaded from constant memory
    data,      // anything else in the program
  };
  Kind kind = Kind::data;
  std::uint64_t value = 0;
  auto operator<=>(const MaskedReference&) const = default;
};

struct MaskedCode {
  std::uint64_t exact = 0;   // XXH3 of the bytes as they are
  std::uint64_t masked = 0;  // … with addresses masked
  std::uint32_t instructions = 0;
  std::vector<MaskedReference> references;  // in the order of the code
  // The smallest hashes of the kinds of three instructions in a row, at most kSketch of them,
  // sorted: functions that are alike share many.
  static constexpr std::size_t kSketch = 32;
  std::vector<std::uint32_t> sketch;
};

class Masker {
 public:
  // All must outlive it.
  Masker(const Program& program, const Functions& functions, const References& references);

  MaskedCode mask(std::size_t function) const;

 private:
  const Program& program_;
  const Functions& functions_;
  const References& references_;
  MemoryMap memory_;
  std::vector<Symbol> data_symbols_;  // named data, by address
};

// A text without what two builds of the same sources differ in: the folders in front of a file's
// name, and dates and times as compilers write them.
std::string normalised(std::string_view text);

}  // namespace fathom::code
