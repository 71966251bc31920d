// What an opcode byte means, per opcode map, as compact entries computed at compile time. A row
// says which operands the instruction reads and writes; what depends on the prefixes or on the
// ModRM byte is a group, resolved in x86_groups.cc.

#pragma once

#include <array>
#include <cstdint>

#include "code/decoder.h"

namespace fathom::code::x86 {

// What follows the ModRM byte and its displacement. `z` is 4 bytes, 2 with an operand-size prefix;
// `v` is 8 with REX.W besides.
enum class Imm : std::uint8_t { none, i8, i8_i8, i16, i16_i8, z, v, moffs, rel8, rel32 };

// Where an operand is.
// The last two share their low three bits: neither is a register.
enum class Slot : std::uint8_t { none, rm, reg, acc, low, vvvv, cl, imm = 7, one = 15 };

enum : std::uint8_t {
  kModrm = 1,         // there is a ModRM byte even if no slot says so
  kByte = 2,          // operands of one byte
  kWide = 4,          // operands of eight bytes without REX.W
  kNoAccess = 8,      // the memory operand is not accessed
  kReads = 16,        // the memory operand is read although no slot says so
  kStores = 32,       // … written …
  kNotRegister = 64,  // ModRM must name memory
};

// Rows that need more than a table.
enum class Group : std::uint8_t {
  none,
  prefix,
  rex,
  vex2,
  vex3,
  evex,
  escape_0f,
  escape_0f38,
  escape_0f3a,
  three_d_now,
  arithmetic,  // "group 1" of the manuals
  pop_or_xop,
  nop_or_xchg,
  shift,
  unary,           // "group 3"
  increment,       // "group 4"
  indirect,        // "group 5"
  move_or_xact,    // "group 11"
  descriptor,      // "group 6"
  system_table,    // "group 7"
  bit_test,        // "group 8"
  exchange_wide,   // "group 9"
  fence_or_state,  // "group 15"
  vector_shift,
  hint,     // 0F 19 to 0F 1F
  control,  // mov to and from control and debug registers
  popcnt,
  vector_78,  // SSE4a extrq, insertq; vmread
  vector_79,
  movnti,
  padlock,
  floating_point,
};

// Eight bytes, so that a row is copied as one word.
struct alignas(8) Entry {
  Op op = Op::invalid;
  Slot dst = Slot::none, a = Slot::none, b = Slot::none;
  Imm imm = Imm::none;
  Group group = Group::none;
  std::uint8_t flags = 0;
  bool implicit = false;  // it may use registers that no operand names
};

using Map = std::array<Entry, 256>;

// Whether an instruction may use registers besides those that its operands name.
constexpr bool may_be_implicit(Op op, Slot dst, Slot b) {
  switch (op) {
    case Op::mov:
    case Op::lea:
    case Op::zero_extend:
    case Op::add:
    case Op::sub:
    case Op::adc:
    case Op::sbb:
    case Op::and_:
    case Op::or_:
    case Op::xor_:
    case Op::cmp:
    case Op::test:
    case Op::inc:
    case Op::dec:
    case Op::neg:
    case Op::not_:
    case Op::jump:
    case Op::jump_if:
    case Op::jump_indirect:
    case Op::cmov:
    case Op::set:
    case Op::nop:
    case Op::landing:
    case Op::bits:
      return false;
    case Op::shl:
    case Op::shr:
    case Op::sar:
    case Op::rotate:
      return b == Slot::cl || b == Slot::reg;
    case Op::mul:
    case Op::sign_extend:
      return dst == Slot::none;
    default:
      return true;
  }
}

constexpr Entry entry(Op op, Slot dst = Slot::none, Slot a = Slot::none, Slot b = Slot::none,
                      Imm imm = Imm::none, std::uint8_t flags = 0) {
  bool modrm = dst == Slot::rm || dst == Slot::reg || a == Slot::rm || a == Slot::reg ||
               b == Slot::rm || b == Slot::reg;
  return {op,
          dst,
          a,
          b,
          imm,
          Group::none,
          static_cast<std::uint8_t>(flags | (modrm ? kModrm : 0)),
          may_be_implicit(op, dst, b)};
}
constexpr Entry plain(Op op, Imm imm = Imm::none, std::uint8_t flags = 0) {
  return entry(op, Slot::none, Slot::none, Slot::none, imm, flags);
}
constexpr Entry group(Group which, std::uint8_t flags = kModrm, Imm imm = Imm::none) {
  return {Op::other, Slot::none, Slot::none, Slot::none, imm, which, flags, true};
}

constexpr void fill(Map& map, std::size_t first, std::size_t last, const Entry& row) {
  for (std::size_t i = first; i <= last; ++i) map[i] = row;
}

constexpr std::array<Op, 8> kArithmetic = {Op::add,  Op::or_, Op::adc,  Op::sbb,
                                           Op::and_, Op::sub, Op::xor_, Op::cmp};

constexpr void add_arithmetic(Map& map) {
  for (std::size_t i = 0; i < 8; ++i) {
    Op op = kArithmetic[i];
    auto row = [&](Slot dst, Slot other, Imm imm, std::uint8_t flags) {
      return entry(op, op == Op::cmp ? Slot::none : dst, dst, other, imm, flags);
    };
    map[i * 8 + 0] = row(Slot::rm, Slot::reg, Imm::none, kByte);
    map[i * 8 + 1] = row(Slot::rm, Slot::reg, Imm::none, 0);
    map[i * 8 + 2] = row(Slot::reg, Slot::rm, Imm::none, kByte);
    map[i * 8 + 3] = row(Slot::reg, Slot::rm, Imm::none, 0);
    map[i * 8 + 4] = row(Slot::acc, Slot::imm, Imm::i8, kByte);
    map[i * 8 + 5] = row(Slot::acc, Slot::imm, Imm::z, 0);
  }
}

constexpr void add_moves(Map& map) {
  map[0x63] = entry(Op::sign_extend, Slot::reg, Slot::rm);
  map[0x84] = entry(Op::test, Slot::none, Slot::rm, Slot::reg, Imm::none, kByte);
  map[0x85] = entry(Op::test, Slot::none, Slot::rm, Slot::reg);
  map[0x86] = entry(Op::xchg, Slot::rm, Slot::rm, Slot::reg, Imm::none, kByte);
  map[0x87] = entry(Op::xchg, Slot::rm, Slot::rm, Slot::reg);
  map[0x88] = entry(Op::mov, Slot::rm, Slot::reg, Slot::none, Imm::none, kByte);
  map[0x89] = entry(Op::mov, Slot::rm, Slot::reg);
  map[0x8a] = entry(Op::mov, Slot::reg, Slot::rm, Slot::none, Imm::none, kByte);
  map[0x8b] = entry(Op::mov, Slot::reg, Slot::rm);
  map[0x8c] = entry(Op::system, Slot::rm);  // from a segment register
  map[0x8d] =
      entry(Op::lea, Slot::reg, Slot::none, Slot::none, Imm::none, kNoAccess | kNotRegister);
  map[0x8e] = entry(Op::system, Slot::none, Slot::rm);
  map[0x90] = group(Group::nop_or_xchg, 0);
  fill(map, 0x91, 0x97, entry(Op::xchg, Slot::acc, Slot::acc, Slot::low));
  map[0xa0] = entry(Op::mov, Slot::acc, Slot::none, Slot::none, Imm::moffs, kByte | kReads);
  map[0xa1] = entry(Op::mov, Slot::acc, Slot::none, Slot::none, Imm::moffs, kReads);
  map[0xa2] = entry(Op::mov, Slot::none, Slot::acc, Slot::none, Imm::moffs, kByte | kStores);
  map[0xa3] = entry(Op::mov, Slot::none, Slot::acc, Slot::none, Imm::moffs, kStores);
  map[0xa8] = entry(Op::test, Slot::none, Slot::acc, Slot::imm, Imm::i8, kByte);
  map[0xa9] = entry(Op::test, Slot::none, Slot::acc, Slot::imm, Imm::z);
  fill(map, 0xb0, 0xb7, entry(Op::mov, Slot::low, Slot::imm, Slot::none, Imm::i8, kByte));
  fill(map, 0xb8, 0xbf, entry(Op::mov, Slot::low, Slot::imm, Slot::none, Imm::v));
}

constexpr Map make_one_byte() {
  Map map{};
  add_arithmetic(map);
  for (std::size_t i : {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3})
    map[i] = group(Group::prefix, 0);
  map[0x0f] = group(Group::escape_0f, 0);
  for (std::size_t i : {0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f})
    map[i] = {};
  fill(map, 0x40, 0x4f, group(Group::rex, 0));
  fill(map, 0x50, 0x57, entry(Op::push, Slot::none, Slot::low, Slot::none, Imm::none, kWide));
  fill(map, 0x58, 0x5f, entry(Op::pop, Slot::low, Slot::none, Slot::none, Imm::none, kWide));
  map[0x62] = group(Group::evex, 0);
  add_moves(map);
  map[0x68] = entry(Op::push, Slot::none, Slot::imm, Slot::none, Imm::z, kWide);
  map[0x69] = entry(Op::mul, Slot::reg, Slot::rm, Slot::imm, Imm::z);
  map[0x6a] = entry(Op::push, Slot::none, Slot::imm, Slot::none, Imm::i8, kWide);
  map[0x6b] = entry(Op::mul, Slot::reg, Slot::rm, Slot::imm, Imm::i8);
  fill(map, 0x6c, 0x6f, plain(Op::string));
  fill(map, 0x70, 0x7f, plain(Op::jump_if, Imm::rel8));
  map[0x80] = group(Group::arithmetic, kModrm | kByte, Imm::i8);
  map[0x81] = group(Group::arithmetic, kModrm, Imm::z);
  map[0x83] = group(Group::arithmetic, kModrm, Imm::i8);
  map[0x8f] = group(Group::pop_or_xop, 0);
  map[0x98] = entry(Op::sign_extend, Slot::acc, Slot::acc);
  map[0x99] = plain(Op::sign_extend);  // rdx from rax
  map[0x9b] = plain(Op::vector);       // fwait
  map[0x9c] = plain(Op::push, Imm::none, kWide);
  map[0x9d] = plain(Op::pop, Imm::none, kWide);
  map[0x9e] = plain(Op::other);  // sahf, lahf
  map[0x9f] = entry(Op::other, Slot::acc, Slot::none, Slot::none, Imm::none, kByte);
  fill(map, 0xa4, 0xa7, plain(Op::string));
  fill(map, 0xaa, 0xaf, plain(Op::string));
  for (std::size_t i : {0x6c, 0x6e, 0xa4, 0xa6, 0xaa, 0xac, 0xae}) map[i].flags |= kByte;
  map[0xc0] = group(Group::shift, kModrm | kByte, Imm::i8);
  map[0xc1] = group(Group::shift, kModrm, Imm::i8);
  map[0xd0] = map[0xd2] = group(Group::shift, kModrm | kByte);
  map[0xd1] = map[0xd3] = group(Group::shift);
  map[0xc2] = plain(Op::ret, Imm::i16);
  map[0xc3] = plain(Op::ret);
  map[0xc4] = group(Group::vex3, 0);
  map[0xc5] = group(Group::vex2, 0);
  map[0xc6] = group(Group::move_or_xact, kModrm | kByte, Imm::i8);
  map[0xc7] = group(Group::move_or_xact, kModrm, Imm::z);
  map[0xc8] = plain(Op::other, Imm::i16_i8);  // enter
  map[0xc9] = plain(Op::leave, Imm::none, kWide);
  map[0xca] = plain(Op::ret, Imm::i16);
  map[0xcb] = plain(Op::ret);
  map[0xcc] = plain(Op::trap);
  map[0xcd] = plain(Op::interrupt, Imm::i8);
  map[0xcf] = plain(Op::ret);
  map[0xd7] = entry(Op::other, Slot::acc, Slot::none, Slot::none, Imm::none, kByte);  // xlat
  fill(map, 0xd8, 0xdf, group(Group::floating_point));
  fill(map, 0xe0, 0xe3, plain(Op::jump_if, Imm::rel8));
  for (std::size_t i = 0xe0; i <= 0xe3; ++i) map[i].implicit = true;  // rcx
  fill(map, 0xe4, 0xe5, entry(Op::system, Slot::acc, Slot::none, Slot::none, Imm::i8));
  fill(map, 0xe6, 0xe7, entry(Op::system, Slot::none, Slot::acc, Slot::none, Imm::i8));
  map[0xe8] = plain(Op::call, Imm::rel32, kWide);
  map[0xe9] = plain(Op::jump, Imm::rel32, kWide);
  map[0xeb] = plain(Op::jump, Imm::rel8, kWide);
  fill(map, 0xec, 0xed, entry(Op::system, Slot::acc));
  fill(map, 0xee, 0xef, entry(Op::system, Slot::none, Slot::acc));
  map[0xf1] = plain(Op::interrupt);
  map[0xf4] = plain(Op::trap);
  fill(map, 0xf5, 0xf5, plain(Op::other));
  map[0xf6] = group(Group::unary, kModrm | kByte);
  map[0xf7] = group(Group::unary);
  fill(map, 0xf8, 0xf9, plain(Op::other));
  fill(map, 0xfa, 0xfb, plain(Op::system));
  fill(map, 0xfc, 0xfd, plain(Op::other));
  map[0xfe] = group(Group::increment, kModrm | kByte);
  map[0xff] = group(Group::indirect);
  return map;
}

constexpr void add_0f_vectors(Map& map) {
  constexpr Entry row = plain(Op::vector, Imm::none, kModrm | kReads);
  constexpr Entry store = plain(Op::vector, Imm::none, kModrm | kStores);
  fill(map, 0x10, 0x17, row);
  fill(map, 0x28, 0x2f, row);
  fill(map, 0x50, 0x70, row);
  fill(map, 0x74, 0x76, row);
  fill(map, 0x7c, 0x7f, row);
  fill(map, 0xd0, 0xfe, row);
  for (std::size_t i : {0x11, 0x13, 0x17, 0x29, 0x2b, 0x7e, 0x7f, 0xd6, 0xe7}) map[i] = store;
  fill(map, 0x71, 0x73, group(Group::vector_shift, kModrm, Imm::i8));
  map[0x77] = plain(Op::vector);  // emms, vzeroupper
  for (std::size_t i : {0x70, 0xc2, 0xc4, 0xc5, 0xc6})
    map[i] = plain(Op::vector, Imm::i8, kModrm | kReads);
  map[0x78] = group(Group::vector_78);
  map[0x79] = group(Group::vector_79);
}

constexpr Map make_0f() {
  Map map{};
  add_0f_vectors(map);
  map[0x00] = group(Group::descriptor);
  map[0x01] = group(Group::system_table);
  map[0x02] = map[0x03] = entry(Op::system, Slot::reg, Slot::rm);
  map[0x05] = plain(Op::syscall);
  map[0x06] = plain(Op::system);
  map[0x07] = plain(Op::ret);  // sysret
  map[0x08] = map[0x09] = plain(Op::system);
  map[0x0b] = plain(Op::trap);
  map[0x0d] = plain(Op::prefetch, Imm::none, kModrm | kNoAccess);
  map[0x0e] = plain(Op::vector);
  map[0x0f] = group(Group::three_d_now, kModrm | kReads, Imm::i8);
  map[0x18] = plain(Op::prefetch, Imm::none, kModrm | kNoAccess);
  fill(map, 0x19, 0x1f, group(Group::hint, kModrm | kNoAccess));
  fill(map, 0x20, 0x23, group(Group::control));
  fill(map, 0x30, 0x33, plain(Op::system));
  map[0x34] = plain(Op::syscall);  // sysenter
  map[0x35] = plain(Op::ret);      // sysexit
  map[0x37] = plain(Op::system);   // getsec
  map[0x38] = group(Group::escape_0f38, 0);
  map[0x3a] = group(Group::escape_0f3a, 0);
  fill(map, 0x40, 0x4f, entry(Op::cmov, Slot::reg, Slot::reg, Slot::rm));
  fill(map, 0x80, 0x8f, plain(Op::jump_if, Imm::rel32, kWide));
  fill(map, 0x90, 0x9f, entry(Op::set, Slot::rm, Slot::none, Slot::none, Imm::none, kByte));
  map[0xa0] = map[0xa8] = plain(Op::push, Imm::none, kWide);
  map[0xa1] = map[0xa9] = plain(Op::pop, Imm::none, kWide);
  map[0xa2] = plain(Op::system);
  map[0xa3] = entry(Op::bits, Slot::none, Slot::rm, Slot::reg);
  map[0xa4] = entry(Op::shl, Slot::rm, Slot::rm, Slot::reg, Imm::i8);  // shld
  map[0xa5] = entry(Op::shl, Slot::rm, Slot::rm, Slot::reg);
  map[0xa6] = map[0xa7] = group(Group::padlock);
  map[0xaa] = plain(Op::ret);  // rsm
  map[0xab] = map[0xb3] = map[0xbb] = entry(Op::bits, Slot::rm, Slot::rm, Slot::reg);
  map[0xac] = entry(Op::shr, Slot::rm, Slot::rm, Slot::reg, Imm::i8);
  map[0xad] = entry(Op::shr, Slot::rm, Slot::rm, Slot::reg);
  map[0xae] = group(Group::fence_or_state);
  map[0xaf] = entry(Op::mul, Slot::reg, Slot::reg, Slot::rm);
  map[0xb0] = entry(Op::atomic, Slot::rm, Slot::rm, Slot::reg, Imm::none, kByte);
  map[0xb1] = entry(Op::atomic, Slot::rm, Slot::rm, Slot::reg);
  map[0xb2] = map[0xb4] = map[0xb5] =
      entry(Op::system, Slot::reg, Slot::rm, Slot::none, Imm::none, kNotRegister);
  map[0xb6] = map[0xb7] = entry(Op::zero_extend, Slot::reg, Slot::rm);
  map[0xb8] = group(Group::popcnt);
  map[0xb9] = plain(Op::trap, Imm::none, kModrm | kNoAccess);  // ud1
  map[0xba] = group(Group::bit_test, kModrm, Imm::i8);
  map[0xbc] = map[0xbd] = entry(Op::bits, Slot::reg, Slot::rm);
  map[0xbe] = map[0xbf] = entry(Op::sign_extend, Slot::reg, Slot::rm);
  map[0xc0] = entry(Op::atomic, Slot::rm, Slot::rm, Slot::reg, Imm::none, kByte);
  map[0xc1] = entry(Op::atomic, Slot::rm, Slot::rm, Slot::reg);
  map[0xc3] = group(Group::movnti);
  map[0xc7] = group(Group::exchange_wide);
  fill(map, 0xc8, 0xcf, entry(Op::bits, Slot::low, Slot::low));
  map[0xff] = plain(Op::trap, Imm::none, kModrm | kNoAccess);  // ud0
  return map;
}

struct Span {
  std::uint8_t first, last;
};

constexpr Map make_0f38() {
  constexpr std::array<Span, 13> kVector = {{{0x00, 0x0b},
                                             {0x10, 0x10},
                                             {0x14, 0x15},
                                             {0x17, 0x17},
                                             {0x1c, 0x1e},
                                             {0x20, 0x25},
                                             {0x28, 0x2b},
                                             {0x30, 0x35},
                                             {0x37, 0x41},
                                             {0xc8, 0xcd},
                                             {0xcf, 0xcf},
                                             {0xd8, 0xd8},
                                             {0xdb, 0xdf}}};
  Map map{};
  for (Span span : kVector)
    fill(map, span.first, span.last, plain(Op::vector, Imm::none, kModrm | kReads));
  fill(map, 0x80, 0x82, plain(Op::system, Imm::none, kModrm | kReads | kNotRegister));
  map[0xf0] = entry(Op::bits, Slot::reg, Slot::rm);  // movbe; with F2, crc32
  map[0xf1] = entry(Op::bits, Slot::rm, Slot::reg);
  map[0xf5] = plain(Op::system, Imm::none, kModrm | kStores | kNotRegister);  // wruss
  map[0xf6] = entry(Op::adc, Slot::reg, Slot::reg, Slot::rm);                 // adcx, adox
  fill(map, 0xf8, 0xf9, plain(Op::other, Imm::none, kModrm | kStores));       // movdir64b, movdiri
  fill(map, 0xfa, 0xfc, plain(Op::other, Imm::none, kModrm));
  return map;
}

constexpr Map make_0f3a() {
  constexpr std::array<Span, 9> kVector = {{{0x08, 0x0f},
                                            {0x14, 0x17},
                                            {0x20, 0x22},
                                            {0x40, 0x42},
                                            {0x44, 0x44},
                                            {0x60, 0x63},
                                            {0xcc, 0xcc},
                                            {0xce, 0xcf},
                                            {0xdf, 0xdf}}};
  Map map{};
  for (Span span : kVector)
    fill(map, span.first, span.last, plain(Op::vector, Imm::i8, kModrm | kReads));
  fill(map, 0x14, 0x17, plain(Op::vector, Imm::i8, kModrm | kStores));
  map[0xf0] = plain(Op::other, Imm::i8, kModrm);  // hreset
  return map;
}

inline constexpr Map kOneByte = make_one_byte();
inline constexpr Map k0f = make_0f();
inline constexpr Map k0f38 = make_0f38();
inline constexpr Map k0f3a = make_0f3a();

}  // namespace fathom::code::x86
