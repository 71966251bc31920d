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

#include <optional>
#include <span>

#include "base/needles.h"
#include "elf/constants.h"

namespace fathom::hardening {

namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMostFrame = 16 << 20;  // a larger "frame" is no instruction

struct Code {
  std::string_view bytes;
  std::uint64_t offset = 0;  // in the file

  // Before the first byte there are zeros, which begin none of the sequences.
  std::uint8_t at(std::size_t i) const {
    return i < bytes.size() ? static_cast<std::uint8_t>(bytes[i]) : std::uint8_t{0};
  }
  bool has(std::size_t at, std::string_view what) const {
    return at <= bytes.size() && bytes.substr(at).starts_with(what);
  }
};

bool accesses_memory(std::uint8_t opcode) {
  return opcode == 0x8b || opcode == 0x2b || opcode == 0x33 || opcode == 0x3b;
}

// 64 REX.W opcode modrm(00 reg 100) sib(0x25) disp32(0x28); `at` is that of the sib.
void add_canary_x86_64(const Code& code, std::size_t at, CodeMarks& marks) {
  if (code.at(at - 4) == 0x64 && (code.at(at - 3) & 0xf8) == 0x48 &&
      accesses_memory(code.at(at - 2)) && (code.at(at - 1) & 0xc7) == 0x04)
    marks.canaries.add(code.offset + at - 4, true);
}

// 65 a1 disp32(0x14), or 65 opcode modrm(00 reg 101) disp32; `at` is that of the displacement.
void add_canary_i386(const Code& code, std::size_t at, CodeMarks& marks) {
  const bool accumulator = code.at(at - 2) == 0x65 && code.at(at - 1) == 0xa1;
  const bool other = code.at(at - 3) == 0x65 && accesses_memory(code.at(at - 2)) &&
                     (code.at(at - 1) & 0xc7) == 0x05;
  if (accumulator || other) marks.canaries.add(code.offset + at - (accumulator ? 2 : 3), true);
}

// 48 81 ec imm32, as far as it is the size of a frame; `at` is behind the prefix.
std::optional<std::uint64_t> frame_x86_64(const Code& code, std::size_t at) {
  if (code.at(at - 1) != 0x48 || code.bytes.size() - at < 6) return {};
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size |= std::uint64_t{code.at(at + 2 + i)} << 8 * i;
  if (size > kMostFrame || size % 8 != 0) return {};
  return size;
}

void add_frame_x86_64(const Code& code, std::size_t at, CodeMarks& marks) {
  if (frame_x86_64(code, at)) marks.frames.add(code.offset + at - 1, true);
}

void add_probe_x86_64(const Code& code, std::size_t at, CodeMarks& marks) {
  if (frame_x86_64(code, at).value_or(0) < kPage) return;
  const bool touched = code.has(at + 6, "\x48\x83\x0c\x24\x00"sv) ||
                       code.has(at + 6, "\x48\xc7\x04\x24\x00\x00\x00\x00"sv);
  (touched ? marks.probes : marks.unprobed).add(code.offset + at - 1);
}

// 48 83 ec imm8; `at` is behind the prefix. Eight bytes only align the stack.
void add_small_frame_x86_64(const Code& code, std::size_t at, CodeMarks& marks) {
  const std::uint8_t size = code.at(at + 2);
  if (code.at(at - 1) == 0x48 && size >= 16 && size < 128 && size % 8 == 0)
    marks.frames.add(code.offset + at - 1, true);
}

void add_landing_pad(const Code& code, std::size_t at, CodeMarks& marks) {
  marks.landing_pads.add(code.offset + at);
}

// What stands in the code, and who looks at it.
struct Sequence {
  std::string_view bytes;
  void (*add)(const Code&, std::size_t at, CodeMarks&);
};
constexpr Sequence kX86_64[] = {
    {"\x25\x28\x00\x00\x00"sv, add_canary_x86_64},
    {"\x81\xec"sv, add_probe_x86_64},
    {"\xf3\x0f\x1e\xfa"sv, add_landing_pad},
    {"\xf3\x0f\x1e\xfb"sv, add_landing_pad},
};
// There are many of these, and nobody asks where no function reads a canary.
constexpr Sequence kFramesX86_64[] = {
    {"\x81\xec"sv, add_frame_x86_64},
    {"\x83\xec"sv, add_small_frame_x86_64},
};
constexpr Sequence kI386[] = {
    {"\x14\x00\x00\x00"sv, add_canary_i386},
    {"\xf3\x0f\x1e\xfa"sv, add_landing_pad},
    {"\xf3\x0f\x1e\xfb"sv, add_landing_pad},
};

Needles needles_of(std::span<const Sequence> sequences) {
  std::vector<std::string_view> bytes;
  for (const Sequence& each : sequences) bytes.push_back(each.bytes);
  return Needles(bytes);
}

void find(const Needles& needles, std::span<const Sequence> sequences, const Code& code,
          CodeMarks& marks) {
  needles.for_each(code.bytes, [&](std::size_t at, std::size_t which) {
    sequences[which].add(code, at, marks);
  });
}

void find_x86(const Code& code, bool wide, CodeMarks& marks) {
  static const Needles kWide = needles_of(kX86_64), kNarrow = needles_of(kI386);
  if (wide)
    find(kWide, kX86_64, code, marks);
  else
    find(kNarrow, kI386, code, marks);
}

void find_frames_x86_64(const Code& code, CodeMarks& marks) {
  static const Needles kFrames = needles_of(kFramesX86_64);
  find(kFrames, kFramesX86_64, code, marks);
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
  marks.reads_frames = machine == elf::EM_X86_64;
  marks.reads_probes = machine == elf::EM_X86_64 || machine == elf::EM_AARCH64;
  const auto code_of = [&](const elf::ElfFile::Range& range) {
    return Code{elf.bytes().clamped(range.offset, range.size).as_text(), range.offset};
  };
  for (const elf::ElfFile::Range& range : elf.executable_ranges()) {
    if (marks.reads_canaries) find_x86(code_of(range), machine == elf::EM_X86_64, marks);
    if (machine == elf::EM_AARCH64) find_aarch64(code_of(range), marks);
  }
  if (marks.reads_frames && marks.canaries.count > 0)
    for (const elf::ElfFile::Range& range : elf.executable_ranges())
      find_frames_x86_64(code_of(range), marks);
  return marks;
}

}  // namespace fathom::hardening
