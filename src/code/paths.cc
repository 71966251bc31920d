#include "code/paths.h"

#include <algorithm>
#include <set>

#include "code/trace.h"
#include "code/values.h"

namespace fathom::code {

namespace {

constexpr std::size_t kBeforeTable = 48;  // instructions looked at for a jump's table

Register stack_pointer(Machine machine) {
  return machine == Machine::x86_64 ? Register{x86::rsp} : arm::sp;
}
Register frame_pointer(Machine machine) {
  return machine == Machine::x86_64 ? Register{x86::rbp} : Register{29};
}

}  // namespace

Paths::Paths(const MemoryMap& memory, const Functions& functions, const Function& function,
             const Unchanged& unchanged)
    : memory_(memory),
      functions_(functions),
      function_(function),
      unchanged_(unchanged),
      machine_(memory.program().machine()) {
  for (const AddressRange& range : function.ranges) {
    const CodeRange* code = memory.program().code_at(range.start);
    if (code == nullptr) continue;
    for (std::uint64_t at = range.start; at < range.end && code->contains(at);) {
      code_.push_back(decode(machine_, code->bytes.subspan(at - code->address), at));
      at = code_.back().end();
    }
  }
  find_branches();
  follow_stack();
}

// code_.size() when no instruction starts there.
std::size_t Paths::index_of(std::uint64_t address) const {
  auto at = std::lower_bound(
      code_.begin(), code_.end(), address,
      [](const Instruction& one, std::uint64_t wanted) { return one.address < wanted; });
  return at != code_.end() && at->address == address ? static_cast<std::size_t>(at - code_.begin())
                                                     : code_.size();
}

void Paths::find_branches() {
  for (std::size_t i = 0; i < code_.size(); ++i) {
    const Instruction& one = code_[i];
    if (one.op == Op::jump_indirect) add_table(i);
    if (one.op != Op::jump && one.op != Op::jump_if) continue;
    std::size_t to = index_of(one.target);
    if (to < code_.size())
      branches_.emplace_back(static_cast<std::uint32_t>(to), static_cast<std::uint32_t>(i));
  }
  std::sort(branches_.begin(), branches_.end());
}

void Paths::add_table(std::size_t jump) {
  std::size_t first = jump;
  while (first > 0 && jump - first < kBeforeTable &&
         code_[first - 1].end() == code_[first].address && !code_[first - 1].ends_flow())
    --first;
  Values values;
  for (std::size_t i = first; i < jump; ++i) values.step(memory_.program(), code_[i]);
  for (std::uint64_t target : jump_table(memory_.program(), code_[jump], values)) {
    std::size_t to = index_of(target);
    if (to < code_.size())
      branches_.emplace_back(static_cast<std::uint32_t>(to), static_cast<std::uint32_t>(jump));
  }
}

// The stack pointer before each instruction, by the first way that leads there.
void Paths::follow_stack() {
  stack_.assign(code_.size(), kLost);
  std::size_t start = index_of(function_.start);
  if (start < code_.size()) stack_[start] = 0;
  constexpr int kRounds = 3;  // enough for what jumps back to a part before it
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < code_.size(); ++i) {
      if (stack_[i] == kLost) continue;
      const Instruction& one = code_[i];
      bool sets_frame = one.destination == frame_pointer(machine_) &&
                        one.source == stack_pointer(machine_) &&
                        (one.op == Op::mov || one.op == Op::add);
      if (sets_frame && frame_ == kLost)
        frame_ = stack_[i] + (one.has_immediate ? one.immediate : 0);
      std::int64_t after = stack_after(i);
      bool goes_on = !one.ends_flow() && i + 1 < code_.size() && code_[i + 1].address == one.end();
      if (goes_on && stack_[i + 1] == kLost) stack_[i + 1] = after;
      if (one.op != Op::jump && one.op != Op::jump_if) continue;
      std::size_t to = index_of(one.target);
      if (to < code_.size() && stack_[to] == kLost) stack_[to] = after;
    }
    for (auto [to, from] : branches_)
      if (stack_[to] == kLost) stack_[to] = stack_[from];
  }
}

std::int64_t Paths::stack_after(std::size_t index) const {
  const Instruction& one = code_[index];
  std::int64_t now = stack_[index];
  Register sp = stack_pointer(machine_);
  bool moves_base = machine_ == Machine::aarch64 && one.memory.base == sp &&
                    (one.writes >> sp & 1) && one.destination != sp;
  if (moves_base) return now + (one.has_immediate ? one.immediate : one.memory.displacement);
  switch (one.op) {
    case Op::push:
      return now - 8;
    case Op::pop:
      return now + 8;
    case Op::leave:
      return frame_ == kLost ? kLost : frame_ + 8;
    default:
      break;
  }
  if (one.destination != sp) return now;
  bool by_number =
      (one.op == Op::sub || one.op == Op::add) && one.has_immediate && one.source == sp;
  if (by_number) return one.op == Op::sub ? now - one.immediate : now + one.immediate;
  if (one.op == Op::lea && one.memory.index == kNoRegister && one.memory.base == sp)
    return now + one.memory.displacement;
  bool from_frame = one.op == Op::lea && one.memory.index == kNoRegister &&
                    one.memory.base == frame_pointer(machine_) && frame_ != kLost;
  if (from_frame) return frame_ + one.memory.displacement;
  if (one.op == Op::mov && one.source == frame_pointer(machine_)) return frame_;
  return kLost;
}

// What a register holds when straight code before has put an address on the stack there.
std::int64_t Paths::stack_address_in(Register reg, std::size_t index) const {
  constexpr std::size_t kMostBack = 24;
  if (reg >= 32) return kLost;
  for (std::size_t back = 0; back < kMostBack && index > 0; ++back) {
    --index;
    const Instruction& one = code_[index];
    if (one.end() != code_[index + 1].address || one.ends_flow()) return kLost;
    if (one.op == Op::call || one.op == Op::call_indirect) return kLost;
    if (!(one.writes >> reg & 1)) continue;
    bool from_stack = one.op == Op::lea && one.destination == reg && !one.has_target &&
                      one.memory.base == stack_pointer(machine_) &&
                      one.memory.index == kNoRegister && stack_[index] != kLost;
    return from_stack ? stack_[index] + one.memory.displacement : kLost;
  }
  return kLost;
}

// The word of the stack that the memory operand names.
std::optional<Location> Paths::operand_word(std::size_t index) const {
  const Instruction& one = code_[index];
  if (!one.has_memory() || one.memory.index != kNoRegister || one.memory.segment) return {};
  std::int64_t base = kLost;
  if (one.memory.base == stack_pointer(machine_)) base = stack_[index];
  if (one.memory.base == frame_pointer(machine_)) base = frame_;
  if (base == kLost) base = stack_address_in(one.memory.base, index);
  if (base == kLost) return {};
  return Location{kNoRegister, base + one.memory.displacement};
}

std::optional<Location> Paths::outside(std::uint64_t place, Location of_callee) const {
  if (of_callee.reg != kNoRegister) return of_callee;
  std::size_t index = index_of(place);
  if (index >= code_.size() || stack_[index] == kLost) return {};
  bool pushes = machine_ == Machine::x86_64 &&
                (code_[index].op == Op::call || code_[index].op == Op::call_indirect);
  return Location{kNoRegister, stack_[index] + of_callee.offset - (pushes ? 8 : 0)};
}

// What one instruction says about a value that is wanted after it.
struct Paths::Step {
  // partly: the lowest byte or two are `constant`, the rest is what it was.
  enum class Kind : std::uint8_t { same, moved, chosen, constant, partly, unknown };
  Kind kind = Kind::same;
  Location location;       // moved, chosen: where it was before
  std::int64_t added = 0;  // moved
  std::uint64_t constant = 0;
  std::uint64_t mask = 0;  // partly
};

class Paths::Walk {
 public:
  explicit Walk(const Paths& paths) : paths_(paths) {}

  Origins before(std::size_t index, Location location) {
    want({index, location});
    return run();
  }
  Origins after(std::size_t index, Location location) {
    go_over(index, {index, location});
    return run();
  }

 private:
  Origins run() {
    while (!queue_.empty() && out_.is_known) {
      Wanted wanted = queue_.back();
      queue_.pop_back();
      look_before(wanted);
    }
    auto tidy = [](auto& list) {
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
    };
    tidy(out_.constants);
    tidy(out_.given);
    return std::move(out_);
  }

  // The value that is at `location` before the instruction `index`, plus `added`.
  struct Wanted {
    std::size_t index = 0;
    Location location;
    std::int64_t added = 0;
    std::uint64_t mask = 0, bits = 0;  // bits of it that are known already
    auto operator<=>(const Wanted&) const = default;
  };

  void want(const Wanted& wanted) {
    if (!seen_.insert(wanted).second) return;
    if (seen_.size() > kMostSteps) out_.is_known = false;
    queue_.push_back(wanted);
  }

  void look_before(const Wanted& wanted) {
    const std::vector<Instruction>& code = paths_.code_;
    bool has_way = false;
    if (code[wanted.index].address == paths_.function_.start) {
      if (wanted.mask != 0)
        out_.is_known = false;
      else
        out_.given.push_back({wanted.location, wanted.added});
      has_way = true;
    }
    if (wanted.index > 0 && falls_through(wanted.index - 1, wanted.index)) {
      has_way = true;
      cross(wanted.index - 1, wanted, false);
    }
    auto branch = std::lower_bound(paths_.branches_.begin(), paths_.branches_.end(),
                                   std::pair(static_cast<std::uint32_t>(wanted.index), 0u));
    for (; branch != paths_.branches_.end() && branch->first == wanted.index; ++branch) {
      has_way = true;
      cross(branch->second, wanted, true);
    }
    // Nothing leads to what aligns the next block; else it is a handler, or a case of a table that
    // was not resolved.
    if (!has_way && code[wanted.index].op != Op::nop) out_.is_known = false;
  }

  bool falls_through(std::size_t before, std::size_t index) const {
    const Instruction& one = paths_.code_[before];
    if (one.end() != paths_.code_[index].address || one.ends_flow()) return false;
    if (one.op != Op::call) return true;
    const Function* callee = paths_.functions_.starting_at(one.target);
    return callee == nullptr || callee->returns;
  }

  // Over the way from one instruction to another. A register that a branch has just found to be
  // zero is zero on that way.
  void cross(std::size_t index, const Wanted& wanted, bool taken) {
    if (wanted.location.reg != kNoRegister && is_zero_after(index, wanted.location.reg, taken)) {
      auto value = static_cast<std::uint64_t>(wanted.added);
      out_.constants.push_back((value & ~wanted.mask) | wanted.bits);
      return;
    }
    go_over(index, wanted);
  }

  // test reg, reg; je (taken) or jne (not taken).
  bool is_zero_after(std::size_t index, Register reg, bool taken) const {
    const std::vector<Instruction>& code = paths_.code_;
    if (paths_.machine_ != Machine::x86_64 || code[index].op != Op::jump_if || index == 0)
      return false;
    const Instruction& test = code[index - 1];
    bool tests = test.op == Op::test && test.source == reg && test.source2 == reg &&
                 !test.has_memory() && test.width >= 4 && test.end() == code[index].address;
    if (!tests) return false;
    const CodeRange* range = paths_.memory_.program().code_at(code[index].address);
    std::span<const std::uint8_t> bytes =
        range->bytes.subspan(code[index].address - range->address);
    std::uint8_t condition = bytes[code[index].length == 2 ? 0 : 1] & 0x0f;
    return condition == (taken ? 4 : 5);  // e, ne
  }

  void go_over(std::size_t index, const Wanted& wanted) {
    Step step = step_of(index, wanted.location);
    Wanted before = wanted;
    before.index = index;
    switch (step.kind) {
      case Step::Kind::same:
        return want(before);
      case Step::Kind::chosen:
        want(before);
        [[fallthrough]];
      case Step::Kind::moved:
        if (wanted.mask != 0 && step.added != 0) return lose();
        before.location = step.location;
        before.added += step.added;
        return want(before);
      case Step::Kind::constant: {
        std::uint64_t value = step.constant + static_cast<std::uint64_t>(wanted.added);
        out_.constants.push_back((value & ~wanted.mask) | wanted.bits);
        return;
      }
      case Step::Kind::partly:
        if (wanted.added != 0) return lose();
        before.bits = (step.constant & step.mask & ~wanted.mask) | wanted.bits;
        before.mask |= step.mask;
        return want(before);
      case Step::Kind::unknown:
        return lose();
    }
  }

  void lose() { out_.is_known = false; }

  static Step constant(std::uint64_t value) { return {Step::Kind::constant, {}, 0, value, 0}; }
  static Step moved(Location from, std::int64_t added = 0) {
    return {Step::Kind::moved, from, added, 0, 0};
  }
  static Step unknown() { return {Step::Kind::unknown, {}, 0, 0, 0}; }

  Step step_of(std::size_t index, Location wanted) const {
    const Instruction& one = paths_.code_[index];
    return wanted.reg == kNoRegister ? on_stack(index, one, wanted)
                                     : in_register(index, one, wanted);
  }

  Step on_stack(std::size_t index, const Instruction& one, Location wanted) const {
    if (one.op == Op::push) {
      if (paths_.stack_[index] == kLost) return unknown();
      if (paths_.stack_[index] - 8 != wanted.offset) return {};
      return one.has_memory() ? unknown() : stored(one);
    }
    if (one.memory.access != Access::write && one.memory.access != Access::read_write) return {};
    std::optional<Location> word = paths_.operand_word(index);
    if (!word) return {};
    if (one.op == Op::store_pair && word->offset + one.width == wanted.offset)
      return one.source2 == arm::zr ? constant(0) : moved({one.source2, 0});
    if (word->offset != wanted.offset) {
      std::int64_t size = one.width == 0 ? 16 : one.width;
      bool overlaps = word->offset < wanted.offset + 4 && wanted.offset < word->offset + size;
      return overlaps ? unknown() : Step{};
    }
    bool plain = (one.op == Op::mov || one.op == Op::store_pair) && one.width >= 4;
    return plain ? stored(one) : unknown();
  }

  static Step stored(const Instruction& one) {
    if (one.source < 32) return moved({one.source, 0});
    if (one.source == arm::zr) return constant(0);
    return one.has_immediate ? constant(static_cast<std::uint64_t>(one.immediate)) : unknown();
  }

  Step in_register(std::size_t index, const Instruction& one, Location wanted) const {
    Register reg = wanted.reg;
    if (one.op == Op::call || one.op == Op::call_indirect) {
      std::uint32_t lost = registers_lost_in_calls(paths_.machine_) | one.writes;
      return lost >> reg & 1 ? unknown() : Step{};
    }
    if (!(one.writes >> reg & 1)) return {};
    if (one.op == Op::pop && one.destination == reg)
      return paths_.stack_[index] == kLost ? unknown() : moved({kNoRegister, paths_.stack_[index]});
    if (one.op == Op::load_pair) return of_pair(index, one, reg);
    if (one.destination != reg) return unknown();
    return written(index, one);
  }

  Step of_pair(std::size_t index, const Instruction& one, Register reg) const {
    std::optional<Location> word = paths_.operand_word(index);
    if (!word || one.destination != reg) return unknown();
    return moved(*word);
  }

  Step written(std::size_t index, const Instruction& one) const {
    switch (one.op) {
      case Op::mov:
      case Op::zero_extend:
      case Op::sign_extend:
        return copied(index, one);
      case Op::mov_keep:
        return unknown();
      case Op::xor_:
      case Op::sub:
      case Op::add:
        return calculated(one);
      case Op::inc:
      case Op::dec:
        return one.source < 32 ? moved({one.source, 0}, one.op == Op::inc ? 1 : -1) : unknown();
      case Op::lea:
        return address(one);
      case Op::cmov:  // AArch64: csinc and its kin change what they choose
        if (paths_.machine_ == Machine::aarch64 || one.has_memory() || one.source2 >= 32)
          return unknown();
        return {Step::Kind::chosen, {one.source2, 0}, 0, 0, 0};
      default:
        return unknown();
    }
  }

  Step copied(std::size_t index, const Instruction& one) const {
    if (one.width < 4 && one.op == Op::mov) {
      if (!one.has_immediate || one.has_memory()) return unknown();
      std::uint64_t mask = one.width == 1 ? 0xff : 0xffff;
      return {Step::Kind::partly, {}, 0, static_cast<std::uint64_t>(one.immediate), mask};
    }
    if (!one.has_memory()) return stored(one);
    if (std::optional<Location> word = paths_.operand_word(index)) return moved(*word);
    Named address{one};
    if (!address.is_known) return unknown();
    if (auto word = paths_.memory_.constant_at(address.value, one.width))
      return constant(word->value);
    std::optional<std::uint64_t> value;
    if (paths_.unchanged_) value = paths_.unchanged_(address.value, one.width);
    return value ? constant(*value) : unknown();
  }

  struct Named {
    explicit Named(const Instruction& one)
        : is_known(one.has_target && one.memory.segment == 0), value(one.target) {}
    bool is_known;
    std::uint64_t value;
  };

  Step calculated(const Instruction& one) const {
    bool same = one.source == one.source2 && one.source < 32 && !one.has_memory();
    if (same && one.op != Op::add) return constant(0);
    if (one.op == Op::xor_ || one.has_memory() || !one.has_immediate || one.source >= 32)
      return unknown();
    return moved({one.source, 0}, one.op == Op::add ? one.immediate : -one.immediate);
  }

  Step address(const Instruction& one) const {
    if (one.has_target) return constant(one.target);
    if (one.memory.index != kNoRegister || one.memory.base >= 32) return unknown();
    return moved({one.memory.base, 0}, one.memory.displacement);
  }

  const Paths& paths_;
  Origins out_;
  std::vector<Wanted> queue_;
  std::set<Wanted> seen_;
};

std::optional<std::uint64_t> Paths::memory_before(std::uint64_t place) const {
  constexpr std::size_t kMostBack = 96;
  std::size_t index = index_of(place);
  if (index >= code_.size()) return {};
  bool is_instruction = code_[index].op == Op::syscall;
  Register reg = machine_ == Machine::aarch64
                     ? Register{static_cast<std::uint8_t>(is_instruction ? 8 : 0)}
                     : Register{x86::rax};
  Location wanted{reg, 0};
  for (std::size_t back = 0; back < kMostBack && index > 0; ++back) {
    auto joined = std::lower_bound(branches_.begin(), branches_.end(),
                                   std::pair(static_cast<std::uint32_t>(index), 0u));
    if (joined != branches_.end() && joined->first == index) return {};
    --index;
    const Instruction& one = code_[index];
    if (one.end() != code_[index + 1].address || one.ends_flow()) return {};
    if (wanted.reg == kNoRegister) {
      // Copied in a vector register: the load stands right before the store.
      std::optional<Location> word = operand_word(index);
      bool stores = word && one.memory.access == Access::write && word->offset <= wanted.offset &&
                    wanted.offset < word->offset + 16;
      if (!stores) continue;
      if (one.op != Op::vector) {
        if (one.op != Op::mov || one.source >= 32 || word->offset != wanted.offset) return {};
        wanted = {one.source, 0};
        continue;
      }
      const Instruction& load = index > 0 ? code_[index - 1] : one;
      if (load.op != Op::vector || load.memory.access != Access::read) return {};
      if (load.has_target && load.memory.segment == 0) return load.target;
      if (load.memory.base >= 32 || load.memory.index != kNoRegister) return {};
      wanted = {load.memory.base, 0};
      continue;
    }
    bool calls = one.op == Op::call || one.op == Op::call_indirect;
    std::uint32_t lost = one.writes | (calls ? registers_lost_in_calls(machine_) : 0);
    if (!(lost >> wanted.reg & 1)) continue;
    if (calls || one.destination != wanted.reg) return {};
    bool copies = one.op == Op::mov && !one.has_memory() && one.source < 32;
    if (copies) {
      wanted = {one.source, 0};
      continue;
    }
    bool loads = one.op == Op::mov || one.op == Op::sign_extend || one.op == Op::lea;
    if (!loads || !one.has_memory() || one.memory.segment || one.memory.index != kNoRegister)
      return {};
    if (one.has_target) return one.target;
    if (std::optional<Location> word = operand_word(index)) {
      if (one.op == Op::lea) return {};
      wanted = *word;
    } else if (one.memory.base < 32) {
      wanted = {one.memory.base, 0};
    } else {
      return {};
    }
  }
  return {};
}

Origins Paths::at(std::uint64_t place, Location location) const {
  std::size_t index = index_of(place);
  if (index >= code_.size()) return {{}, {}, false};
  return Walk(*this).before(index, location);
}

Origins Paths::after(std::uint64_t place, Location location) const {
  std::size_t index = index_of(place);
  if (index >= code_.size() || code_[index].ends_flow()) return {{}, {}, false};
  return Walk(*this).after(index, location);
}

}  // namespace fathom::code
