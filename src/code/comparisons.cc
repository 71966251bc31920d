#include "code/comparisons.h"

#include <algorithm>
#include <array>
#include <bit>

#include "code/trace.h"

namespace fathom::code {
namespace {

class Comparer {
 public:
  Comparer(const Program& program, const Function& function)
      : machine_(program.machine()),
        stack_(machine_ == Machine::x86_64 ? Register{x86::rsp} : arm::sp) {
    for (const AddressRange& range : function.ranges) {
      const CodeRange* code = program.code_at(range.start);
      for (std::uint64_t at = range.start; code && at < range.end && code->contains(at);) {
        const Instruction one = decode(machine_, code->bytes.subspan(at - code->address), at);
        if (one.op == Op::jump || one.op == Op::jump_if) joins_.push_back(one.target);
        code_.push_back(one);
        at = one.end();
      }
    }
    std::ranges::sort(joins_);
  }

  std::vector<Comparison> run() {
    for (std::size_t i = 0; i < code_.size(); ++i) {
      const Instruction& one = code_[i];
      const bool follows = i > 0 && code_[i - 1].end() == one.address && !code_[i - 1].ends_flow();
      if (!follows || std::ranges::binary_search(joins_, one.address)) forget();
      if (one.op != Op::sub || decides_at(i + 1)) take(one);
      step(one);
    }
    std::ranges::sort(out_);
    return std::move(out_);
  }

 private:
  struct Held {
    bool is_field = false, is_number = false;
    std::int32_t field = 0;
    std::int64_t number = 0;
    std::uint8_t width = 0;  // of the load
  };

  void forget() { held_.fill({}); }

  bool is_field(const Memory& memory) const {
    return memory.base < 32 && memory.base != stack_ && memory.index == kNoRegister &&
           memory.segment == 0 && memory.displacement >= 0;
  }

  // Whether a condition is asked for there: compilers subtract where they need both the difference
  // and which is larger.
  bool decides_at(std::size_t i) const {
    if (i >= code_.size()) return false;
    const Op op = code_[i].op;
    return op == Op::jump_if || op == Op::cmov || op == Op::set;
  }

  void take(const Instruction& one) {
    Comparison out{.place = one.address, .width = one.width, .number = 0, .field = 0};
    switch (one.op) {
      case Op::cmp:
      case Op::sub:
        operand(one.source, out);
        operand(one.source2, out);
        if (one.op == Op::cmp) operand(one.destination, out);
        break;
      case Op::test:
        // Of a register with itself, or of some bits of something.
        if (!one.has_immediate && !one.has_memory() && !is_with_itself(one)) return;
        operand(one.source, out);
        if (!one.has_immediate) out.has_number = true;
        break;
      case Op::jump_if:
        if (machine_ != Machine::aarch64 || one.reads == 0 || one.has_immediate) return;
        operand(one.source, out);
        out.has_number = true;
        break;
      default:
        return;
    }
    if (one.has_immediate) {
      out.has_number = true;
      out.number = one.immediate;
    }
    if (one.has_memory() && is_field(one.memory)) {
      out.has_field = true;
      out.field = one.memory.displacement;
    }
    if (out.has_field || out.has_number) out_.push_back(out);
  }

  bool is_with_itself(const Instruction& one) const {
    return one.source < 32 && one.reads == std::uint32_t{1} << one.source;
  }

  void operand(Register reg, Comparison& out) const {
    if (reg >= 32) return;
    const Held& held = held_[reg];
    if (held.is_field && !out.has_field) {
      out.has_field = true;
      out.field = held.field;
    }
    if (held.is_number && !out.has_number) {
      out.has_number = true;
      out.number = held.number;
    }
  }

  void step(const Instruction& one) {
    std::uint32_t lost = one.writes;
    if (one.op == Op::call || one.op == Op::call_indirect)
      lost |= registers_lost_in_calls(machine_);
    const Held now = held_by(one);
    for (std::size_t i = 0; lost != 0 && i < 32; ++i)
      if (lost >> i & 1) held_[i] = {};
    if (one.destination < 32 && (one.writes >> one.destination & 1)) held_[one.destination] = now;
    if (one.op == Op::load_pair && is_field(one.memory)) hold_pair(one);
  }

  // The second register of a pair is the other one that is written, but for the base.
  void hold_pair(const Instruction& one) {
    const std::int32_t field = one.memory.displacement;
    std::uint32_t others = one.writes & ~(std::uint32_t{1} << one.memory.base);
    if (one.destination < 32) {
      held_[one.destination] = {true, false, field, 0, one.width};
      others &= ~(std::uint32_t{1} << one.destination);
    }
    if (std::has_single_bit(others))
      held_[static_cast<std::size_t>(std::countr_zero(others))] = {true, false, field + one.width,
                                                                   0, one.width};
  }

  // What the destination holds afterwards.
  Held held_by(const Instruction& one) const {
    const bool moves = one.op == Op::mov || one.op == Op::zero_extend || one.op == Op::sign_extend;
    if (!moves) return {};
    if (one.memory.access == Access::read)
      return is_field(one.memory) ? Held{true, false, one.memory.displacement, 0, one.width}
                                  : Held{};
    if (one.has_memory()) return {};
    if (one.has_immediate) return {false, true, 0, one.immediate, one.width};
    return one.source < 32 ? held_[one.source] : Held{};
  }

  const Machine machine_;
  const Register stack_;
  std::vector<Instruction> code_;
  std::vector<std::uint64_t> joins_;
  std::array<Held, 32> held_{};
  std::vector<Comparison> out_;
};

}  // namespace

std::vector<Comparison> comparisons_of(const Program& program, const Function& function) {
  return Comparer(program, function).run();
}

}  // namespace fathom::code
