// What a program can ask of the system, and whether it hides it.
//
// A dynamic program asks through the names it imports. A static one asks directly: on x86_64 and
// aarch64 the number of a system call stands in an instruction right before the call, except in
// libc's syscall() and in Go, where it comes from elsewhere; such calls are counted.
//
// Reserved words: a shell must recognise "esac", and every shell known keeps its words in a table.
// In compiled C each ends with NUL. It need not begin a text: linkers keep "foreach" once, as the
// end of "Not in while/foreach". Shells that work in wide characters have the words in UTF-32; Go
// puts its literals into one block, ordered by length, so there the words touch others. A script
// inside a program (a completion script, say) has white space behind its words and does not count.
//
// A program that is many commands, such as busybox, has a table of their names: sorted, for it
// looks them up by halving, one NUL behind each. Which names depends on how it was configured.
//
// UPX leaves its mark behind the program headers (struct l_info) and at the end of the file; where
// somebody wiped both, what stays is code that looks like noise and no section headers. Machine
// code of x86_64 and aarch64 has 5.5 to 6.7 bits of entropy a byte, compressed bytes 7.9.

#include <algorithm>
#include <array>
#include <cmath>

#include "analyzer/analyzer.h"
#include "analyzer/go_pclntab.h"
#include "base/digest.h"
#include "base/needles.h"
#include "base/text.h"
#include "elf/constants.h"

namespace fathom {

extern const std::string_view kGrammarsTsv;

namespace {

constexpr std::uint32_t kDynamicSymbols = 11;  // SHT_DYNSYM
enum : std::uint64_t { kTagHash = 4, kTagStrings = 5, kTagSymbols = 6, kTagStringSize = 10 };
constexpr std::uint64_t kNameBytes = 512;  // of one symbol

template <std::unsigned_integral T>
std::uint64_t number(const elf::ElfFile& elf, ByteView bytes, std::uint64_t offset) {
  Result<T> value = elf.big_endian() ? bytes.read_big<T>(offset) : bytes.read<T>(offset);
  return value ? *value : 0;
}

// ---- Imports

struct SymbolTable {
  ByteView symbols, strings;
};

std::uint64_t symbol_size(const elf::ElfFile& elf) { return elf.bits() == 64 ? 24 : 16; }

// As the dynamic linker sees it. It never needs the number of symbols; linkers put the string table
// right behind them, and where a file does not, DT_HASH counts them.
std::optional<SymbolTable> table_of_segment(const elf::ElfFile& elf) {
  std::uint64_t tags[16] = {};
  for (const elf::Segment& segment : elf.segments()) {
    if (segment.type != elf::PT_DYNAMIC) continue;
    const std::uint64_t width = static_cast<std::uint64_t>(elf.bits()) / 8;
    const std::uint64_t count =
        std::min<std::uint64_t>(segment.contents.size() / (2 * width), 4096);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t at = 2 * i * width;
      const auto tag = width == 8 ? number<std::uint64_t>(elf, segment.contents, at)
                                  : number<std::uint32_t>(elf, segment.contents, at);
      const auto value = width == 8 ? number<std::uint64_t>(elf, segment.contents, at + width)
                                    : number<std::uint32_t>(elf, segment.contents, at + width);
      if (tag == 0) break;
      if (tag < std::size(tags)) tags[tag] = value;
    }
  }
  const auto symbols = elf.offset_of_address(tags[kTagSymbols]);
  const auto strings = elf.offset_of_address(tags[kTagStrings]);
  if (tags[kTagSymbols] == 0 || !symbols || !strings) return std::nullopt;
  std::uint64_t size = *strings > *symbols ? *strings - *symbols : 0;
  if (auto hash = elf.offset_of_address(tags[kTagHash]); tags[kTagHash] != 0 && hash)
    size = number<std::uint32_t>(elf, elf.bytes(), *hash + 4) * symbol_size(elf);
  return SymbolTable{elf.bytes().clamped(*symbols, size),
                     elf.bytes().clamped(*strings, tags[kTagStringSize])};
}

std::optional<SymbolTable> dynamic_symbols(const elf::ElfFile& elf) {
  std::optional<SymbolTable> table = table_of_segment(elf);
  if (table && !table->symbols.empty()) return table;
  for (const elf::Section& section : elf.sections())
    if (section.type == kDynamicSymbols && section.link < elf.sections().size())
      return SymbolTable{section.contents, elf.sections()[section.link].contents};
  return table;
}

void read_imports(const elf::ElfFile& elf, AuditFacts& out) {
  if (!elf.has_dynamic()) return;
  const std::optional<SymbolTable> table = dynamic_symbols(elf);
  out.imports_unread = !elf.needed().empty() && (!table || table->symbols.empty());
  if (!table) return;
  const std::uint64_t size = symbol_size(elf);
  const std::uint64_t count = table->symbols.size() / size;
  for (std::uint64_t i = 1; i < count; ++i) {
    const std::uint64_t at = i * size;
    const std::uint64_t section_at = at + (elf.bits() == 64 ? 6 : 14);
    if (number<std::uint16_t>(elf, table->symbols, section_at) != 0) continue;
    Result<std::string_view> name =
        table->strings.read_cstring(number<std::uint32_t>(elf, table->symbols, at));
    if (!name || name->empty() || name->size() > kNameBytes || !is_utf8(*name)) continue;
    if (out.imports.size() >= AuditFacts::kMostImports) {
      out.imports_unread = true;
      break;
    }
    out.imports.emplace_back(*name);
  }
  std::ranges::sort(out.imports);
  const auto repeated = std::ranges::unique(out.imports);
  out.imports.erase(repeated.begin(), repeated.end());
}

// ---- System calls

constexpr std::uint32_t kMostNumber = 600;

class CallKeeper {
 public:
  explicit CallKeeper(AuditFacts& out) : out_(out) {}
  void add(std::optional<std::uint32_t> number, std::uint64_t offset) {
    if (!number || *number > kMostNumber) {
      ++out_.undetermined_calls;
      return;
    }
    if (!seen_[*number]) out_.system_calls.push_back({*number, offset});
    seen_[*number] = true;
  }

 private:
  AuditFacts& out_;
  std::array<bool, kMostNumber + 1> seen_{};
};

// mov eax, imm32 | mov rax, imm32 | push imm8; pop rax | xor eax, eax, the last before the call.
std::optional<std::uint32_t> number_before_x86(std::span<const std::uint8_t> code, std::size_t at) {
  constexpr std::size_t kBack = 32;
  const std::size_t first = at > kBack ? at - kBack : 0;
  for (std::size_t i = at; i-- > first;) {
    const auto is = [&](std::size_t offset, int byte) {
      return i + offset < at && code[i + offset] == byte;
    };
    const auto immediate = [&](std::size_t offset) -> std::uint32_t {
      return static_cast<std::uint32_t>(code[i + offset]) |
             static_cast<std::uint32_t>(code[i + offset + 1]) << 8 |
             static_cast<std::uint32_t>(code[i + offset + 2]) << 16 |
             static_cast<std::uint32_t>(code[i + offset + 3]) << 24;
    };
    const bool prefixed = i > 0 && (code[i - 1] == 0x41 || code[i - 1] == 0x49);
    if (is(0, 0xb8) && !prefixed && i + 5 <= at && immediate(1) <= kMostNumber) return immediate(1);
    if (is(0, 0x48) && is(1, 0xc7) && is(2, 0xc0) && i + 7 <= at) return immediate(3);
    if (is(0, 0x6a) && is(2, 0x58)) return code[i + 1];
    if ((is(0, 0x31) || is(0, 0x33)) && is(1, 0xc0) && !(i > 0 && code[i - 1] == 0x45)) return 0;
  }
  return std::nullopt;
}

void read_calls_x86(const elf::ElfFile& elf, CallKeeper& keeper) {
  static const Needles kCalls{"\x0f\x05"};
  for (const elf::ElfFile::Range& range : elf.executable_ranges()) {
    const ByteView part = elf.bytes().clamped(range.offset, range.size);
    kCalls.for_each(part.as_text(), [&](std::size_t at, std::size_t) {
      keeper.add(number_before_x86(part.span(), at), range.offset + at);
    });
  }
}

void read_calls_aarch64(const elf::ElfFile& elf, CallKeeper& keeper) {
  constexpr std::uint32_t kCall = 0xd4000001;  // svc #0
  constexpr std::uint64_t kBack = 16;          // instructions
  for (const elf::ElfFile::Range& range : elf.executable_ranges()) {
    const ByteView code = elf.bytes().clamped(range.offset, range.size);
    for (std::uint64_t at = 0; at + 4 <= code.size(); at += 4) {
      if (number<std::uint32_t>(elf, code, at) != kCall) continue;
      std::optional<std::uint32_t> found;
      for (std::uint64_t back = 4; back <= 4 * kBack && back <= at && !found; back += 4) {
        const auto word = static_cast<std::uint32_t>(number<std::uint32_t>(elf, code, at - back));
        if ((word & 0x7fe0001f) == 0x52800008) found = word >> 5 & 0xffff;  // movz w8|x8, #imm
      }
      keeper.add(found, range.offset + at);
    }
  }
}

void read_calls(const elf::ElfFile& elf, AuditFacts& out) {
  CallKeeper keeper(out);
  if (elf.machine() == elf::EM_X86_64 && elf.bits() == 64) read_calls_x86(elf, keeper);
  if (elf.machine() == elf::EM_AARCH64 && !elf.big_endian()) read_calls_aarch64(elf, keeper);
  std::ranges::sort(out.system_calls);
}

// ---- Reserved words

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool stands_in_table(std::string_view text, std::size_t at, std::size_t size, bool go) {
  const char behind = at + size < text.size() ? text[at + size] : '\0';
  if (behind == '\0') return true;
  return go && (is_letter(behind) || static_cast<unsigned char>(behind) < 0x09);
}

// As wchar_t of little-endian machines, with the end.
std::string wide(std::string_view word) {
  std::string out;
  for (char c : word) out += std::string({c, '\0', '\0', '\0'});
  return out.append(4, '\0');
}

// The words of some rows of the table in one list, so that all are looked for in one pass: word i
// at 2 i, its wide form at 2 i + 1.
class WordList {
 public:
  explicit WordList(const std::vector<std::string_view>& words) : needles_(forms_of(words)) {}

  // Which words stand in a table. Also code is looked at: Go and some linkers keep literals there,
  // and a flag of a section must not hide a shell.
  std::vector<bool> found_in(const elf::ElfFile& elf, bool go) const {
    std::vector<bool> found(forms_.size() / 2);
    const auto look = [&](std::string_view part) {
      needles_.for_each(part, [&](std::size_t at, std::size_t form) {
        const std::size_t size = forms_[form].size();
        if (form % 2 == 1 || stands_in_table(part, at, size, go)) found[form / 2] = true;
      });
    };
    for (const LoadedRange& range : loaded_ranges(elf, elf::PF_R, 0))
      look(elf.bytes().clamped(range.offset, range.size).as_text());
    if (elf.segments().empty()) look(elf.bytes().as_text());
    return found;
  }

 private:
  std::vector<std::string_view> forms_of(const std::vector<std::string_view>& words) {
    for (std::string_view word : words) {
      forms_.emplace_back(word);
      forms_.push_back(wide(word));
    }
    return {forms_.begin(), forms_.end()};
  }

  std::vector<std::string> forms_;
  Needles needles_;
};

struct Grammars {
  struct Row {
    std::string_view name;
    std::vector<std::size_t> words;
  };
  std::vector<Row> rows;
  std::vector<std::string_view> words, rarest;  // the second of each row is its rarest
};

Grammars grammars_of(std::string_view tsv) {
  Grammars out;
  for (std::string_view line : lines_of(tsv)) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::vector<std::string_view> columns = split(line, '\t');
    if (columns.size() != 2) continue;
    Grammars::Row row{columns[0], {}};
    for (std::string_view word : split(columns[1], ' ')) {
      row.words.push_back(out.words.size());
      out.words.push_back(word);
    }
    out.rarest.push_back(out.words[row.words[row.words.size() > 1 ? 1 : 0]]);
    out.rows.push_back(std::move(row));
  }
  return out;
}

void read_grammars(const elf::ElfFile& elf, AuditFacts& out) {
  static const Grammars kGrammars = grammars_of(kGrammarsTsv);
  static const WordList kRarest(kGrammars.rarest);
  const std::vector<bool> rarest = kRarest.found_in(elf, out.go_runtime);
  if (std::ranges::find(rarest, true) == rarest.end()) return;  // most programs
  static const WordList kWords(kGrammars.words);
  const std::vector<bool> words = kWords.found_in(elf, out.go_runtime);
  for (const Grammars::Row& row : kGrammars.rows)
    if (std::ranges::all_of(row.words, [&](std::size_t word) { return words[word]; }))
      out.grammars.emplace_back(row.name);
}

// ---- Tables of commands

// Usual commands (POSIX.1-2017, Shell and Utilities; GNU coreutils) whose names are long enough to
// be kept as strings.
constexpr std::string_view kUsualCommands[] = {"basename",  "chroot",   "dirname",  "expand",
                                               "mkfifo",    "printf",   "readlink", "renice",
                                               "sha256sum", "truncate", "unlink",   "whoami"};
constexpr std::size_t kLeastUsual = 4, kLeastCommands = 8;

bool is_command_name(std::string_view text) {
  constexpr std::size_t kLongest = 32;
  return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+' ||
           c == '.' || c == '[';
  });
}

// The names around the one at `at`, as far as they ascend.
std::vector<std::string_view> sorted_names_around(std::string_view text, std::size_t at) {
  const auto name_at = [&](std::size_t from) {
    const std::size_t end = text.find('\0', from);
    return end == text.npos ? std::string_view() : text.substr(from, end - from);
  };
  std::vector<std::string_view> before, out;
  for (std::size_t start = at; start >= 2 && before.size() < AuditFacts::kMostCommands;) {
    const std::size_t end = start - 1;  // of the name in front
    const std::size_t nul = text.rfind('\0', end - 1);
    start = nul == text.npos ? 0 : nul + 1;
    const std::string_view name = text.substr(start, end - start);
    if (!is_command_name(name) || name >= (before.empty() ? name_at(at) : before.back())) break;
    before.push_back(name);
  }
  out.assign(before.rbegin(), before.rend());
  for (std::size_t from = at; from < text.size() && out.size() < AuditFacts::kMostCommands;) {
    const std::string_view name = name_at(from);
    if (!is_command_name(name) || (!out.empty() && name <= out.back())) break;
    out.push_back(name);
    from += name.size() + 1;
  }
  return out;
}

void read_commands(const elf::ElfFile& elf, const std::vector<StringHash>& strings,
                   AuditFacts& out) {
  std::size_t usual = 0;
  std::vector<std::uint64_t> places;
  for (std::string_view command : kUsualCommands) {
    const std::uint64_t hash = xxh3_of(ByteView::of(command));
    auto found = std::ranges::lower_bound(strings, hash, {}, &StringHash::hash);
    if (found == strings.end() || found->hash != hash) continue;
    ++usual;
    for (; found != strings.end() && found->hash == hash; ++found) places.push_back(found->offset);
  }
  if (usual < kLeastUsual) return;
  for (std::uint64_t place : places) {
    const auto names = sorted_names_around(elf.bytes().as_text(), place);
    if (names.size() < kLeastCommands || names.size() <= out.commands.size()) continue;
    out.commands.assign(names.begin(), names.end());
  }
}

// ---- Packers

constexpr double kNoise = 7.5;  // bits a byte
constexpr std::uint64_t kLeastNoise = 16 * kKiB;

double entropy_of(ByteView bytes) {
  std::array<std::uint64_t, 256> counts{};
  for (std::uint8_t byte : bytes.span()) ++counts[byte];
  double bits = 0;
  for (std::uint64_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(bytes.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

// struct l_info of UPX: checksum, magic, size of the loader, version and format of UPX; then
// struct p_info: program id, size of the unpacked file, block size.
bool has_upx_header(ByteView bytes, std::uint64_t at) {
  const Result<std::uint16_t> loader = bytes.read<std::uint16_t>(at + 8);
  const Result<std::uint8_t> format = bytes.read<std::uint8_t>(at + 11);
  const Result<std::uint32_t> unpacked = bytes.read<std::uint32_t>(at + 16);
  return bytes.has_at(at + 4, "UPX!") && loader && *loader > 0 && format && *format > 0 &&
         *format < 64 && unpacked && *unpacked > 0;
}

// The last pack header: magic, version, format, method, level, and behind other fields the
// offset of the overlay; within the last 64 bytes.
std::optional<std::uint64_t> upx_trailer(ByteView bytes) {
  const std::uint64_t from = bytes.size() > 64 ? bytes.size() - 64 : 0;
  const std::size_t at = bytes.clamped(from, 64).as_text().rfind("UPX!");
  if (at == std::string_view::npos) return std::nullopt;
  const Result<std::uint8_t> method = bytes.read<std::uint8_t>(from + at + 6);
  const Result<std::uint8_t> level = bytes.read<std::uint8_t>(from + at + 7);
  if (!method || *method == 0 || *method > 15 || !level || *level > 10) return std::nullopt;
  return from + at;
}

std::string upx_release(ByteView bytes) {
  constexpr std::string_view kMark = "$Id: UPX ";
  const std::string_view text = bytes.as_text();
  const std::size_t at = text.find(kMark);
  if (at == text.npos) return "UPX";
  const std::string_view release = text.substr(at + kMark.size(), 16);
  return "UPX " + printable(release.substr(0, release.find(' ')));
}

void read_packer(const elf::ElfFile& elf, AuditFacts& out) {
  const ByteView bytes = elf.bytes();
  if (elf.type() != elf::ET_EXEC && elf.type() != elf::ET_DYN) return;
  const std::uint64_t header =
      elf.bits() == 64 ? 64 + 56 * elf.segments().size() : 52 + 32 * elf.segments().size();
  const std::optional<std::uint64_t> trailer = upx_trailer(bytes);
  if (has_upx_header(bytes, header) || (trailer && !elf.has_section_headers())) {
    out.packer = upx_release(bytes);
    out.packer_offset = has_upx_header(bytes, header) ? header + 4 : *trailer;
    out.packer_seen = "UPX!";
    return;
  }
  if (elf.has_section_headers()) return;
  for (const elf::Segment& segment : elf.segments()) {
    if (segment.type != elf::PT_LOAD || (segment.flags & elf::PF_X) == 0) continue;
    if (segment.contents.size() < kLeastNoise || entropy_of(segment.contents) < kNoise) continue;
    out.packer = "unknown";
    out.packer_offset = segment.offset;
    out.packer_seen = "code that looks like noise, and no section headers";
    return;
  }
}

Done run(const FileInput& in, FileFacts& facts) {
  AuditFacts& out = facts.audit;
  out.go_runtime = facts.elf && !facts.elf->go_build_id.empty();
  for (const Attribution& attribution : facts.attributions)
    out.go_runtime |= attribution.analyzer.starts_with("go");
  read_imports(*in.elf, out);
  read_calls(*in.elf, out);
  read_grammars(*in.elf, out);
  read_commands(*in.elf, facts.strings, out);
  read_packer(*in.elf, out);
  return Ok{};
}

}  // namespace

extern const FileAnalyzer program_traits = {
    .name = "program",
    .version = 1,
    .needs = Needs::elf,
    .summary = "imports, system calls, reserved words and packing of a program",
    .wants =
        [](const FileInput& in) { return in.elf != nullptr && in.elf->type() != elf::ET_CORE; },
    .run = run,
};

}  // namespace fathom
