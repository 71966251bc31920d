// No disassembly: each sequence is long enough not to occur by chance, and instructions around it
// are looked at where it is not.
//
//   stack protector   x86_64: an access to %fs:0x28, i386: to %gs:0x14, with mov, sub, xor or cmp.
//                     Other machines read a variable, which only its symbol tells.
//   stack clash       x86_64: sub $0x1000,%rsp and then a store to (%rsp): orq $0,(%rsp) of gcc,
//                     movq $0,(%rsp) of clang and rustc. aarch64: sub sp, sp, #n, lsl 12 and then
//                     str xzr, [sp, #1024] of gcc, str xzr, [sp] of clang. A sub of more than a
//                     page without the store is a function that was compiled without; smaller
//                     frames look the same either way.
//   CET, BTI, PAC     endbr64, endbr32; bti c, bti jc; paciasp, pacibsp.
//
// Sources: gcc's ix86_output_probe_stack, aarch64_allocate_and_probe_stack_space; LLVM's
// X86FrameLowering::emitStackProbeInlineGeneric; the psABIs' thread control blocks.

#include "hardening/code_marks.h"

#include "elf/constants.h"

namespace fathom::hardening {

namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMostFrame = 16 << 20;  // a larger "frame" is no instruction

struct Code {
  std::string_view bytes;
  std::uint64_t offset = 0;  // in the file

  std::uint8_t at(std::size_t i) const { return static_cast<std::uint8_t>(bytes[i]); }
  bool has(std::size_t at, std::string_view what) const {
    return at <= bytes.size() && bytes.substr(at).starts_with(what);
  }
};

// Calls `found` with every place of `what` that has `before` bytes in front of it.
template <class Fn>
void for_each(const Code& code, std::string_view what, std::size_t before, Fn found) {
  for (std::size_t at = code.bytes.find(what); at != code.bytes.npos;
       at = code.bytes.find(what, at + 1))
    if (at >= before) found(at);
}

bool accesses_memory(std::uint8_t opcode) {
  return opcode == 0x8b || opcode == 0x2b || opcode == 0x33 || opcode == 0x3b;
}

// 64 REX.W opcode modrm(00 reg 100) sib(0x25) disp32(0x28)
void find_canaries_x86_64(const Code& code, Marks& marks) {
  for_each(code, "\x25\x28\x00\x00\x00"sv, 4, [&](std::size_t at) {
    if (code.at(at - 4) == 0x64 && (code.at(at - 3) & 0xf8) == 0x48 &&
        accesses_memory(code.at(at - 2)) && (code.at(at - 1) & 0xc7) == 0x04)
      marks.add(code.offset + at - 4, true);
  });
}

// 65 a1 disp32(0x14), or 65 opcode modrm(00 reg 101) disp32
void find_canaries_i386(const Code& code, Marks& marks) {
  for_each(code, "\x14\x00\x00\x00"sv, 3, [&](std::size_t at) {
    bool accumulator = code.at(at - 2) == 0x65 && code.at(at - 1) == 0xa1;
    bool other = code.at(at - 3) == 0x65 && accesses_memory(code.at(at - 2)) &&
                 (code.at(at - 1) & 0xc7) == 0x05;
    if (accumulator || other) marks.add(code.offset + at - (accumulator ? 2 : 3), true);
  });
}

// 48 81 ec imm32
void find_frames_x86_64(const Code& code, CodeMarks& marks) {
  for_each(code, "\x81\xec"sv, 1, [&](std::size_t at) {
    if (code.at(at - 1) != 0x48 || code.bytes.size() - at < 6) return;
    std::uint64_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size |= std::uint64_t{code.at(at + 2 + i)} << 8 * i;
    if (size < kPage || size > kMostFrame || size % 8 != 0) return;
    bool touched = code.has(at + 6, "\x48\x83\x0c\x24\x00"sv) ||
                   code.has(at + 6, "\x48\xc7\x04\x24\x00\x00\x00\x00"sv);
    (touched ? marks.probes : marks.unprobed).add(code.offset + at - 1);
  });
}

void find_landing_pads_x86(const Code& code, Marks& marks) {
  for (std::string_view tail : {"\x1e\xfa"sv, "\x1e\xfb"sv})
    for_each(code, tail, 2, [&](std::size_t at) {
      if (code.has(at - 2, "\xf3\x0f"sv)) marks.add(code.offset + at - 2);
    });
}

// Instructions of aarch64 are little-endian words whatever the data is.
void find_aarch64(const Code& code, CodeMarks& marks) {
  constexpr std::uint32_t kSubPagesFromStack = 0xd14003ff, kSubMask = 0xffc003ff;
  constexpr std::uint32_t kTouchGcc = 0xf90203ff, kTouchClang = 0xf90003ff;
  constexpr std::uint32_t kBtiC = 0xd503245f, kBtiJc = 0xd50324df;
  constexpr std::uint32_t kPaciasp = 0xd503233f, kPacibsp = 0xd503237f;
  constexpr std::uint32_t kGuard = 16;  // pages of 4 KiB: gcc's default guard there is 64 KiB
  std::uint32_t before = 0;
  for (std::size_t at = 0; at + 4 <= code.bytes.size(); at += 4) {
    std::uint32_t word = 0;
    for (std::size_t i = 4; i-- > 0;) word = word << 8 | code.at(at + i);
    const std::uint64_t offset = code.offset + at;
    if (word == kBtiC || word == kBtiJc) marks.landing_pads.add(offset);
    if (word == kPaciasp || word == kPacibsp) marks.signing.add(offset);
    if ((before & kSubMask) == kSubPagesFromStack) {
      const std::uint32_t pages = before >> 10 & 0xfff;
      if (word == kTouchGcc || word == kTouchClang)
        marks.probes.add(offset - 4);
      else if (pages > kGuard)
        marks.unprobed.add(offset - 4);
    }
    before = word;
  }
}

}  // namespace

CodeMarks code_marks(const elf::ElfFile& elf) {
  CodeMarks marks;
  const std::uint16_t machine = elf.machine();
  marks.reads_canaries = machine == elf::EM_X86_64 || machine == elf::EM_386;
  marks.reads_probes = machine == elf::EM_X86_64 || machine == elf::EM_AARCH64;
  for (const elf::ElfFile::Range& range : elf.executable_ranges()) {
    Code code{elf.bytes().clamped(range.offset, range.size).as_text(), range.offset};
    if (machine == elf::EM_X86_64) {
      find_canaries_x86_64(code, marks.canaries);
      find_frames_x86_64(code, marks);
    }
    if (machine == elf::EM_386) find_canaries_i386(code, marks.canaries);
    if (marks.reads_canaries) find_landing_pads_x86(code, marks.landing_pads);
    if (machine == elf::EM_AARCH64) find_aarch64(code, marks);
  }
  return marks;
}

}  // namespace fathom::hardening
