// A program's memory as code finds it once it is loaded: which address is code, constant or
// writable, and what stands there. The questions that are asked of every instruction, in a form
// that answers them fast.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "code/program.h"

namespace fathom::code {

enum class MemoryKind : std::uint8_t { none, code, constant, relocated_constant, writable };

class MemoryMap {
 public:
  explicit MemoryMap(const Program& program);

  MemoryKind kind_of(std::uint64_t address) const;
  // What the file has from there on, at most to the end of its segment.
  ByteView from(std::uint64_t address) const;
  // A word of up to 8 bytes that nothing changes after loading; whether it is an address.
  struct Word {
    std::uint64_t value = 0;
    bool is_address = false;
  };
  std::optional<Word> constant_at(std::uint64_t address, unsigned bytes) const;
  // Numbers in the code may be addresses, since the program is loaded where it was linked.
  bool is_fixed() const { return is_fixed_; }
  const Program& program() const { return program_; }

 private:
  struct Region {
    std::uint64_t start = 0, end = 0;
    MemoryKind kind = MemoryKind::none;
    ByteView bytes;
  };
  const Region* region_at(std::uint64_t address) const;

  const Program& program_;
  std::vector<Region> regions_;  // by start, disjoint
  std::uint64_t lowest_ = 0, highest_ = 0;
  bool is_fixed_ = false;
};

}  // namespace fathom::code
