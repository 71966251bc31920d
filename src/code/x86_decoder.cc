// x86_64, table-driven: prefixes, then one of four opcode maps (or VEX, EVEX, XOP), ModRM, SIB,
// displacement, immediate. The table's row says what the operands are.
//
// The input is copied to nothing and checked once: an instruction is at most 15 bytes long, so
// with kWindow bytes ahead no read can leave the window; the last bytes of a section are decoded
// from a padded copy, and an instruction that reaches into the padding is invalid.

#include <array>

#include "code/x86_state.h"

namespace fathom::code {

using namespace x86;

namespace {

// How many bytes the operands have, without regard to the row's own size of a source.
std::uint8_t operand_width(const State& state) {
  if (state.row.flags & kByte) return 1;
  if (state.rex_w()) return 8;
  if (state.operand_size) return 2;
  return state.row.flags & kWide ? 8 : 4;
}

void take_prefix(State& state, std::uint8_t byte) {
  state.rex = 0;  // counts only directly before the opcode
  switch (byte) {
    case 0x64:
      state.out.memory.segment = 'f';
      break;
    case 0x65:
      state.out.memory.segment = 'g';
      break;
    case 0x66:
      state.operand_size = true;
      break;
    case 0x67:
      state.address_size = true;
      break;
    case 0xf0:
      state.lock = true;
      break;
    case 0xf2:
    case 0xf3:
      state.repeat = byte;
      break;
    default:  // cs, ss, ds, es mean nothing in 64-bit mode
      break;
  }
}

// False when there are more prefixes than an instruction is long.
bool read_prefixes(State& state) {
  while (state.at < kLongest) {
    state.opcode = state.next();
    state.row = kOneByte[state.opcode];
    if (state.row.group == Group::rex)
      state.rex = state.opcode;
    else if (state.row.group == Group::prefix)
      take_prefix(state, state.opcode);
    else
      return true;
  }
  return false;
}

void read_two_byte_opcode(State& state) {
  state.opcode = state.next();
  state.row = k0f[state.opcode];
  state.map = 1;
  if (state.row.group != Group::escape_0f38 && state.row.group != Group::escape_0f3a) return;
  state.map = state.row.group == Group::escape_0f38 ? 2 : 3;
  state.opcode = state.next();
  state.row = state.map == 2 ? k0f38[state.opcode] : k0f3a[state.opcode];
}

void read_opcode(State& state) {
  if (!read_prefixes(state)) {
    state.row = {};
    return;
  }
  switch (state.row.group) {
    case Group::escape_0f:
      return read_two_byte_opcode(state);
    case Group::vex2:
      state.row = read_vex2(state);
      return;
    case Group::vex3:
      state.row = read_vex3(state);
      return;
    case Group::evex:
      state.row = read_evex(state);
      return;
    case Group::pop_or_xop:
      state.row.flags = kModrm;
      if ((state.peek() & 0x1f) >= 8) state.row = read_xop(state);
      return;
    default:
      return;
  }
}

// The base or index that SIB names, and the displacement.
void read_memory(State& state) {
  Memory& memory = state.out.memory;
  std::uint8_t mod = state.mod();
  bool wide_displacement = mod == 2;
  if (state.rm_digit() == 4) {
    std::uint8_t sib = state.next();
    auto index = static_cast<Register>((sib >> 3 & 7) | (state.rex & 2) << 2);
    if (index != rsp) memory.index = index;
    memory.scale = static_cast<std::uint8_t>(1 << (sib >> 6));
    if ((sib & 7) == 5 && mod == 0)
      wide_displacement = true;
    else
      memory.base = static_cast<Register>((sib & 7) | (state.rex & 1) << 3);
  } else if (state.rm_digit() == 5 && mod == 0) {
    memory.base = kPc;
    wide_displacement = true;
  } else {
    memory.base = state.rm();
  }
  if (wide_displacement) memory.displacement = state.take<std::int32_t>();
  if (mod == 1) {
    memory.displacement = state.take<std::int8_t>();
    memory.compressed = state.evex;
  }
}

// movbe and crc32 share their opcodes.
void refine_0f38(State& state) {
  if (state.vex || (state.opcode != 0xf0 && state.opcode != 0xf1)) return;
  if (state.repeat == 0xf2)  // crc32
    state.row = entry(Op::bits, Slot::reg, Slot::reg, Slot::rm, Imm::none,
                      state.opcode == 0xf0 ? kByte : 0);
  else
    state.row.flags |= kNotRegister;
}

void read_operand_bytes(State& state) {
  if (state.row.flags & kModrm) {
    state.modrm = state.next();
    if (state.row.group != Group::none) state.row = resolve_group(state);
    if (state.map == 2) refine_0f38(state);
    if (!state.is_register())
      read_memory(state);
    else if (state.row.flags & kNotRegister)
      state.row.op = Op::invalid;
  } else if (state.row.group != Group::none) {
    state.row = resolve_group(state);
  }
}

// Bytes of each Imm with operands of 4 bytes, of 2 (operand-size prefix), of 8 (REX.W), and with an
// address-size prefix for moffs. With an operand-size prefix AMD reads 16 bits of a branch distance
// and Intel 32; linkers that pad calls with prefixes rely on the latter.
constexpr std::array<std::array<std::uint8_t, 10>, 3> kImmediateBytes = {
    {{0, 1, 2, 2, 3, 4, 4, 8, 1, 4},
     {0, 1, 2, 2, 3, 2, 2, 8, 1, 4},
     {0, 1, 2, 2, 3, 4, 8, 8, 1, 4}}};

void set_immediate(State& state, std::int64_t value) {
  state.out.immediate = value;
  state.out.has_immediate = true;
}

void read_immediate(State& state) {
  Imm kind = state.row.imm;
  if (kind == Imm::none) return;
  std::size_t column = state.rex_w() ? 2 : state.operand_size ? 1 : 0;
  std::size_t size = kImmediateBytes[column][static_cast<std::size_t>(kind)];
  if (kind == Imm::moffs && state.address_size) size = 4;
  auto bytes = state.take<std::uint64_t>();
  state.at = state.at - sizeof bytes + size;
  unsigned unused = static_cast<unsigned>(64 - 8 * size);
  std::int64_t value = static_cast<std::int64_t>(bytes << unused) >> unused;
  if (kind == Imm::rel8 || kind == Imm::rel32) {
    state.out.has_target = true;
    state.out.target = state.out.address + state.at + static_cast<std::uint64_t>(value);
  } else if (kind == Imm::moffs) {
    state.out.has_target = true;
    state.out.target = bytes << unused >> unused;
  } else {
    bool is_count = kind == Imm::i16 || kind == Imm::i16_i8 || kind == Imm::i8_i8;
    set_immediate(state, is_count ? value & 0xffff : value);
  }
}

std::uint32_t bit(Register reg) { return std::uint32_t{1} << reg; }

// The register of each Slot, a byte each; kNoRegister where it is memory or no register.
std::uint64_t registers_of(const State& state) {
  std::uint64_t rm = state.is_register() ? state.rm() : kNoRegister;
  return std::uint64_t{kNoRegister} << 56 | std::uint64_t{rcx} << 48 |
         std::uint64_t{state.vvvv} << 40 | std::uint64_t{state.low()} << 32 |
         std::uint64_t{rax} << 24 | std::uint64_t{state.reg()} << 16 | rm << 8 | kNoRegister;
}

// ah, ch, dh and bh count as the registers that they are a part of.
Register pick(std::uint64_t registers, Slot slot, bool old_bytes) {
  auto reg = static_cast<Register>(registers >> 8 * (static_cast<unsigned>(slot) & 7));
  return old_bytes && (reg & 0xfc) == 4 ? static_cast<Register>(reg - 4) : reg;
}

Access memory_access(const State& state) {
  const Entry& row = state.row;
  if (row.flags & kNoAccess) return Access::address;
  bool written = row.dst == Slot::rm || (row.flags & kStores);
  bool read = row.a == Slot::rm || row.b == Slot::rm || (row.flags & kReads);
  if (written) return read ? Access::read_write : Access::write;
  return read ? Access::read : Access::address;
}

void set_memory(State& state) {
  Instruction& out = state.out;
  bool absolute = state.row.imm == Imm::moffs;
  if (!absolute && (!(state.row.flags & kModrm) || state.is_register())) return;
  Memory& memory = out.memory;
  memory.access = memory_access(state);
  if (memory.base < 16) out.reads |= bit(memory.base);
  if (memory.index < 16 && !(state.row.op == Op::vector && state.vex))
    out.reads |= bit(memory.index);
  if (absolute || out.has_target) return;
  auto displacement = static_cast<std::uint64_t>(static_cast<std::int64_t>(memory.displacement));
  if (memory.base == kPc)
    out.target = out.address + state.at + displacement;
  else if (memory.base == kNoRegister && memory.index == kNoRegister)
    out.target = displacement;
  else
    return;
  if (state.address_size) out.target &= 0xffffffff;
  out.has_target = true;
}

// The width of what is read by an instruction that makes a wider value of it.
std::uint8_t source_width(const State& state) {
  if (state.map == 0) return state.opcode == 0x63 ? 4 : state.out.width / 2;
  return state.opcode & 1 ? 2 : 1;
}

void set_operands(State& state) {
  Instruction& out = state.out;
  const Entry& row = state.row;
  std::uint8_t width = operand_width(state);
  out.width = width;
  if (row.op == Op::zero_extend || row.op == Op::sign_extend) out.width = source_width(state);
  std::uint64_t registers = registers_of(state);
  bool no_rex = state.rex == 0;
  out.destination = pick(registers, row.dst, no_rex && width == 1);
  out.source = pick(registers, row.a, no_rex && out.width == 1);
  out.source2 = pick(registers, row.b, no_rex && out.width == 1);
  if (row.b == Slot::one) set_immediate(state, 1);
  if (out.source < 16) out.reads |= bit(out.source);
  if (out.source2 < 16) out.reads |= bit(out.source2);
  if (out.destination < 16) {
    out.writes |= bit(out.destination);
    if (width < 4) out.reads |= bit(out.destination);  // the rest of it stays
  }
}

void add_string_registers(State& state) {
  Instruction& out = state.out;
  out.repeated = state.repeat != 0;
  std::uint32_t pointers = 0;
  switch (state.opcode & 0xfe) {
    case 0x6c:
      pointers = bit(rdi);
      out.reads |= bit(rdx);
      break;
    case 0x6e:
      pointers = bit(rsi);
      out.reads |= bit(rdx);
      break;
    case 0xaa:
    case 0xae:
      pointers = bit(rdi);
      out.reads |= bit(rax);
      break;
    case 0xac:
      pointers = bit(rsi);
      out.writes |= bit(rax);
      break;
    default:
      pointers = bit(rsi) | bit(rdi);
  }
  if (out.repeated) pointers |= bit(rcx);
  out.reads |= pointers;
  out.writes |= pointers;
}

void add_one_byte_registers(State& state) {
  Instruction& out = state.out;
  auto uses = [&](std::uint32_t read, std::uint32_t written) {
    out.reads |= read;
    out.writes |= written;
  };
  switch (state.opcode) {
    case 0x99:
      return uses(bit(rax), bit(rdx));
    case 0x9e:
    case 0xd7:
      return uses(bit(rax) | bit(rbx), 0);
    case 0xc8:
      return uses(bit(rsp) | bit(rbp), bit(rsp) | bit(rbp));
    case 0xd2:
    case 0xd3:
      return uses(bit(rcx), 0);
    case 0xe0:
    case 0xe1:
    case 0xe2:
      return uses(bit(rcx), bit(rcx));
    case 0xe3:
      return uses(bit(rcx), 0);
    case 0xec:
    case 0xed:
    case 0xee:
    case 0xef:
      return uses(bit(rdx), 0);
    case 0xdf:  // fnstsw ax
      return uses(0, state.modrm == 0xe0 ? bit(rax) : 0);
    default:
      return;
  }
}

void add_0f_registers(State& state) {
  Instruction& out = state.out;
  constexpr std::uint32_t kAbcd = 0x0f;
  auto uses = [&](std::uint32_t read, std::uint32_t written) {
    out.reads |= read;
    out.writes |= written;
  };
  switch (state.opcode) {
    case 0x01:
      if (state.is_register() && (state.reg_digit() | 2) != 6) uses(kAbcd, kAbcd);
      return;
    case 0x30:  // wrmsr
      return uses(bit(rax) | bit(rcx) | bit(rdx), 0);
    case 0x31:
    case 0x32:
    case 0x33:
      return uses(bit(rcx), bit(rax) | bit(rdx));
    case 0xa2:
      return uses(bit(rax) | bit(rcx), kAbcd);
    case 0xa5:
    case 0xad:
      return uses(bit(rcx), 0);
    case 0xa6:
    case 0xa7:
      return uses(kAbcd | bit(rsi) | bit(rdi), kAbcd | bit(rsi) | bit(rdi));
    case 0xae:
      return uses(bit(rax) | bit(rdx), 0);
    case 0xb0:
    case 0xb1:
      return uses(bit(rax), bit(rax));
    case 0xc0:
    case 0xc1:
      return uses(0, bit(out.source2));
    case 0xc7:
      if (!state.is_register()) uses(kAbcd, bit(rax) | bit(rdx));
      return;
    default:
      return;
  }
}

// Registers that no operand names.
void add_implicit_registers(State& state) {
  const int map = state.vex ? -1 : state.map;
  Instruction& out = state.out;
  switch (state.row.op) {
    case Op::string:
      return add_string_registers(state);
    case Op::push:
    case Op::pop:
    case Op::call:
    case Op::call_indirect:
    case Op::ret:
      out.reads |= bit(rsp);
      out.writes |= bit(rsp);
      return;
    case Op::leave:
      out.reads |= bit(rbp);
      out.writes |= bit(rsp) | bit(rbp);
      return;
    case Op::xchg:
      if (out.source2 < 16) out.writes |= bit(out.source2);
      return;
    case Op::syscall:  // Linux passes six arguments in registers
      out.reads |= bit(rax) | bit(rdi) | bit(rsi) | bit(rdx) | bit(r10) | bit(r8) | bit(r9);
      out.writes |= bit(rax) | bit(rcx) | bit(r11);
      return;
    case Op::mul:
    case Op::div:
      if (map != 0 || (state.opcode & 0xfe) != 0xf6) return;
      out.reads |= bit(rax) | (state.row.op == Op::div && out.width > 1 ? bit(rdx) : 0);
      out.writes |= bit(rax) | (out.width > 1 ? bit(rdx) : 0);
      return;
    default:
      break;
  }
  if (map == 0)
    add_one_byte_registers(state);
  else if (map == 1)
    add_0f_registers(state);
  else if (map == 3 && (state.opcode & 0xfc) == 0x60) {  // pcmpestr, pcmpistr
    out.reads |= bit(rax) | bit(rdx);
    out.writes |= bit(rcx);
  }
}

Instruction invalid_at(std::uint64_t address) {
  Instruction out;
  out.address = address;
  out.length = 1;
  return out;
}

Instruction decode_in_window(std::span<const std::uint8_t> window, std::uint64_t address) {
  State state(window);
  state.out.address = address;
  read_opcode(state);
  read_operand_bytes(state);
  if (state.row.op == Op::invalid) return invalid_at(address);
  read_immediate(state);
  if (state.at > kLongest) return invalid_at(address);
  state.out.length = static_cast<std::uint8_t>(state.at);
  state.out.op = state.row.op;
  set_memory(state);
  set_operands(state);
  if (state.row.op == Op::vector || state.vex) add_general_operands(state);
  if (state.row.implicit) add_implicit_registers(state);
  return state.out;
}

}  // namespace

// Everything in this file in one function: an instruction takes some tens of nanoseconds, and calls
// would be a large part of them.
[[gnu::flatten]] Instruction decode_any_x86_64(std::span<const std::uint8_t> bytes,
                                               std::uint64_t address) {
  if (bytes.size() >= kWindow) return decode_in_window(bytes, address);
  Instruction none;
  none.address = address;
  if (bytes.empty()) return none;
  std::array<std::uint8_t, kWindow> padded{};
  std::memcpy(padded.data(), bytes.data(), bytes.size());
  Instruction out = decode_in_window(padded, address);
  return out.length <= bytes.size() ? out : invalid_at(address);
}

}  // namespace fathom::code
