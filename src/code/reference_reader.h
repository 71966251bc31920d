// How references are found; find_references() runs it. Private to this room.
//
// Each function is decoded once into a buffer. A first look at the buffer finds where branches of
// the function itself come in; the second one walks it with the constants in registers, and carries
// them along forward branches: a place keeps what all ways to it agree on, and one that a backward
// branch reaches keeps nothing. Buffers are reused from function to function, so that an
// instruction costs no allocation.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "code/constants.h"
#include "code/references.h"

namespace fathom::code {

// Where a branch comes in; what all ways there seen so far agree on is apart, since these are
// sorted.
struct Join {
  std::uint64_t address = 0;
  bool is_seen = false, is_lost = false;
};

struct Stored {  // the last address that was stored
  bool is_known = false;
  Register base = kNoRegister;
  std::int64_t displacement = 0;
  std::uint64_t value = 0;
  std::uint32_t place = 0;
};

class ReferenceReader {
 public:
  ReferenceReader(const Program& program, const Functions& functions, const Limits& limits);
  References run();

 private:
  void read(const Function& function);
  void decode_all();
  bool is_inside(std::uint64_t address) const {
    for (const AddressRange& range : function_->ranges)
      if (address >= range.start && address < range.end) return true;
    return false;
  }
  void index_joins();
  Join* join_at(std::uint64_t address);
  Constants& constants_at(const Join& join) {
    return at_joins_[static_cast<std::size_t>(&join - joins_.data())];
  }
  void carry(Join& join, const Constants& constants);
  void walk();
  void enter(Constants& now, Join* join, bool reached);
  void take(const Instruction& one, Constants& now);
  void branch(const Instruction& one, Constants& now);
  void follow(std::uint64_t target, const Constants& before);
  bool passes_any(const Constants& there, const Constants& before) const;
  void indirect(const Instruction& one, const Constants& now);
  std::uint64_t behind(std::uint64_t word) const;
  void add_site(std::uint64_t place, std::uint64_t target, const Constants& now);
  void note_sized(std::span<const Register> order, std::uint64_t place, const Constants& now);
  void note_sized_text(std::uint64_t address, std::uint64_t size, std::uint32_t place);
  std::uint32_t offset_of(std::uint64_t place) const {
    return static_cast<std::uint32_t>(place - function_->start);
  }
  void add(Referred kind, std::uint64_t value, std::uint32_t place, std::uint64_t size = 0,
           bool is_sized = false);

  // What one instruction says.
  void note_operands(const Instruction& one, const Constants& now);
  Register stack_pointer() const {
    return machine_ == Machine::x86_64 ? Register{x86::rsp} : arm::sp;
  }
  void note_number(std::int64_t value, std::uint64_t place, unsigned width);
  void note_access(const Instruction& one, const Constants& now);
  void note_stored(const Instruction& one, const Constants& now);
  void note_result(const Instruction& one, const Constants& now);
  void note_value(Register reg, const Constants& now);
  void flush(std::uint32_t registers, const Constants& now, const Instruction* user = nullptr);
  bool completes(const Instruction& user, Register reg) const;
  void note_address(std::uint64_t address, std::uint32_t place, unsigned size);
  void count_frame(const Instruction& one);

  // The answer.
  void keep(FunctionReferences& sums);
  void keep_distinct();
  void add_merged_sites(std::size_t first);

  struct Merged {
    std::uint64_t place, target;
    Constants constants;
  };

  const Program& program_;
  const Functions& functions_;
  const Limits& limits_;
  MemoryMap memory_;
  Machine machine_ = Machine::x86_64;
  std::uint32_t argument_mask_ = 0, lost_in_calls_ = 0;
  std::uint64_t guard_ = 0;
  References out_;

  // Of the function at hand.
  const Function* function_ = nullptr;
  FunctionReferences* current_ = nullptr;
  std::vector<Instruction> code_;
  std::vector<std::size_t> starts_of_ranges_;
  std::vector<Join> joins_;          // by address
  std::vector<Constants> at_joins_;  // of each
  std::vector<Reference> items_;
  std::vector<Merged> merged_;
  std::uint32_t pending_ = 0;
  std::array<std::uint32_t, 32> places_{};
  Stored stored_;
};

}  // namespace fathom::code
