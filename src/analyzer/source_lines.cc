// Places in the source that code names: what a call with __FILE__ and __LINE__ compiles to. The
// pairs are nearly unique for each release of a library and depend neither on the compiler nor on
// its options.
//
//   x86-64   lea reg, [rip + name]   or   mov reg32, name      beside   mov reg32, line
//                                                                       mov dword [rsp + d8], line
//                                                                       push line
//   aarch64  adrp reg, page; add reg, reg, low                 beside   movz reg32, line
//
// Found without disassembling: an operand must be the address of a text that looks like the name of
// a source file, and by chance few are. The number that is the line stands before or behind, among
// others; compilers move both by a few instructions. So every small number nearby is listed, and
// whoever compares with the lines of a source must ask how many agree, not whether one does.

#include <algorithm>
#include <array>
#include <cstring>

#include "analyzer/analyzer.h"
#include "base/digest.h"
#include "elf/constants.h"

namespace fathom {

namespace {

constexpr std::size_t kNear = 40;              // bytes before and behind the load of the name
constexpr std::size_t kLongestName = 512;      // bytes, with its folders
constexpr std::uint32_t kMostLines = 400'000;  // of one source file; amalgamations are long
constexpr std::uint64_t kSmallCount = 4096;
constexpr std::array<std::string_view, 13> kEndings = {"c",   "cc",  "cpp", "cxx", "C", "h",  "hh",
                                                       "hpp", "hxx", "inc", "y",   "l", "ipp"};

// A text that names a source file, and where its parts are in memory.
struct Name {
  std::uint64_t address = 0;  // of its first byte
  std::uint64_t base = 0;     // of the name behind the last '/'
  std::uint64_t hash = 0;     // of that
};

bool is_name_byte(std::uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '+' || c == '.';
}
bool is_path_byte(std::uint8_t c) { return c >= 0x20 && c < 0x7f; }

// All such texts in what is not code, by address.
class Names {
 public:
  explicit Names(const FileInput& in) : in_(in) {
    const std::string_view text = in.bytes.as_text();
    for (std::size_t dot = text.find('.'); dot != text.npos; dot = text.find('.', dot + 1))
      if (std::size_t end = end_of_name(text, dot); end != 0) add(text, end);
    std::ranges::sort(names_, {}, &Name::address);
  }

  bool empty() const { return names_.empty(); }
  std::uint64_t lowest() const { return names_.front().address; }
  std::uint64_t highest() const { return names_.back().base; }

  // The name that an operand with this value points at: at its start, or (linkers merge texts that
  // end alike) behind one of its slashes.
  const Name* at(std::uint64_t address) const {
    auto after = std::ranges::upper_bound(names_, address, {}, &Name::address);
    if (after == names_.begin()) return nullptr;
    const Name& name = *(after - 1);
    if (address == name.address) return &name;
    if (address > name.base) return nullptr;
    std::optional<std::uint64_t> offset = in_.elf->offset_of_address(address);
    return offset && *offset > 0 && in_.bytes.span()[*offset - 1] == '/' ? &name : nullptr;
  }

 private:
  // The position of the NUL behind an ending that starts at `dot`, or 0.
  static std::size_t end_of_name(std::string_view text, std::size_t dot) {
    for (std::string_view ending : kEndings) {
      const std::size_t end = dot + 1 + ending.size();
      if (end < text.size() && text[end] == '\0' && text.substr(dot + 1, ending.size()) == ending)
        return end;
    }
    return 0;
  }

  void add(std::string_view text, std::size_t end) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    std::size_t base = end;
    while (base > 0 && end - base < kLongestName && is_name_byte(bytes[base - 1])) --base;
    std::size_t start = base;
    if (start > 0 && bytes[start - 1] == '/')
      while (start > 0 && end - start < kLongestName && is_path_byte(bytes[start - 1])) --start;
    if (start > 0 && bytes[start - 1] != '\0') return;  // inside a longer text, or too long
    if (end - base < 3) return;
    std::optional<std::uint64_t> address = in_.elf->address_of_offset(start);
    if (!address || *address == 0) return;
    names_.push_back({*address, *address + (base - start),
                      xxh3_of(ByteView::of(text.substr(base, end - base)))});
  }

  const FileInput& in_;
  std::vector<Name> names_;
};

class Collector {
 public:
  explicit Collector(std::uint64_t most) : most_(most) {}

  void add(const Name& name, std::uint32_t line, std::uint64_t offset) {
    if (line == 0 || line > kMostLines) return;
    found_.push_back({name.hash, line, offset});
    if (found_.size() >= 2 * most_ + 1024) tidy();
  }
  std::vector<SourceLine> take() {
    tidy();
    if (found_.size() > most_) found_.resize(most_);
    return std::move(found_);
  }

 private:
  void tidy() {
    std::ranges::sort(found_);
    auto pair = [](const SourceLine& at) { return std::pair(at.file, at.line); };
    auto repeated = std::ranges::unique(found_, {}, pair);
    found_.erase(repeated.begin(), repeated.end());
  }

  std::uint64_t most_;
  std::vector<SourceLine> found_;
};

class X86 {
 public:
  X86(ByteView code, const elf::ElfFile::Range& range, const Names& names, Collector& out)
      : code_(code.span()), range_(range), names_(names), out_(out) {}

  void run() {
    find_relative();
    // Addresses below 4 GiB can be operands themselves.
    if (names_.lowest() <= ~std::uint32_t{0}) find_absolute();
  }

 private:
  std::uint32_t word_at(std::size_t at) const {
    return static_cast<std::uint32_t>(code_[at]) | static_cast<std::uint32_t>(code_[at + 1]) << 8 |
           static_cast<std::uint32_t>(code_[at + 2]) << 16 |
           static_cast<std::uint32_t>(code_[at + 3]) << 24;
  }

  // REX.W 8D /r with mod 00 and rm 101: lea reg, [rip + disp32].
  void find_relative() {
    for (std::size_t at = 1; at + 6 <= code_.size(); ++at) {
      const void* next = std::memchr(code_.data() + at, 0x8d, code_.size() - 5 - at);
      if (next == nullptr) return;
      at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(next) - code_.data());
      if ((code_[at + 1] & 0xc7) != 0x05 || (code_[at - 1] & 0xfb) != 0x48) continue;
      const auto displacement = static_cast<std::int32_t>(word_at(at + 2));
      look_around(range_.address + at + 6 + static_cast<std::uint64_t>(std::int64_t{displacement}),
                  at - 1);
    }
  }

  // B8+r imm32: mov reg32, address.
  void find_absolute() {
    const std::uint64_t lowest = names_.lowest(), highest = names_.highest();
    for (std::size_t at = 0; at + 5 <= code_.size(); ++at)
      if ((code_[at] & 0xf8) == 0xb8) {
        const std::uint32_t value = word_at(at + 1);
        if (value >= lowest && value <= highest) look_around(value, at);
      }
  }

  void look_around(std::uint64_t address, std::size_t at) {
    if (address < names_.lowest() || address > names_.highest()) return;
    const Name* name = names_.at(address);
    if (name == nullptr) return;
    const std::size_t end = std::min(code_.size(), at + 7 + kNear);
    for (std::size_t i = at < kNear ? 0 : at - kNear; i + 5 <= end; ++i) {
      const std::uint64_t offset = range_.offset + at;
      if ((code_[i] & 0xf8) == 0xb8 || code_[i] == 0x68)  // mov reg32, imm32; push imm32
        out_.add(*name, word_at(i + 1), offset);
      else if (code_[i] == 0xc7 && i + 8 <= end && code_[i + 1] == 0x44 && code_[i + 2] == 0x24)
        out_.add(*name, word_at(i + 4), offset);  // mov dword [rsp + disp8], imm32
      else if (code_[i] == 0x6a)                  // push imm8
        out_.add(*name, code_[i + 1] < 0x80 ? code_[i + 1] : 0, offset);
    }
  }

  std::span<const std::uint8_t> code_;
  const elf::ElfFile::Range& range_;
  const Names& names_;
  Collector& out_;
};

class Aarch64 {
 public:
  Aarch64(ByteView code, const elf::ElfFile::Range& range, const Names& names, Collector& out)
      : code_(code), range_(range), names_(names), out_(out) {}

  void run() {
    const std::size_t count = code_.size() / 4;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t word = word_at(i);
      const std::uint64_t here = range_.address + 4 * i;
      if ((word & 0x9f000000) == 0x90000000) {  // adrp
        pages_[word & 31] = (here & ~std::uint64_t{0xfff}) + (immediate_of_adr(word) << 12);
      } else if ((word & 0x9f000000) == 0x10000000) {  // adr
        look_around(here + immediate_of_adr(word), i);
      } else if ((word & 0xffc00000) == 0x91000000) {  // add xd, xn, #imm12
        look_around(pages_[word >> 5 & 31] + (word >> 10 & 0xfff), i);
      }
    }
  }

 private:
  std::uint32_t word_at(std::size_t i) const {
    return code_.read<std::uint32_t>(4 * i).value_or(0);
  }
  static std::uint64_t immediate_of_adr(std::uint32_t word) {
    std::uint64_t value = (word >> 5 & 0x7ffff) << 2 | (word >> 29 & 3);
    return (value ^ 0x100000) - 0x100000;  // 21 bits, signed
  }

  void look_around(std::uint64_t address, std::size_t at) {
    if (address < names_.lowest() || address > names_.highest()) return;
    const Name* name = names_.at(address);
    if (name == nullptr) return;
    constexpr std::size_t kInstructions = kNear / 4;
    const std::size_t end = std::min<std::size_t>(code_.size() / 4, at + 1 + kInstructions);
    for (std::size_t i = at < kInstructions ? 0 : at - kInstructions; i < end; ++i) {
      const std::uint32_t word = word_at(i);
      if ((word & 0xffe00000) == 0x52800000)  // movz wd, #imm16
        out_.add(*name, word >> 5 & 0xffff, range_.offset + 4 * at);
    }
  }

  ByteView code_;
  const elf::ElfFile::Range& range_;
  const Names& names_;
  Collector& out_;
  std::array<std::uint64_t, 32> pages_{};  // what the last adrp left in each register
};

bool is_x86_64(const elf::ElfFile& elf) { return elf.machine() == elf::EM_X86_64; }

Done run(const FileInput& in, FileFacts& facts) {
  const Names names(in);
  if (names.empty()) return Ok{};
  Collector out(std::min(in.limits.strings, std::max(kSmallCount, in.bytes.size() / 64)));
  for (const elf::ElfFile::Range& range : in.elf->executable_ranges()) {
    ByteView code = in.bytes.clamped(range.offset, range.size);
    if (is_x86_64(*in.elf))
      X86(code, range, names, out).run();
    else
      Aarch64(code, range, names, out).run();
  }
  facts.source_lines = out.take();
  return Ok{};
}

}  // namespace

extern const FileAnalyzer source_lines = {
    .name = "source-lines",
    .version = 1,
    .needs = Needs::elf,
    .summary = "file names and line numbers that code passes to functions that report errors",
    .wants =
        [](const FileInput& in) {
          return in.elf != nullptr && !in.elf->big_endian() &&
                 (is_x86_64(*in.elf) || in.elf->machine() == elf::EM_AARCH64);
        },
    .run = run,
};

}  // namespace fathom
