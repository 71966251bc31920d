// VEX, EVEX and XOP prefixes: they carry the bits of REX (inverted), a third operand, and the map
// and mandatory prefix of the opcode. Which opcodes exist is a bit set per prefix and map; the
// combination with the mandatory prefix is not looked at.

#include <algorithm>
#include <bitset>
#include <initializer_list>

#include "code/x86_state.h"

namespace fathom::code::x86 {

namespace {

using Set = std::array<std::uint64_t, 4>;

constexpr Set set_of(std::initializer_list<Span> spans) {
  Set set{};
  for (Span span : spans)
    for (unsigned i = span.first; i <= span.last; ++i) set[i / 64] |= std::uint64_t{1} << i % 64;
  return set;
}
constexpr bool contains(const Set& set, std::uint8_t opcode) {
  return (set[opcode / 64] >> opcode % 64 & 1) != 0;
}

constexpr Set kNone{};
constexpr std::array<Set, 8> kVex = {
    kNone,
    set_of({{0x10, 0x17},
            {0x28, 0x2f},
            {0x41, 0x42},
            {0x44, 0x47},
            {0x4a, 0x4b},
            {0x50, 0x77},
            {0x7c, 0x7f},
            {0x90, 0x93},
            {0x98, 0x99},
            {0xae, 0xae},
            {0xc2, 0xc2},
            {0xc4, 0xc6},
            {0xd0, 0xfe}}),
    set_of({{0x00, 0x0f}, {0x13, 0x13}, {0x16, 0x1a}, {0x1c, 0x1e}, {0x20, 0x25}, {0x28, 0x41},
            {0x45, 0x47}, {0x49, 0x49}, {0x4b, 0x4b}, {0x50, 0x53}, {0x58, 0x5a}, {0x5c, 0x5c},
            {0x5e, 0x5e}, {0x6c, 0x6c}, {0x72, 0x72}, {0x78, 0x79}, {0x8c, 0x8c}, {0x8e, 0x8e},
            {0x90, 0x93}, {0x96, 0x9f}, {0xa6, 0xb1}, {0xb4, 0xbf}, {0xcf, 0xcf}, {0xd2, 0xd3},
            {0xda, 0xef}, {0xf2, 0xf3}, {0xf5, 0xf7}}),
    set_of({{0x00, 0x02},
            {0x04, 0x06},
            {0x08, 0x0f},
            {0x14, 0x19},
            {0x1d, 0x1d},
            {0x20, 0x22},
            {0x30, 0x33},
            {0x38, 0x39},
            {0x40, 0x42},
            {0x44, 0x44},
            {0x46, 0x46},
            {0x48, 0x4c},
            {0x5c, 0x63},
            {0x68, 0x6f},
            {0x78, 0x7f},
            {0xce, 0xcf},
            {0xde, 0xdf},
            {0xf0, 0xf0}}),
    kNone,
    kNone,
    kNone,
    kNone};
constexpr std::array<Set, 8> kEvex = {
    kNone,
    set_of({{0x10, 0x17},
            {0x28, 0x2f},
            {0x51, 0x51},
            {0x54, 0x76},
            {0x78, 0x7b},
            {0x7e, 0x7f},
            {0xc2, 0xc2},
            {0xc4, 0xc6},
            {0xd1, 0xfe}}),
    set_of({{0x00, 0x00}, {0x04, 0x04}, {0x0b, 0x0d}, {0x10, 0x16}, {0x18, 0x47}, {0x4c, 0x55},
            {0x58, 0x5b}, {0x62, 0x66}, {0x68, 0x68}, {0x70, 0x73}, {0x75, 0x7f}, {0x83, 0x83},
            {0x88, 0x8b}, {0x8d, 0x8d}, {0x8f, 0x93}, {0x96, 0xa3}, {0xa6, 0xaf}, {0xb4, 0xbf},
            {0xc4, 0xc4}, {0xc6, 0xc8}, {0xca, 0xcd}, {0xcf, 0xcf}, {0xdc, 0xdf}}),
    set_of({{0x00, 0x01},
            {0x03, 0x05},
            {0x08, 0x0b},
            {0x0f, 0x0f},
            {0x14, 0x1b},
            {0x1d, 0x1f},
            {0x20, 0x23},
            {0x25, 0x27},
            {0x38, 0x3b},
            {0x3e, 0x3f},
            {0x42, 0x44},
            {0x50, 0x51},
            {0x54, 0x57},
            {0x66, 0x67},
            {0x70, 0x73},
            {0xc2, 0xc2},
            {0xce, 0xcf}}),
    kNone,
    set_of({{0x10, 0x11},
            {0x1d, 0x1d},
            {0x2a, 0x2a},
            {0x2c, 0x2f},
            {0x51, 0x51},
            {0x58, 0x5f},
            {0x6e, 0x6e},
            {0x78, 0x7e}}),
    set_of({{0x13, 0x13},
            {0x2c, 0x2d},
            {0x42, 0x43},
            {0x4c, 0x4f},
            {0x56, 0x57},
            {0x96, 0x9f},
            {0xa6, 0xaf},
            {0xb6, 0xbf},
            {0xd6, 0xd7}}),
    kNone};
constexpr std::array<Set, 3> kXop = {set_of({{0x85, 0x87},
                                             {0x8e, 0x8f},
                                             {0x95, 0x97},
                                             {0x9e, 0x9f},
                                             {0xa2, 0xa3},
                                             {0xa6, 0xa6},
                                             {0xb6, 0xb6},
                                             {0xc0, 0xc3},
                                             {0xcc, 0xcf},
                                             {0xec, 0xef}}),
                                     set_of({{0x01, 0x02},
                                             {0x12, 0x12},
                                             {0x80, 0x83},
                                             {0x90, 0x9b},
                                             {0xc1, 0xc3},
                                             {0xc6, 0xc7},
                                             {0xcb, 0xcb},
                                             {0xd1, 0xd3},
                                             {0xd6, 0xd7},
                                             {0xdb, 0xdb},
                                             {0xe1, 0xe3}}),
                                     set_of({{0x10, 0x10}, {0x12, 0x12}})};

constexpr std::array<Set, 4> kStoring = {
    kNone,
    set_of({{0x11, 0x11},
            {0x13, 0x13},
            {0x17, 0x17},
            {0x29, 0x29},
            {0x2b, 0x2b},
            {0x7e, 0x7f},
            {0x91, 0x91},
            {0xd6, 0xd6},
            {0xe7, 0xe7}}),
    set_of({{0x2e, 0x2f}, {0x63, 0x63}, {0x8a, 0x8b}, {0x8e, 0x8e}, {0xa0, 0xa3}}),
    set_of({{0x14, 0x17}, {0x19, 0x19}, {0x1b, 0x1b}, {0x1d, 0x1d}, {0x39, 0x39}, {0x3b, 0x3b}})};

constexpr std::array<std::uint8_t, 4> kMandatory = {0, 0x66, 0xf3, 0xf2};

// W, and the prefix in the last two bits.
void set_tail(State& state, std::uint8_t byte) {
  state.rex = static_cast<std::uint8_t>((state.rex & 7) | (byte >> 4 & 8) | 0x40);
  state.vvvv = static_cast<std::uint8_t>(~byte >> 3 & 15);
  std::uint8_t mandatory = kMandatory[byte & 3];
  state.operand_size = mandatory == 0x66;
  state.repeat = mandatory == 0x66 ? 0 : mandatory;
  state.vex = true;
}

bool prefixes_forbid(const State& state) {
  return state.rex != 0 || state.repeat != 0 || state.operand_size || state.lock;
}

bool has_immediate(int map, std::uint8_t opcode) {
  if (map == 3) return true;
  return map == 1 && ((opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 ||
                      (opcode >= 0xc4 && opcode <= 0xc6));
}

bool stores(const State& state, int map) {
  if (map > 3) return state.opcode == 0x11 || state.opcode == 0x7e;
  if (map == 1 && state.opcode == 0x7e) return state.repeat != 0xf3;
  bool down_convert = state.evex && map == 2 && state.repeat == 0xf3 &&
                      ((state.opcode & 0xf8) == 0x10 || (state.opcode & 0xf8) == 0x20 ||
                       (state.opcode & 0xf8) == 0x30);
  return down_convert || contains(kStoring[static_cast<std::size_t>(map)], state.opcode);
}

Entry vector_row(State& state, int map, const std::array<Set, 8>& known) {
  state.opcode = state.next();
  state.map = map;
  if (map > 7 || !contains(known[static_cast<std::size_t>(map)], state.opcode)) return {};
  if (map == 1 && state.opcode == 0x77 && !state.evex) return plain(Op::vector);
  return plain(Op::vector, has_immediate(map, state.opcode) ? Imm::i8 : Imm::none,
               kModrm | (stores(state, map) ? kStores : kReads));
}

// The BMI instructions stand among the vectors but work on general-purpose registers.
Entry general_row(const State& state, int map, Entry row) {
  if (state.evex) return row;
  if (map == 3 && state.opcode == 0xf0)
    return entry(Op::rotate, Slot::reg, Slot::rm, Slot::imm, Imm::i8);
  if (map != 2 || state.opcode < 0xe0) return row;
  switch (state.opcode) {
    case 0xf2:
      return entry(Op::and_, Slot::reg, Slot::vvvv, Slot::rm);  // andn: and of the complement
    case 0xf3:
      return entry(Op::bits, Slot::vvvv, Slot::rm);
    case 0xf5:
      return state.repeat == 0 ? entry(Op::bits, Slot::reg, Slot::rm, Slot::vvvv)
                               : entry(Op::bits, Slot::reg, Slot::vvvv, Slot::rm);
    case 0xf6:
      return entry(Op::mul, Slot::reg, Slot::rm);
    case 0xf7: {
      Op op = state.operand_size ? Op::shl : state.repeat == 0xf2 ? Op::shr : Op::sar;
      return entry(state.mandatory() == 0 ? Op::bits : op, Slot::reg, Slot::rm, Slot::vvvv);
    }
    default:  // cmpccxadd
      return entry(Op::atomic, Slot::rm, Slot::reg, Slot::vvvv, Imm::none, kNotRegister);
  }
}

void reads_rm(State& state) {
  if (!state.is_register()) return;
  state.out.source = state.rm();
  state.out.reads |= std::uint32_t{1} << state.rm();
}

void writes_rm(State& state) {
  if (!state.is_register()) return;
  state.out.destination = state.rm();
  state.out.writes |= std::uint32_t{1} << state.rm();
}

void writes_reg(State& state) {
  state.out.destination = state.reg();
  state.out.writes |= std::uint32_t{1} << state.reg();
}

void add_map1(State& state) {
  bool scalar = state.repeat != 0;
  switch (state.opcode) {
    case 0x2a:
    case 0x7b:
      return scalar ? reads_rm(state) : void();
    case 0x2c:
    case 0x2d:
      return scalar ? writes_reg(state) : void();
    case 0x78:
    case 0x79:
      return scalar && state.evex ? writes_reg(state) : void();
    case 0x50:
    case 0xd7:
    case 0xc5:
      return writes_reg(state);
    case 0x93:
      return state.vex ? writes_reg(state) : void();
    case 0x6e:
    case 0xc4:
      return reads_rm(state);
    case 0x92:
      return state.vex ? reads_rm(state) : void();
    case 0x7e:
      return scalar ? void() : writes_rm(state);
    default:
      return;
  }
}

}  // namespace

Entry read_vex2(State& state) {
  bool wrong = prefixes_forbid(state);
  std::uint8_t byte = state.next();
  state.rex = static_cast<std::uint8_t>(~byte >> 5 & 4);
  set_tail(state, byte & 0x7f);
  Entry row = vector_row(state, 1, kVex);
  return wrong ? Entry{} : row;
}

Entry read_vex3(State& state) {
  bool wrong = prefixes_forbid(state);
  std::uint8_t first = state.next();
  state.rex = static_cast<std::uint8_t>(~first >> 5 & 7);
  set_tail(state, state.next());
  int map = first & 0x1f;
  Entry row = vector_row(state, map, kVex);
  if (wrong || row.op == Op::invalid) return {};
  return general_row(state, map, row);
}

Entry read_evex(State& state) {
  bool wrong = prefixes_forbid(state);
  std::uint8_t first = state.next(), second = state.next();
  state.next();  // masks, rounding, the high bits of vector registers
  state.rex = static_cast<std::uint8_t>(~first >> 5 & 7);
  state.evex = true;
  set_tail(state, second);
  Entry row = vector_row(state, first & 7, kEvex);
  return wrong || (first & 8) != 0 || (second & 4) == 0 ? Entry{} : row;
}

Entry read_xop(State& state) {
  bool wrong = prefixes_forbid(state);
  std::uint8_t first = state.next();
  state.rex = static_cast<std::uint8_t>(~first >> 5 & 7);
  std::uint8_t second = state.next();
  set_tail(state, second);
  state.opcode = state.next();
  int map = (first & 0x1f) - 8;
  state.map = kXopMap;
  if (wrong || map > 2 || (second & 3) != 0 ||
      !contains(kXop[static_cast<std::size_t>(map)], state.opcode))
    return {};
  if (map == 2) {
    return state.opcode == 0x10 ? entry(Op::bits, Slot::reg, Slot::rm, Slot::imm, Imm::z)
                                : plain(Op::other, Imm::z, kModrm);
  }
  if (map == 1 && (state.opcode == 0x01 || state.opcode == 0x02))
    return entry(Op::bits, Slot::vvvv, Slot::rm);
  if (map == 1 && state.opcode == 0x12) return entry(Op::system, Slot::none, Slot::rm);
  return plain(Op::vector, map == 0 ? Imm::i8 : Imm::none, kModrm | kReads);
}

void add_general_operands(State& state) {
  const int map = state.map;
  if (map == 1) return add_map1(state);
  std::uint32_t vvvv = std::uint32_t{1} << state.vvvv;
  if (map == 2 && state.evex && state.opcode >= 0x7a && state.opcode <= 0x7c) reads_rm(state);
  if (map == 2 && state.vex && !state.evex && state.opcode == 0xf6) {  // mulx: two results
    state.out.reads |= std::uint32_t{1} << rdx;
    state.out.writes |= vvvv;
  }
  if (map == 2 && state.vex && !state.evex && state.opcode >= 0xe0 && state.opcode <= 0xef)
    state.out.writes |= std::uint32_t{1} << state.reg();
  if (map == 3 && state.opcode >= 0x14 && state.opcode <= 0x17) writes_rm(state);
  if (map == 3 && (state.opcode == 0x20 || state.opcode == 0x22)) reads_rm(state);
  if (map == 3 && (state.opcode & 0xfc) == 0x60) state.out.writes |= std::uint32_t{1} << rcx;
}

}  // namespace fathom::code::x86
