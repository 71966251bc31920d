// One instruction at a time, x86_64 and AArch64: its length, what kind of thing it does, the
// general-purpose registers and the memory operand it does it with, and where it goes.
//
// Not a disassembler: it tells apart what the analyses need apart and puts the rest into `vector`,
// `system` and `other`. What it says about those is still exact in three respects that a later pass
// relies on: the length, the memory operand, and which general-purpose registers are written.
//
// Sources: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2 and appendix A;
// AMD64 Architecture Programmer's Manual, volume 6 (XOP); Arm Architecture Reference Manual for
// A-profile, chapter C4.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fathom::code {

enum class Machine : std::uint8_t { x86_64, aarch64 };

enum class Op : std::uint8_t {
  invalid,      // no such instruction, or the bytes end before it does
  nop,          // also hints
  landing,      // endbr64, bti: where an indirect branch may go
  mov,          // destination = source, immediate or memory; or memory = source or immediate
  mov_keep,     // replaces the 16 bits at `shift`, keeps the others (movk)
  zero_extend,  // as mov, from `width` bytes
  sign_extend,
  lea,  // destination = address of the memory operand; adr, adrp
  load_pair,
  store_pair,
  push,
  pop,
  leave,
  xchg,
  add,
  sub,
  adc,
  sbb,
  and_,
  or_,
  xor_,
  not_,
  neg,
  inc,
  dec,
  shl,
  shr,
  sar,
  rotate,
  bitfield,  // ubfm and its kin, extr
  bits,      // bit tests, scans, counts, byte swaps
  mul,
  div,
  cmp,   // sets flags only: cmp, cmn
  test,  // sets flags only: test, tst
  set,   // destination = a condition as a number
  cmov,  // destination = one of two registers
  string,
  atomic,  // cmpxchg, xadd, exclusive and LSE accesses
  prefetch,
  fence,
  jump,
  jump_if,
  jump_indirect,
  call,
  call_indirect,
  ret,
  syscall,
  interrupt,
  trap,    // never goes on: ud2, int3, hlt, brk, udf
  system,  // privileged or about the processor: cpuid, rdtsc, mrs
  vector,  // x87, MMX, SSE, AVX, Advanced SIMD, SVE; everything on their registers
  other,
};
inline constexpr std::size_t kOps = static_cast<std::size_t>(Op::other) + 1;
std::string_view name_of(Op op);

// x86_64: 0-15 as encoded (rax 0, rcx 1, rdx 2, rbx 3, rsp 4, rbp 5, rsi 6, rdi 7, r8 …); ah to bh
// are rax to rbx. AArch64: 0-30, the stack pointer 31, the zero register 32.
using Register = std::uint8_t;
inline constexpr Register kNoRegister = 0xff;
inline constexpr Register kPc = 0x40;  // as base of a memory operand

namespace x86 {
enum : Register { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15 };
}
namespace arm {
inline constexpr Register sp = 31, zr = 32;
}

enum class Access : std::uint8_t { none, address, read, write, read_write };

struct Memory {
  Register base = kNoRegister, index = kNoRegister;
  std::uint8_t scale = 1;
  Access access = Access::none;
  char segment = 0;         // 'f' or 'g': relative to fs or gs
  bool compressed = false;  // EVEX: the 8-bit displacement counts units of an unknown size
  // AArch64: 0 when the base is moved after the access, then by `immediate`.
  std::int32_t displacement = 0;
};

struct Instruction {
  std::uint64_t address = 0;
  // Where a direct branch goes. For others the address that the operand names: of memory relative
  // to the program counter or absolute, of adr and adrp. 0 when has_target is false.
  std::uint64_t target = 0;
  std::int64_t immediate = 0;
  std::uint32_t reads = 0, writes = 0;  // general-purpose registers, a bit each; 32 (zr) is none
  Memory memory;
  std::uint8_t length = 0;  // 1 (x86) or 4 when invalid; 0 only when there are no bytes
  Op op = Op::invalid;
  std::uint8_t width = 0;  // bytes of the operation or of the access
  std::uint8_t shift = 0;  // mov_keep; AArch64: left shift of the second source register
  Register destination = kNoRegister, source = kNoRegister, source2 = kNoRegister;
  bool has_target = false;
  bool has_immediate = false;
  bool repeated = false;  // rep, repne
  bool modified = false;  // AArch64: the second source is shifted, extended or inverted first

  std::uint64_t end() const { return address + length; }
  bool has_memory() const { return memory.access != Access::none; }
  bool is_branch() const {
    return op == Op::jump || op == Op::jump_if || op == Op::jump_indirect || op == Op::call ||
           op == Op::call_indirect;
  }
  // Nothing goes on to the next instruction.
  bool ends_flow() const {
    return op == Op::jump || op == Op::jump_indirect || op == Op::ret || op == Op::trap ||
           op == Op::invalid;
  }
};

// The instruction at the start of `bytes`, which lie at `address`. Never reads past `bytes`.
Instruction decode_x86_64(std::span<const std::uint8_t> bytes, std::uint64_t address);
Instruction decode_aarch64(std::span<const std::uint8_t> bytes, std::uint64_t address);

inline Instruction decode(Machine machine, std::span<const std::uint8_t> bytes,
                          std::uint64_t address) {
  return machine == Machine::x86_64 ? decode_x86_64(bytes, address)
                                    : decode_aarch64(bytes, address);
}

// "rax", "x0", "sp"; "pc" for kPc.
std::string register_name(Machine machine, Register reg);
// A line for people, in the manner of Intel's syntax for both: "mov rax, [rip + 0x10] ; 0x4010".
std::string describe(Machine machine, const Instruction& instruction);

}  // namespace fathom::code
