// The encodings that make up nearly all code: an optional size prefix, an optional REX, the
// one-byte and the 0F map, no VEX. Everything else, and everything that is wrong, goes to
// decode_any(), which alone decides what is legal; a test compares the two over random bytes.
//
// Whether an instruction has a memory operand, a displacement, an immediate of this or that size
// nothing predicts, so that a branch on it costs more than computing all of it. So there are none:
// one row, chosen by two look-ups, says how many bytes each part has and where each operand is, and
// parts of no bytes are masked out. Prefixes and escapes are predicted well enough, and what waits
// for a branch waits for less than what waits for a shift.

#include <array>

#include "code/x86_state.h"

namespace fathom::code {

using namespace x86;

namespace {

// What the columns of a row stand for: operands of 4 bytes, of 2 (prefix 66), of 8 (REX.W).
enum Column : std::size_t { kUsual, kShort, kLong, kColumns };

// All that is to know of an opcode, with its digit where it has one.
struct alignas(32) CommonRow {
  bool is_common = false;
  Op op = Op::invalid;
  std::uint8_t has_modrm = 0;
  Access access = Access::none;        // of a memory operand
  std::uint8_t no_modrm = 0;           // 0xc0: as with a register
  std::uint8_t dst = 0, a = 0, b = 0;  // how far to shift the registers of all slots
  std::uint8_t not_register = 0;
  bool has_immediate = false, is_vector = false, is_relative = false, is_one = false;
  std::array<std::uint8_t, kColumns> immediate{}, width{}, written{};  // bytes
  std::uint16_t reads = 0, writes = 0;  // registers that no operand names
};

constexpr std::uint16_t mask(Register reg) { return static_cast<std::uint16_t>(1u << reg); }

constexpr Access access_of(const Entry& row) {
  if (row.flags & kNoAccess) return Access::address;
  bool written = row.dst == Slot::rm || (row.flags & kStores);
  bool read = row.a == Slot::rm || row.b == Slot::rm || (row.flags & kReads);
  if (written) return read ? Access::read_write : Access::write;
  return read ? Access::read : Access::address;
}

constexpr std::uint8_t immediate_bytes(Imm kind, std::size_t column) {
  switch (kind) {
    case Imm::i8:
    case Imm::rel8:
      return 1;
    case Imm::z:
      return column == kShort ? 2 : 4;
    case Imm::v:
      return column == kShort ? 2 : column == kLong ? 8 : 4;
    case Imm::rel32:
      return 4;
    default:
      return 0;
  }
}

// The width of what is read, when the instruction makes a wider value of it.
constexpr std::uint8_t width_read(const Entry& row, std::size_t opcode, std::uint8_t width) {
  if (row.op != Op::zero_extend && row.op != Op::sign_extend) return width;
  if (opcode >= 256) return opcode & 1 ? 2 : 1;
  return opcode == 0x63 ? std::uint8_t{4} : static_cast<std::uint8_t>(width / 2);
}

constexpr std::uint8_t shift_of(Slot slot) {
  return static_cast<std::uint8_t>(8 * (static_cast<unsigned>(slot) & 7));
}

constexpr bool is_plain(const Entry& row) {
  if (row.group != Group::none || row.op == Op::invalid) return false;
  switch (row.imm) {
    case Imm::i8_i8:
    case Imm::i16:
    case Imm::i16_i8:
    case Imm::moffs:
      return false;
    default:
      break;
  }
  switch (row.op) {
    case Op::push:
    case Op::pop:
    case Op::call:
    case Op::call_indirect:
    case Op::ret:
    case Op::leave:
    case Op::trap:
    case Op::vector:
      return true;
    default:
      return !row.implicit;
  }
}

// `opcode` counts those of the 0F map from 256 on. Not common where the table alone does not say
// all.
constexpr CommonRow common(const Entry& row, std::size_t opcode) {
  CommonRow out;
  if (!is_plain(row)) return out;
  out.is_common = true;
  out.op = row.op;
  out.has_modrm = row.flags & kModrm ? 1 : 0;
  out.access = access_of(row);
  out.no_modrm = out.has_modrm ? 0 : 0xc0;
  out.dst = shift_of(row.dst);
  out.a = shift_of(row.a);
  out.b = shift_of(row.b);
  out.not_register = row.flags & kNotRegister ? 1 : 0;
  out.is_vector = row.op == Op::vector;
  out.is_relative = row.imm == Imm::rel8 || row.imm == Imm::rel32;
  out.is_one = row.b == Slot::one;
  out.has_immediate = out.is_one || (row.imm != Imm::none && !out.is_relative);
  for (std::size_t column = 0; column < kColumns; ++column) {
    std::uint8_t usual = row.flags & kWide ? 8 : 4;
    std::uint8_t width = column == kLong ? 8 : column == kShort ? 2 : usual;
    if (row.flags & kByte) width = 1;
    out.written[column] = width;
    out.width[column] = width_read(row, opcode, width);
    out.immediate[column] = immediate_bytes(row.imm, column);
  }
  bool on_stack = row.op == Op::push || row.op == Op::pop || row.op == Op::call ||
                  row.op == Op::call_indirect || row.op == Op::ret;
  if (on_stack) out.reads = out.writes = mask(rsp);
  if (row.op == Op::leave) {
    out.reads = mask(rbp);
    out.writes = mask(rsp) | mask(rbp);
  }
  return out;
}

// By the digit in the ModRM byte; one of these for each opcode that has digits.
constexpr std::array<std::uint8_t, 12> kDigitOpcodes = {0x80, 0x81, 0x83, 0xc0, 0xc1, 0xc6,
                                                        0xc7, 0xd1, 0xd3, 0xf6, 0xf7, 0xff};

constexpr Entry arithmetic_row(std::uint8_t opcode, std::size_t digit) {
  Op op = kArithmetic[digit];
  return entry(op, op == Op::cmp ? Slot::none : Slot::rm, Slot::rm, Slot::imm,
               opcode == 0x81 ? Imm::z : Imm::i8, opcode == 0x80 ? kByte : 0);
}

constexpr Entry shift_row(std::uint8_t opcode, std::size_t digit) {
  constexpr std::array<Op, 8> kOps = {Op::rotate, Op::rotate, Op::rotate, Op::rotate,
                                      Op::shl,    Op::shr,    Op::shl,    Op::sar};
  Slot amount = opcode < 0xd0 ? Slot::imm : opcode == 0xd1 ? Slot::one : Slot::cl;
  return entry(kOps[digit], Slot::rm, Slot::rm, amount, opcode < 0xd0 ? Imm::i8 : Imm::none,
               opcode == 0xc0 ? kByte : 0);
}

constexpr Entry unary_row(std::uint8_t opcode, std::size_t digit) {
  std::uint8_t flags = opcode == 0xf6 ? kByte : 0;
  if (digit != 2 && digit != 3) return {};  // test has an immediate, others use more registers
  return entry(digit == 2 ? Op::not_ : Op::neg, Slot::rm, Slot::rm, Slot::none, Imm::none, flags);
}

constexpr Entry indirect_row(std::size_t digit) {
  switch (digit) {
    case 0:
    case 1:
      return entry(digit == 0 ? Op::inc : Op::dec, Slot::rm, Slot::rm);
    case 2:
      return entry(Op::call_indirect, Slot::none, Slot::rm, Slot::none, Imm::none, kWide);
    case 4:
      return entry(Op::jump_indirect, Slot::none, Slot::rm, Slot::none, Imm::none, kWide);
    case 6:
      return entry(Op::push, Slot::none, Slot::rm, Slot::none, Imm::none, kWide);
    default:
      return {};
  }
}

constexpr Entry digit_row(std::uint8_t opcode, std::size_t digit) {
  switch (opcode) {
    case 0x80:
    case 0x81:
    case 0x83:
      return arithmetic_row(opcode, digit);
    case 0xc0:
    case 0xc1:
    case 0xd1:
    case 0xd3:
      return shift_row(opcode, digit);
    case 0xf6:
    case 0xf7:
      return unary_row(opcode, digit);
    case 0xff:
      return indirect_row(digit);
    default:
      if (digit != 0) return {};
      return opcode == 0xc6 ? entry(Op::mov, Slot::rm, Slot::imm, Slot::none, Imm::i8, kByte)
                            : entry(Op::mov, Slot::rm, Slot::imm, Slot::none, Imm::z);
  }
}

constexpr Entry row_of(std::size_t opcode) {
  // Vector instructions on general-purpose registers.
  for (std::size_t i :
       {0x2a, 0x2c, 0x2d, 0x50, 0x6e, 0x78, 0x79, 0x7b, 0x7e, 0x92, 0x93, 0xc4, 0xc5, 0xd7})
    if (opcode == 256 + i && k0f[i].op == Op::vector) return {};
  if (opcode == 256 + 0x1f) return plain(Op::nop, Imm::none, kModrm | kNoAccess);
  return opcode < 256 ? kOneByte[opcode] : k0f[opcode - 256];
}

// Where an opcode's row is; one with digits has eight, one after the other.
struct Index {
  std::uint16_t first = 0;
  std::uint8_t digits = 0;  // 7, or 0
};
constexpr std::size_t kOpcodes = 512;

constexpr auto kIndex = [] {
  std::array<Index, kOpcodes> out{};
  for (std::size_t i = 0; i < kOpcodes; ++i) out[i].first = static_cast<std::uint16_t>(i);
  for (std::size_t i = 0; i < kDigitOpcodes.size(); ++i)
    out[kDigitOpcodes[i]] = {static_cast<std::uint16_t>(kOpcodes + 8 * i), 7};
  return out;
}();

constexpr auto kRows = [] {
  std::array<CommonRow, kOpcodes + 8 * kDigitOpcodes.size()> out{};
  for (std::size_t i = 0; i < kOpcodes; ++i) out[i] = common(row_of(i), i);
  for (std::size_t i = 0; i < kDigitOpcodes.size(); ++i)
    for (std::size_t digit = 0; digit < 8; ++digit) {
      Entry row = digit_row(kDigitOpcodes[i], digit);
      if (row.b == Slot::cl) row.implicit = false;  // the slot says it
      out[kOpcodes + 8 * i + digit] = common(row, kDigitOpcodes[i]);
    }
  return out;
}();

// How long the parts are, which what comes next waits for: by the opcode alone.
struct Lengths {
  std::uint8_t has_modrm = 0;
  std::array<std::uint8_t, kColumns> immediate{};
};
constexpr auto kLengths = [] {
  std::array<Lengths, kOpcodes> out{};
  for (std::size_t i = 0; i < kOpcodes; ++i) {
    std::size_t first = kIndex[i].first;
    for (std::size_t row = first; row <= first + kIndex[i].digits; ++row)
      if (kRows[row].is_common)
        out[i] = {static_cast<std::uint8_t>(0 - kRows[row].has_modrm), kRows[row].immediate};
  }
  return out;
}();

// What a ModRM byte says: its register operand, or the base and the displacement of a memory
// operand.
struct Form {
  std::uint8_t length = 1, displacement = 0;  // with the byte itself, and SIB
  std::uint8_t is_memory = 0, has_sib = 0, is_relative = 0;
  Register base = kNoRegister, rm = kNoRegister;
  std::uint8_t base_extends = 0, rm_extends = 0;  // 8 where REX.B makes it one of r8 to r15
};
constexpr auto kForms = [] {
  std::array<Form, 256> out{};
  for (std::size_t i = 0; i < 0x100; ++i) {
    Form& form = out[i];
    auto low = static_cast<Register>(i & 7);
    if (i >= 0xc0) {
      form.rm = low;
      form.rm_extends = 8;
      continue;
    }
    form.is_memory = 1;
    form.has_sib = low == 4;
    form.is_relative = i < 0x40 && low == 5;
    form.displacement = form.is_relative || i >= 0x80 ? 4 : i >= 0x40 ? 1 : 0;
    form.length = static_cast<std::uint8_t>(1 + form.has_sib + form.displacement);
    form.base = form.is_relative ? kPc : low;
    form.base_extends = form.is_relative ? 0 : 8;
  }
  return out;
}();

// The lowest `bytes` bytes of a value, sign-extended.
struct Part {
  std::uint64_t mask = 0, sign = 0;
};
constexpr std::array<Part, 9> kParts = {{{0, 0},
                                         {0xff, 0x80},
                                         {0xffff, 0x8000},
                                         {0, 0},
                                         {0xffffffff, 0x80000000},
                                         {0, 0},
                                         {0, 0},
                                         {0, 0},
                                         {~std::uint64_t{0}, std::uint64_t{1} << 63}}};
std::uint64_t signed_part(std::uint64_t value, std::size_t bytes) {
  const Part& part = kParts[bytes];
  return ((value & part.mask) ^ part.sign) - part.sign;
}

std::uint64_t load(std::span<const std::uint8_t> bytes, std::size_t at) {
  std::uint64_t value;
  std::memcpy(&value, bytes.subspan(at, sizeof value).data(), sizeof value);
  return value;
}

// A bit for each register; 0 for what is none.
constexpr auto kBits = [] {
  std::array<std::uint32_t, 256> out{};
  for (std::size_t i = 0; i < 16; ++i) out[i] = std::uint32_t{1} << i;
  return out;
}();

// Operands of one byte without REX: ah, ch, dh and bh count as the registers they are a part of.
Register old_byte(Register reg) { return (reg & 0xfc) == 4 ? static_cast<Register>(reg - 4) : reg; }

// Leaves `out` as it was made, or sets it and returns true. False where the encoding is not one of
// the common ones; `out` is then anything.
bool decode_common(std::span<const std::uint8_t> bytes, std::uint64_t address, Instruction& out) {
  std::uint64_t ahead = load(bytes, 0);
  std::size_t at = 1, column = kUsual;
  bool repeats = false;
  if (auto first = static_cast<std::uint8_t>(ahead); first == 0x66 || (first & 0xfe) == 0xf2) {
    repeats = first != 0x66;
    column = repeats ? kUsual : kShort;
    ahead >>= 8;
    at = 2;
  }
  const bool has_rex = (ahead & 0xf0) == 0x40;
  const unsigned rex = has_rex ? static_cast<unsigned>(ahead) & 0xff : 0;
  ahead = has_rex ? ahead >> 8 : ahead;
  const bool is_escaped = (ahead & 0xff) == 0x0f;
  ahead = is_escaped ? ahead >> 8 : ahead;
  at += std::size_t{has_rex} + is_escaped;
  std::size_t opcode = (ahead & 0xff) | std::size_t{is_escaped} << 8;
  column = rex & 8 ? kLong : column;
  unsigned modrm = static_cast<unsigned>(ahead >> 8) & 0xff;
  std::size_t before = at + (kForms[modrm].length & kLengths[opcode].has_modrm);
  at = before + kLengths[opcode].immediate[column];

  const Index& index = kIndex[opcode];
  const CommonRow& row = kRows[index.first + (modrm >> 3 & index.digits)];
  if (!row.is_common || (repeats && !row.is_vector)) return false;
  modrm |= row.no_modrm;
  const Form& form = kForms[modrm];
  if (row.not_register > form.is_memory) return false;
  std::size_t displacement_bytes = form.displacement;
  auto base = static_cast<Register>(form.base | (rex << 3 & form.base_extends));
  bool is_absolute = false;
  if (form.has_sib) {
    unsigned sib = static_cast<unsigned>(ahead >> 16) & 0xff;
    auto index_register = static_cast<Register>((sib >> 3 & 7) | (rex << 2 & 8));
    if (index_register != rsp) out.memory.index = index_register;
    out.memory.scale = static_cast<std::uint8_t>(1 << (sib >> 6));
    base = static_cast<Register>((sib & 7) | (rex << 3 & 8));
    if ((sib & 7) == 5 && modrm < 0x40) {
      base = kNoRegister;
      displacement_bytes = 4;
      before += 4;
      at += 4;
      is_absolute = index_register == rsp;
    }
    out.reads = kBits[out.memory.index];
  }
  if (at > kLongest) return false;
  std::uint64_t displacement =
      signed_part(load(bytes, before - displacement_bytes), displacement_bytes);
  std::uint64_t immediate = signed_part(load(bytes, before), row.immediate[column]);

  out.address = address;
  out.length = static_cast<std::uint8_t>(at);
  out.op = row.op;
  out.width = row.width[column];
  out.memory.base = base;
  out.memory.access = form.is_memory ? row.access : Access::none;
  out.memory.displacement = static_cast<std::int32_t>(displacement);
  std::uint64_t end = is_absolute ? 0 : address + at;
  bool has_target = row.is_relative | (form.is_relative != 0) | is_absolute;
  out.has_target = has_target;
  std::uint64_t target = (row.is_relative ? immediate : displacement) + end;
  out.target = target & (0 - std::uint64_t{has_target});
  out.has_immediate = row.has_immediate;
  out.immediate =
      static_cast<std::int64_t>((immediate + row.is_one) & (0 - std::uint64_t{row.has_immediate}));

  std::uint64_t registers =
      std::uint64_t{kNoRegister} << 56 | std::uint64_t{rcx} << 48 |
      static_cast<std::uint64_t>((ahead & 7) | (rex << 3 & 8)) << 32 | std::uint64_t{rax} << 24 |
      static_cast<std::uint64_t>((modrm >> 3 & 7) | (rex << 1 & 8)) << 16 |
      static_cast<std::uint64_t>(form.rm | (rex << 3 & form.rm_extends)) << 8 | kNoRegister;
  out.destination = static_cast<Register>(registers >> row.dst);
  out.source = static_cast<Register>(registers >> row.a);
  out.source2 = static_cast<Register>(registers >> row.b);
  std::uint8_t written = row.written[column];
  if (!has_rex && (out.width == 1 || written == 1)) {
    if (written == 1) out.destination = old_byte(out.destination);
    if (out.width == 1) {
      out.source = old_byte(out.source);
      out.source2 = old_byte(out.source2);
    }
  }
  std::uint32_t to = kBits[out.destination];
  out.writes = row.writes | to;
  out.reads |=
      row.reads | kBits[base] | kBits[out.source] | kBits[out.source2] | (written < 4 ? to : 0);
  return true;
}

}  // namespace

[[gnu::flatten]] Instruction decode_x86_64(std::span<const std::uint8_t> bytes,
                                           std::uint64_t address) {
  Instruction out;
  if (bytes.size() < kWindow || !decode_common(bytes, address, out))
    out = decode_any_x86_64(bytes, address);
  return out;
}

}  // namespace fathom::code
