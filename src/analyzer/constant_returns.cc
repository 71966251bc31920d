// Functions that do nothing but return a constant: what compilers make of a library's
// `int version_number(void) { return 3038005; }`. Looked for in executable bytes without
// disassembling: the few encodings are recognised by the bytes around the constant.
//
//   x86   [endbr] [push rbp] [mov rbp, rsp] mov eax, imm32 [mov rbp, rsp] [pop rbp] ret
//   aarch64  [bti c] movz w0, #imm [, lsl 16] [movk w0, #imm [, lsl 16]] ret
//
// The same bytes also end larger functions, so a match must stand where a function can start:
// behind an endbr or bti, at a multiple of 16, or behind what separates functions (a return,
// a breakpoint, a nop). What remains of false matches is many values in one place each; a version
// number must be confirmed by other evidence anyway.
//
// Values below 256 say nothing (true, sizes, enumerators).

#include <algorithm>
#include <map>

#include "analyzer/analyzer.h"
#include "elf/constants.h"

namespace fathom {

namespace {

constexpr std::uint64_t kLeastValue = 256;
constexpr std::size_t kMostPlaces = 8;  // of one value
constexpr std::uint64_t kSmallCount = 4096;

struct Match {
  std::size_t start = 0;  // of the instruction that loads the constant
  std::uint64_t value = 0;
};

class Collector {
 public:
  explicit Collector(std::uint64_t most) : most_(most) {}
  void add(const Match& match, const elf::ElfFile::Range& range) {
    if (match.value < kLeastValue || count_ >= most_) return;
    std::vector<ConstantReturn>& places = by_value_[match.value];
    if (places.size() >= kMostPlaces) return;
    ++count_;
    places.push_back({match.value, range.offset + match.start, range.address + match.start});
  }
  std::vector<ConstantReturn> take() {
    std::vector<ConstantReturn> out;
    for (auto& [value, places] : by_value_) out.insert(out.end(), places.begin(), places.end());
    return out;  // ranges are by offset, so each value's places are too
  }

 private:
  std::uint64_t most_, count_ = 0;
  std::map<std::uint64_t, std::vector<ConstantReturn>> by_value_;
};

// Moves `at` past `bytes` if they stand there.
bool skip(ByteView code, std::size_t& at, std::string_view bytes) {
  if (!code.has_at(at, bytes)) return false;
  at += bytes.size();
  return true;
}
// Moves `at` in front of `bytes` if they end there.
bool skip_back(ByteView code, std::size_t& at, std::string_view bytes) {
  if (at < bytes.size() || !code.has_at(at - bytes.size(), bytes)) return false;
  at -= bytes.size();
  return true;
}

bool x86_function_can_start(ByteView code, std::size_t start, std::uint64_t address) {
  std::size_t at = start;
  if (skip_back(code, at, "\xf3\x0f\x1e\xfa") || skip_back(code, at, "\xf3\x0f\x1e\xfb"))
    return true;
  if (start == 0 || (address + start) % 16 == 0) return true;
  std::uint8_t before = code.span()[start - 1];
  return before == 0xc3 || before == 0xcc || before == 0x90;  // ret, int3, nop
}

// `at` is the position of a B8 byte.
bool match_x86(ByteView code, std::size_t at, std::uint64_t address, Match& match) {
  constexpr std::string_view kPush = "\x55", kPop = "\x5d";
  constexpr std::string_view kFrame = "\x48\x89\xe5", kFrame32 = "\x89\xe5";  // mov rbp, rsp
  Result<std::uint32_t> value = code.read<std::uint32_t>(at + 1);
  if (!value) return false;
  std::size_t start = at, end = at + 5;
  bool frame = skip_back(code, start, kFrame) || skip_back(code, start, kFrame32) ||
               skip(code, end, kFrame) || skip(code, end, kFrame32);
  if (frame && !skip(code, end, kPop)) return false;
  if (frame && !skip_back(code, start, kPush)) return false;
  if (!code.has_at(end, "\xc3") && !code.has_at(end, "\xf3\xc3")) return false;
  if (!x86_function_can_start(code, start, address)) return false;
  match = {at, *value};
  return true;
}

void find_x86(ByteView code, const elf::ElfFile::Range& range, Collector& out) {
  std::string_view text = code.as_text();
  Match match;
  for (std::size_t at = text.find('\xb8'); at != text.npos; at = text.find('\xb8', at + 1))
    if (match_x86(code, at, range.address, match)) out.add(match, range);
}

// movz/movk of w0 (opcode without its hw and imm16 fields).
constexpr std::uint32_t kMovFields = 0x003fffe0;
constexpr std::uint32_t kMovzW0 = 0x52800000, kMovkW0 = 0x72800000;
constexpr std::uint32_t kRet = 0xd65f03c0, kNop = 0xd503201f, kBtiC = 0xd503245f;

std::uint64_t mov_part(std::uint32_t instruction) {
  return std::uint64_t{instruction >> 5 & 0xffff} << (instruction >> 21 & 1) * 16;
}
bool is_mov(std::uint32_t instruction, std::uint32_t opcode) {
  return (instruction & ~kMovFields) == opcode;
}

bool aarch64_function_can_start(ByteView code, std::size_t start, std::uint64_t address) {
  if (start < 4 || (address + start) % 16 == 0) return true;
  std::uint32_t before = code.read<std::uint32_t>(start - 4).value_or(0);
  return before == kBtiC || before == kRet || before == kNop || before == 0;
}

void find_aarch64(ByteView code, const elf::ElfFile::Range& range, Collector& out) {
  constexpr std::string_view kRetBytes = "\xc0\x03\x5f\xd6";
  std::string_view text = code.as_text();
  for (std::size_t at = text.find(kRetBytes); at != text.npos; at = text.find(kRetBytes, at + 1)) {
    if ((range.address + at) % 4 != 0 || at < 4) continue;
    std::uint32_t last = code.read<std::uint32_t>(at - 4).value_or(0);
    std::uint32_t before = at < 8 ? 0 : code.read<std::uint32_t>(at - 8).value_or(0);
    Match match;
    if (is_mov(last, kMovzW0)) {
      match = {at - 4, mov_part(last)};
    } else if (is_mov(last, kMovkW0) && is_mov(before, kMovzW0)) {
      std::uint64_t kept = mov_part(before) & ~(std::uint64_t{0xffff} << (last >> 21 & 1) * 16);
      match = {at - 8, kept | mov_part(last)};
    } else {
      continue;
    }
    if (aarch64_function_can_start(code, match.start, range.address)) out.add(match, range);
  }
}

bool is_x86(const elf::ElfFile& elf) {
  return elf.machine() == elf::EM_X86_64 || elf.machine() == elf::EM_386;
}

Done run(const FileInput& in, FileFacts& facts) {
  // A file made of nothing else must not make facts larger than itself.
  Collector out(std::min(in.limits.strings, std::max(kSmallCount, in.bytes.size() / 4096)));
  for (const elf::ElfFile::Range& range : in.elf->executable_ranges()) {
    ByteView code = in.bytes.clamped(range.offset, range.size);
    is_x86(*in.elf) ? find_x86(code, range, out) : find_aarch64(code, range, out);
  }
  facts.constants = out.take();
  return Ok{};
}

}  // namespace

extern const FileAnalyzer constant_returns = {
    .name = "constant-returns",
    .version = 1,
    .needs = Needs::elf,
    .summary = "functions that do nothing but return a constant, as version functions do",
    .wants =
        [](const FileInput& in) {
          return in.elf != nullptr && !in.elf->big_endian() &&
                 (is_x86(*in.elf) || in.elf->machine() == elf::EM_AARCH64);
        },
    .run = run,
};

}  // namespace fathom
