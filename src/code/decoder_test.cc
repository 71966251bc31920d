#include "code/decoder.h"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <random>
#include <tuple>
#include <vector>

#include "code/x86_state.h"

namespace fathom::code {
namespace {

using Code = std::vector<std::uint8_t>;

Code word(std::uint32_t value) {
  return {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8),
          static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 24)};
}

struct Case {
  Code bytes;
  const char* text;
};

// At 0x1000, all bytes used.
void expect_x86(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    Instruction out = decode_x86_64(one.bytes, 0x1000);
    EXPECT_EQ(describe(Machine::x86_64, out), one.text);
    EXPECT_EQ(out.length, one.bytes.size()) << one.text;
  }
}

std::string arm_text(std::uint32_t value) {
  return describe(Machine::aarch64, decode_aarch64(word(value), 0x1000));
}

constexpr std::uint32_t bit(Register reg) { return 1u << reg; }

TEST(X86, MovesAndAddresses) {
  expect_x86({
      {{0x48, 0x89, 0xe5}, "mov rbp, rsp"},
      {{0xb8, 0x3c, 0, 0, 0}, "mov rax, 0x3c"},
      {{0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8}, "mov rax, 0x807060504030201"},
      {{0x48, 0xc7, 0xc0, 0xff, 0xff, 0xff, 0xff}, "mov rax, -0x1"},
      {{0x48, 0x8d, 0x3d, 0x10, 0, 0, 0}, "lea rdi, [0x1017]"},
      {{0x4a, 0x8b, 0x44, 0xa5, 0xf8}, "mov rax, [rbp + r12*4 - 0x8]"},
      {{0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0}, "mov rax, fs:[0x28]"},
      {{0xa1, 1, 0, 0, 0, 0, 0, 0, 0}, "mov rax, [0x1]"},
      {{0x0f, 0xb6, 0x07}, "zero_extend rax, [rdi]"},
      {{0x48, 0x63, 0x04, 0x97}, "sign_extend rax, [rdi + rdx*4]"},
      {{0xc7, 0x05, 4, 0, 0, 0, 1, 0, 0, 0}, "mov [0x100e], 0x1"},
  });
}

TEST(X86, FlowOfControl) {
  expect_x86({
      {{0xe8, 0xfb, 0xff, 0xff, 0xff}, "call 0x1000"},
      {{0xeb, 0xfe}, "jump 0x1000"},
      {{0x0f, 0x84, 0, 1, 0, 0}, "jump_if 0x1106"},
      {{0xff, 0x25, 0, 0, 0, 0}, "jump_indirect [0x1006]"},
      {{0x3e, 0xff, 0xe0}, "jump_indirect rax"},
      {{0x41, 0xff, 0xd4}, "call_indirect r12"},
      {{0xf3, 0xc3}, "ret"},
      {{0xf3, 0x0f, 0x1e, 0xfa}, "landing"},
      {{0x0f, 0x05}, "syscall"},
      {{0x0f, 0x0b}, "trap"},
      {{0x66, 0x66, 0x48, 0xe8, 0, 0, 0, 0}, "call 0x1008"},
  });
}

TEST(X86, ArithmeticSaysWhatIsWritten) {
  expect_x86({
      {{0x31, 0xc0}, "xor rax, rax, rax"},
      {{0x48, 0x83, 0xec, 0x18}, "sub rsp, rsp, 0x18"},
      {{0x39, 0xc8}, "cmp rax, rcx"},
      {{0x48, 0x6b, 0xd1, 0xf8}, "mul rdx, rcx, -0x8"},
      {{0xd3, 0xe0}, "shl rax, rax, rcx"},
  });
  Instruction wide = decode_x86_64(Code{0xf7, 0xe1}, 0);  // mul ecx
  EXPECT_EQ(wide.writes, bit(x86::rax) | bit(x86::rdx));
  Instruction part = decode_x86_64(Code{0xb4, 0x01}, 0);  // mov ah, 1
  EXPECT_EQ(part.writes, bit(x86::rax));
  EXPECT_EQ(part.reads, bit(x86::rax)) << "the other bytes stay";
  Instruction copy = decode_x86_64(Code{0xf3, 0x48, 0xa5}, 0);  // rep movsq
  EXPECT_EQ(copy.writes, bit(x86::rsi) | bit(x86::rdi) | bit(x86::rcx));
}

TEST(X86, VectorInstructionsThatWriteGeneralRegisters) {
  struct {
    Code bytes;
    std::uint32_t writes;
  } const cases[] = {
      {{0x66, 0x0f, 0xd7, 0xc8}, bit(x86::rcx)},                        // pmovmskb ecx, xmm0
      {{0xf2, 0x0f, 0x2c, 0xc0}, bit(x86::rax)},                        // cvttsd2si eax, xmm0
      {{0x66, 0x48, 0x0f, 0x7e, 0xc2}, bit(x86::rdx)},                  // movq rdx, xmm0
      {{0x66, 0x0f, 0x3a, 0x14, 0xc1, 1}, bit(x86::rcx)},               // pextrb ecx, xmm0, 1
      {{0xc5, 0xf9, 0xd7, 0xc8}, bit(x86::rcx)},                        // vpmovmskb ecx, xmm0
      {{0xc4, 0xe2, 0xf3, 0xf6, 0xd0}, bit(x86::rdx) | bit(x86::rcx)},  // mulx rdx, rcx, rax
      {{0xc5, 0xfb, 0x93, 0xc1}, bit(x86::rax)},                        // kmovd eax, k1
      {{0x0f, 0x28, 0xc1}, 0},                                          // movaps xmm0, xmm1
  };
  for (const auto& one : cases) {
    Instruction out = decode_x86_64(one.bytes, 0);
    EXPECT_EQ(out.length, one.bytes.size());
    EXPECT_EQ(out.writes, one.writes) << describe(Machine::x86_64, out);
  }
}

TEST(X86, WhatIsNoInstruction) {
  for (const Code& bytes :
       {Code{0x06}, Code{0x0f, 0x04}, Code{0x82, 0xc0, 1}, Code{0xff, 0xf8}, Code{0xc6, 0xc8, 1},
        Code{0x8d, 0xc0}, Code{0x66, 0xc5, 0xf8, 0x28, 0xc1}, Code{0xc4, 0xe5, 0x78, 0x28, 0xc1},
        Code{0xde, 0xde}, Code{0x0f, 0xb8, 0xc0}}) {
    Instruction out = decode_x86_64(bytes, 0);
    EXPECT_EQ(out.op, Op::invalid);
    EXPECT_EQ(out.length, 1);
  }
}

TEST(X86, NeverLongerThanTheBytes) {
  const Code longest = {0x66, 0x64, 0x48, 0x81, 0x84, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8};
  for (std::size_t size = 0; size < longest.size(); ++size) {
    Code part(longest.begin(), longest.begin() + static_cast<std::ptrdiff_t>(size));
    Instruction out = decode_x86_64(part, 0);
    EXPECT_EQ(out.op, Op::invalid);
    EXPECT_EQ(out.length, size == 0 ? 0 : 1);
  }
  EXPECT_EQ(decode_x86_64(longest, 0).length, longest.size());
  Code sixteen(15, 0x66);
  sixteen.push_back(0x90);
  EXPECT_EQ(decode_x86_64(sixteen, 0).op, Op::invalid) << "more than 15 bytes";
  sixteen.erase(sixteen.begin());
  EXPECT_EQ(decode_x86_64(sixteen, 0).op, Op::nop);
}

TEST(Aarch64, MovesAndAddresses) {
  EXPECT_EQ(arm_text(0xd2800ba8), "mov x8, 0x5d");             // movz
  EXPECT_EQ(arm_text(0x92800000), "mov x0, -0x1");             // movn
  EXPECT_EQ(arm_text(0xf2a24680), "mov_keep x0, x0, 0x1234");  // movk, lsl 16
  EXPECT_EQ(arm_text(0x910003fd), "mov x29, sp");              // add x29, sp, 0
  EXPECT_EQ(arm_text(0xaa0103e0), "mov x0, x1");               // orr x0, xzr, x1
  EXPECT_EQ(arm_text(0xb2407fe0), "mov x0, 0xffffffff");       // orr x0, xzr, mask
  EXPECT_EQ(arm_text(0xb0000000), "lea x0, [0x2000]");         // adrp
  EXPECT_EQ(arm_text(0x58000040), "mov x0, [0x1008]");         // ldr x0, .+8
  EXPECT_EQ(arm_text(0xf9400c41), "mov x1, [x2 + 0x18]");      // ldr x1, [x2, 24]
  EXPECT_EQ(arm_text(0xf8637841), "mov x1, [x2 + x3*8]");      // ldr x1, [x2, x3, lsl 3]
  EXPECT_EQ(arm_text(0xa9bf7bfd), "store_pair [sp - 0x10], x29, x30");
  EXPECT_EQ(arm_text(0x39400020), "zero_extend x0, [x1]");  // ldrb
}

TEST(Aarch64, FlowOfControl) {
  EXPECT_EQ(arm_text(0x97ffffff), "call 0xffc");
  EXPECT_EQ(arm_text(0x14000002), "jump 0x1008");
  EXPECT_EQ(arm_text(0x54000040), "jump_if 0x1008");
  EXPECT_EQ(arm_text(0xb4000040), "jump_if 0x1008, x0");
  EXPECT_EQ(arm_text(0x37080040), "jump_if 0x1008, x0");
  EXPECT_EQ(arm_text(0xd61f0200), "jump_indirect x16");
  EXPECT_EQ(arm_text(0xd63f0100), "call_indirect x8");
  EXPECT_EQ(arm_text(0xd65f03c0), "ret x30");
  EXPECT_EQ(arm_text(0xd4000001), "syscall 0x0");
  EXPECT_EQ(arm_text(0xd503245f), "landing");
  EXPECT_EQ(arm_text(0xd503201f), "nop");
  EXPECT_EQ(arm_text(0xd4200020), "trap 0x1");
  EXPECT_EQ(arm_text(0), "trap 0x0");
}

TEST(Aarch64, WhatIsWritten) {
  auto writes = [](std::uint32_t value) { return decode_aarch64(word(value), 0).writes; };
  EXPECT_EQ(writes(0xa8c17bfd), bit(29) | bit(30) | bit(arm::sp));  // ldp x29, x30, [sp], 16
  EXPECT_EQ(writes(0xf8408420), bit(0) | bit(1));                   // ldr x0, [x1], 8
  EXPECT_EQ(writes(0x9e660001), bit(1));                            // fmov x1, d0
  EXPECT_EQ(writes(0x0e013c01), bit(1));                            // umov w1, v0.b[0]
  EXPECT_EQ(writes(0xc85f7c20), bit(0));                            // ldxr x0, [x1]
  EXPECT_EQ(writes(0xc8027c20), bit(2));                            // stxr w2, x0, [x1]
  EXPECT_EQ(writes(0xeb01001f), 0u);                                // cmp x0, x1
  EXPECT_EQ(writes(0x8b01001f), 0u);                                // add xzr, x0, x1
}

TEST(Aarch64, MasksOfLogicalImmediates) {
  auto mask = [](std::uint32_t value) {
    return static_cast<std::uint64_t>(decode_aarch64(word(value), 0).immediate);
  };
  EXPECT_EQ(mask(0x927ef400), 0xfffffffffffffffcu);  // and x0, x0, ~3
  EXPECT_EQ(mask(0x1200f000), 0x55555555u);          // and w0, w0, 0x55555555
  EXPECT_EQ(mask(0x9201c000), 0x8080808080808080u);  // and x0, x0, …, a repeated and rotated bit
  EXPECT_EQ(decode_aarch64(word(0x1240fc00), 0).op, Op::invalid) << "64-bit mask in a 32-bit form";
  EXPECT_EQ(decode_aarch64(word(0x9200fc00), 0).op, Op::invalid) << "all ones";
}

TEST(Aarch64, AFewBytesAreNoInstruction) {
  Code three = {0x1f, 0x20, 0x03};
  EXPECT_EQ(decode_aarch64(three, 0).op, Op::invalid);
  EXPECT_EQ(decode_aarch64(three, 0).length, 3);
}

// The short way for common encodings says what the long way says, over bytes of all kinds.
TEST(X86, TheShortWayAndTheLongWayAgree) {
  std::mt19937_64 random(1);
  constexpr std::array<std::uint8_t, 4> kPrefixes = {0x66, 0xf2, 0xf3, 0x48};
  std::array<std::uint8_t, 64> bytes{};
  for (int round = 0; round < 200'000; ++round) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    if (round % 4 == 1) bytes[0] = 0x0f;
    if (round % 4 == 2) bytes[0] = static_cast<std::uint8_t>(0x40 | (bytes[0] & 15));
    if (round % 4 == 3) bytes[0] = kPrefixes[bytes[0] % 4];
    if (round % 8 == 7) bytes[1] = 0x0f;
    Instruction a = decode_x86_64(bytes, 0x1000), b = decode_any_x86_64(bytes, 0x1000);
    auto all = [](const Instruction& one) {
      const Memory& m = one.memory;
      return std::tuple(
          one.address, one.target, one.immediate, one.reads, one.writes, one.length, one.op,
          one.width, one.shift, one.destination, one.source, one.source2, one.has_target,
          one.has_immediate, one.repeated, one.modified,
          std::tuple(m.base, m.index, m.scale, m.access, m.segment, m.compressed, m.displacement));
    };
    ASSERT_EQ(all(a), all(b)) << describe(Machine::x86_64, a) << " | "
                              << describe(Machine::x86_64, b) << " in round " << round;
  }
}

}  // namespace
}  // namespace fathom::code
