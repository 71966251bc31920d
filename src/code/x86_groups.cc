// Opcodes whose meaning is in the ModRM byte ("opcode extensions by group number" in the manuals)
// or in a prefix.

#include "code/x86_state.h"

namespace fathom::code::x86 {

namespace {

constexpr Entry kInvalid{};

Entry arithmetic(const State& state) {
  Op op = kArithmetic[state.reg_digit()];
  return entry(op, op == Op::cmp ? Slot::none : Slot::rm, Slot::rm, Slot::imm, state.row.imm,
               state.row.flags);
}

Entry shift(const State& state) {
  constexpr std::array<Op, 8> kOps = {Op::rotate, Op::rotate, Op::rotate, Op::rotate,
                                      Op::shl,    Op::shr,    Op::shl,    Op::sar};
  Slot amount = state.opcode < 0xd0 ? Slot::imm : state.opcode < 0xd2 ? Slot::one : Slot::cl;
  return entry(kOps[state.reg_digit()], Slot::rm, Slot::rm, amount, state.row.imm, state.row.flags);
}

Entry unary(const State& state) {
  std::uint8_t flags = state.row.flags;
  switch (state.reg_digit()) {
    case 0:
    case 1:
      return entry(Op::test, Slot::none, Slot::rm, Slot::imm, flags & kByte ? Imm::i8 : Imm::z,
                   flags);
    case 2:
      return entry(Op::not_, Slot::rm, Slot::rm, Slot::none, Imm::none, flags);
    case 3:
      return entry(Op::neg, Slot::rm, Slot::rm, Slot::none, Imm::none, flags);
    case 4:
    case 5:
      return entry(Op::mul, Slot::none, Slot::rm, Slot::none, Imm::none, flags);
    default:
      return entry(Op::div, Slot::none, Slot::rm, Slot::none, Imm::none, flags);
  }
}

Entry indirect(const State& state) {
  auto reads = [](Op op, std::uint8_t flags) {
    return entry(op, Slot::none, Slot::rm, Slot::none, Imm::none, flags);
  };
  switch (state.reg_digit()) {
    case 0:
      return entry(Op::inc, Slot::rm, Slot::rm);
    case 1:
      return entry(Op::dec, Slot::rm, Slot::rm);
    case 2:
      return reads(Op::call_indirect, kWide);
    case 3:
      return reads(Op::call_indirect, kNotRegister);
    case 4:
      return reads(Op::jump_indirect, kWide);
    case 5:
      return reads(Op::jump_indirect, kNotRegister);
    case 6:
      return reads(Op::push, kWide);
    default:
      return kInvalid;
  }
}

Entry move_or_xact(const State& state) {
  if (state.reg_digit() == 0)
    return entry(Op::mov, Slot::rm, Slot::imm, Slot::none, state.row.imm, state.row.flags);
  if (state.modrm != 0xf8) return kInvalid;
  return state.opcode == 0xc6 ? plain(Op::other, Imm::i8, kModrm)        // xabort
                              : plain(Op::jump_if, Imm::rel32, kModrm);  // xbegin
}

Entry descriptor(const State& state) {
  if (state.reg_digit() > 5) return kInvalid;
  return state.reg_digit() < 2 ? entry(Op::system, Slot::rm)
                               : entry(Op::system, Slot::none, Slot::rm);
}

Entry system_table(const State& state) {
  std::uint8_t digit = state.reg_digit();
  if (digit == 4) return entry(Op::system, Slot::rm);              // smsw
  if (digit == 6) return entry(Op::system, Slot::none, Slot::rm);  // lmsw
  if (!state.is_register()) {
    if (digit == 5 && state.repeat != 0xf3) return kInvalid;  // rstorssp
    if (digit == 7) return plain(Op::system, Imm::none, kModrm | kNoAccess);
    return plain(Op::system, Imm::none, kModrm | (digit < 2 ? kStores : kReads));
  }
  // A bit per value of the rm field, whatever the prefix.
  constexpr std::array<std::uint8_t, 8> kKnown = {0x7f, 0xff, 0xf3, 0xff, 0, 0xf7, 0, 0xff};
  bool known = (kKnown[digit] >> state.rm_digit() & 1) != 0;
  return known ? plain(Op::system, Imm::none, kModrm) : kInvalid;
}

Entry exchange_wide(const State& state) {
  std::uint8_t digit = state.reg_digit();
  if (state.is_register()) {
    if (digit < 6) return kInvalid;
    if (digit == 6 && state.repeat == 0xf3) return entry(Op::system, Slot::none, Slot::rm);
    return entry(Op::system, Slot::rm);  // rdrand, rdseed, rdpid
  }
  constexpr std::uint8_t kBoth = kModrm | kReads | kStores;
  if (digit == 1) return plain(Op::atomic, Imm::none, kBoth);
  return digit == 0 || digit == 2 ? kInvalid : plain(Op::system, Imm::none, kBoth);
}

Entry state_in_memory(std::uint8_t digit) {
  constexpr std::uint8_t kStoring = 1 << 0 | 1 << 3 | 1 << 4 | 1 << 6;
  Op op = digit == 2 || digit == 3 ? Op::vector : Op::system;  // ldmxcsr, stmxcsr
  if (digit == 7) return plain(op, Imm::none, kModrm | kNoAccess);
  return plain(op, Imm::none, kModrm | (kStoring >> digit & 1 ? kStores : kReads));
}

Entry fence_or_state(const State& state) {
  std::uint8_t digit = state.reg_digit();
  if (!state.is_register()) return state_in_memory(digit);
  if (state.repeat == 0xf3) {
    if (digit < 2) return entry(Op::system, Slot::rm);  // rdfsbase, rdgsbase
    return digit == 7 ? kInvalid : entry(Op::system, Slot::none, Slot::rm);
  }
  if (digit == 6 && (state.operand_size || state.repeat == 0xf2))
    return entry(Op::system, Slot::none, Slot::rm);  // tpause, umwait
  if (state.operand_size || state.repeat != 0) return kInvalid;
  return digit >= 5 ? plain(Op::fence, Imm::none, kModrm) : kInvalid;
}

Entry vector_shift(const State& state) {
  constexpr std::array<std::uint8_t, 3> kKnown = {0x54, 0x54, 0xcc};
  bool known = (kKnown[state.opcode - 0x71u] >> state.reg_digit() & 1) != 0;
  return known && state.is_register() ? plain(Op::vector, Imm::i8, kModrm) : kInvalid;
}

Entry hint(const State& state) {
  if (state.opcode == 0x1e && state.repeat == 0xf3 && state.is_register()) {
    if (state.modrm == 0xfa || state.modrm == 0xfb) return plain(Op::landing, Imm::none, kModrm);
    if (state.reg_digit() == 1) return entry(Op::system, Slot::rm);  // rdssp
  }
  // 1A and 1B were memory protection extensions; processors without them do nothing.
  Op op = state.opcode == 0x1a || state.opcode == 0x1b ? Op::other : Op::nop;
  return plain(op, Imm::none, kModrm | kNoAccess);
}

Entry control(State& state) {
  state.modrm |= 0xc0;  // the mod field is ignored
  return state.opcode < 0x22
             ? entry(Op::system, Slot::rm, Slot::none, Slot::none, Imm::none, kWide)
             : entry(Op::system, Slot::none, Slot::rm, Slot::none, Imm::none, kWide);
}

Entry vector_78(const State& state) {
  if (state.mandatory() == 0)
    return entry(Op::system, Slot::rm, Slot::reg, Slot::none, Imm::none, kWide);  // vmread
  bool known = state.is_register() &&
               (state.repeat == 0xf2 || (state.repeat == 0 && state.reg_digit() == 0));
  return known ? plain(Op::vector, Imm::i8_i8, kModrm) : kInvalid;
}

Entry vector_79(const State& state) {
  if (state.mandatory() == 0)
    return entry(Op::system, Slot::none, Slot::rm, Slot::reg, Imm::none, kWide);  // vmwrite
  bool known = state.is_register() && state.repeat != 0xf3;
  return known ? plain(Op::vector, Imm::none, kModrm) : kInvalid;
}

Entry padlock(const State& state) {
  std::uint8_t most = state.opcode == 0xa6 ? 2 : 5;
  bool known = state.is_register() && state.rm_digit() == 0 && state.reg_digit() <= most;
  return known ? plain(Op::other, Imm::none, kModrm) : kInvalid;
}

Entry bit_test(const State& state) {
  if (state.reg_digit() < 4) return kInvalid;
  return entry(Op::bits, state.reg_digit() == 4 ? Slot::none : Slot::rm, Slot::rm, Slot::imm,
               Imm::i8);
}

Entry increment(const State& state) {
  if (state.reg_digit() > 1) return kInvalid;
  return entry(state.reg_digit() == 0 ? Op::inc : Op::dec, Slot::rm, Slot::rm, Slot::none,
               Imm::none, kByte);
}

// x87: with a register operand a bit per value of the low six bits of ModRM, with a memory operand
// a bit per digit.
Entry floating_point(const State& state) {
  constexpr std::array<std::uint64_t, 8> kRegister = {
      0xffff'ffff'ffff'ffff, 0xffff'7f33'0001'ffff, 0x0000'0200'ffff'ffff, 0x00ff'ff3f'ffff'ffff,
      0xffff'ffff'0000'ffff, 0x0000'ffff'ffff'00ff, 0xffff'ffff'0200'ffff, 0x00ff'ff01'0000'00ff};
  constexpr std::array<std::uint8_t, 8> kMemory = {0xff, 0xfd, 0xff, 0xaf, 0xff, 0xdf, 0xff, 0xff};
  constexpr std::array<std::uint8_t, 8> kStoring = {0, 0xcc, 0, 0x8e, 0, 0xce, 0, 0xce};
  std::size_t which = state.opcode & 7;
  std::uint8_t digit = state.reg_digit();
  if (state.is_register())
    return kRegister[which] >> (state.modrm & 0x3f) & 1 ? plain(Op::vector, Imm::none, kModrm)
                                                        : kInvalid;
  if (!(kMemory[which] >> digit & 1)) return kInvalid;
  return plain(Op::vector, Imm::none, kModrm | (kStoring[which] >> digit & 1 ? kStores : kReads));
}

}  // namespace

Entry resolve_group(State& state) {
  switch (state.row.group) {
    case Group::arithmetic:
      return arithmetic(state);
    case Group::shift:
      return shift(state);
    case Group::unary:
      return unary(state);
    case Group::increment:
      return increment(state);
    case Group::indirect:
      return indirect(state);
    case Group::pop_or_xop:
      if (state.reg_digit() != 0) return kInvalid;
      return entry(Op::pop, Slot::rm, Slot::none, Slot::none, Imm::none, kWide);
    case Group::nop_or_xchg:
      return state.rex & 1 ? entry(Op::xchg, Slot::acc, Slot::acc, Slot::low) : plain(Op::nop);
    case Group::move_or_xact:
      return move_or_xact(state);
    case Group::descriptor:
      return descriptor(state);
    case Group::system_table:
      return system_table(state);
    case Group::bit_test:
      return bit_test(state);
    case Group::exchange_wide:
      return exchange_wide(state);
    case Group::fence_or_state:
      return fence_or_state(state);
    case Group::vector_shift:
      return vector_shift(state);
    case Group::hint:
      return hint(state);
    case Group::control:
      return control(state);
    case Group::popcnt:
      return state.repeat == 0xf3 ? entry(Op::bits, Slot::reg, Slot::rm) : kInvalid;
    case Group::vector_78:
      return vector_78(state);
    case Group::vector_79:
      return vector_79(state);
    case Group::movnti:
      return entry(Op::mov, Slot::rm, Slot::reg, Slot::none, Imm::none, kNotRegister);
    case Group::padlock:
      return padlock(state);
    case Group::floating_point:
      return floating_point(state);
    case Group::three_d_now:
      return plain(Op::vector, Imm::i8, kModrm | kReads);
    default:
      return kInvalid;
  }
}

}  // namespace fathom::code::x86
