// What the decoder of x86_64 knows while it is in the middle of an instruction.

#pragma once

#include <cstring>
#include <span>

#include "code/x86_tables.h"

namespace fathom::code::x86 {

// The longest legal instruction has 15 bytes; what a wrong one makes us look at stays below this.
inline constexpr std::size_t kLongest = 15;
inline constexpr std::size_t kWindow = 40;
inline constexpr int kXopMap = 8;

struct State {
  explicit State(std::span<const std::uint8_t> window) : bytes(window) {}

  std::span<const std::uint8_t> bytes;  // at least kWindow
  std::size_t at = 0;                   // of the next byte
  std::uint8_t rex = 0;                 // 0x40-0x4f, or 0; VEX and its kin set the same bits
  std::uint8_t repeat = 0;              // 0xf2, 0xf3: the last one
  bool operand_size = false, address_size = false, lock = false;
  std::uint8_t opcode = 0, modrm = 0;
  int map = 0;  // of opcodes: 0 one byte, 1 0F, 2 0F38, 3 0F3A, further ones of EVEX, kXopMap
  std::uint8_t vvvv = 0;
  bool vex = false, evex = false;
  Entry row;
  Instruction out;

  std::uint8_t next() { return bytes[at++]; }
  std::uint8_t peek() const { return bytes[at]; }
  template <class T>
  T take() {
    T value;
    std::memcpy(&value, bytes.subspan(at, sizeof(T)).data(), sizeof(T));
    at += sizeof(T);
    return value;
  }

  bool rex_w() const { return (rex & 8) != 0; }
  std::uint8_t mod() const { return modrm >> 6; }
  bool is_register() const { return modrm >= 0xc0; }
  std::uint8_t reg_digit() const { return modrm >> 3 & 7; }
  std::uint8_t rm_digit() const { return modrm & 7; }
  Register reg() const { return static_cast<Register>(reg_digit() | (rex & 4) << 1); }
  Register rm() const { return static_cast<Register>(rm_digit() | (rex & 1) << 3); }
  Register low() const { return static_cast<Register>((opcode & 7) | (rex & 1) << 3); }
  // 0, 0x66, 0xf3, 0xf2: what selects among the meanings of a vector opcode.
  std::uint8_t mandatory() const { return repeat != 0 ? repeat : operand_size ? 0x66 : 0; }
};

// The row for state.row.group and the ModRM byte.
Entry resolve_group(State& state);

// VEX, EVEX and XOP: reads what follows the first byte up to and including the opcode. The row is
// `invalid` where there is no such instruction.
Entry read_vex2(State& state);
Entry read_vex3(State& state);
Entry read_evex(State& state);
Entry read_xop(State& state);

// Which operands of a vector instruction of map 1, 2 or 3 (0F, 0F38, 0F3A) are general-purpose
// registers, legacy or VEX.
void add_general_operands(State& state);

}  // namespace fathom::code::x86

namespace fathom::code {

// Every encoding; decode_x86_64() comes here for those that are not common.
Instruction decode_any_x86_64(std::span<const std::uint8_t> bytes, std::uint64_t address);

}  // namespace fathom::code
