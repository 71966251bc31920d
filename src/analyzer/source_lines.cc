// Places in the source that code names: what a call with __FILE__ and __LINE__ compiles to. The
// pairs are nearly unique for each release of a library and depend neither on the compiler nor on
// its options.
//
// A load of the address of a text that looks like the name of a source file, or that speaks of a
// line ("%s at line %d"), is found by its bytes; by chance few are. From there on the code is
// decoded to the calls that get the name, with what their other arguments are known to be. The line
// is nearly always the argument behind the name. Functions that have a text about a line and are
// called with nothing but the number (SQLite's reports of corruption) are followed to their
// callers, and so are functions that only pass the number on to one of those.
//
// Where no call is seen that gets both, every small number around the load is listed: whoever
// compares these with the lines of a source must ask how many agree, not whether one does.

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>
#include <tuple>

#include "analyzer/analyzer.h"
#include "base/digest.h"
#include "code/values.h"

namespace fathom {

namespace {

using code::Instruction;
using code::Machine;
using code::Op;
using code::Program;
using code::Register;
using code::Value;
using By = SourceLine::By;

constexpr std::size_t kNear = 40;                  // bytes before and behind the load of the name
constexpr std::size_t kBefore = 96;                // bytes decoded before the load
constexpr std::size_t kBehind = 512;               // and behind it, while a register has the name
constexpr std::size_t kLongestName = 512;          // bytes, with its folders
constexpr std::uint32_t kMostLines = 400'000;      // of one source file; amalgamations are long
constexpr std::uint32_t kMostBeside = 0x7fffffff;  // another argument may be a version
constexpr std::uint64_t kSmallCount = 4096;
constexpr std::size_t kMostReporters = 256;
constexpr std::size_t kFewestReports = 8;  // of one reporter: others are not about lines
constexpr std::uint64_t kLargestReporter = 512, kLargestWrapper = 64;  // bytes
constexpr std::array<std::string_view, 13> kEndings = {"c",   "cc",  "cpp", "cxx", "C", "h",  "hh",
                                                       "hpp", "hxx", "inc", "y",   "l", "ipp"};
constexpr std::array<std::string_view, 3> kAboutLines = {"line %d", "line %u", "line %i"};

// A text that names a source file or speaks of a line, and where its parts are in memory.
struct Name {
  std::uint64_t address = 0;  // of its first byte
  std::uint64_t base = 0;     // of the name behind the last '/'; of the whole text
  std::uint64_t hash = 0;     // of that
  bool about_line = false;
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
    for (std::size_t at = text.find("line %"); at != text.npos; at = text.find("line %", at + 1))
      add_about_line(text, at);
    std::ranges::sort(names_, {}, [](const Name& n) { return std::tuple(n.address, n.hash); });
  }

  bool empty() const { return names_.empty(); }
  std::uint64_t lowest() const { return names_.front().address; }
  std::uint64_t highest() const { return highest_; }

  // The name that an operand with this value points at: at its start, or (linkers merge texts that
  // end alike) behind one of its slashes.
  const Name* at(std::uint64_t address) const {
    if (address < lowest() || address > highest_) return nullptr;
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
    insert(start, base, text.substr(base, end - base), false);
  }

  void add_about_line(std::string_view text, std::size_t at) {
    const bool known = std::ranges::any_of(
        kAboutLines, [&](std::string_view about) { return text.substr(at).starts_with(about); });
    if (!known) return;
    std::size_t start = at, end = at;
    while (start > 0 && at - start < kLongestName && text[start - 1] != '\0') --start;
    while (end < text.size() && end - at < kLongestName && text[end] != '\0') ++end;
    if (at - start == kLongestName || end == text.size() || end - at == kLongestName) return;
    insert(start, start, text.substr(start, end - start), true);
  }

  void insert(std::size_t start, std::size_t base, std::string_view text, bool about_line) {
    std::optional<std::uint64_t> address = in_.elf->address_of_offset(start);
    if (!address || *address == 0) return;
    names_.push_back(
        {*address, *address + (base - start), xxh3_of(ByteView::of(text)), about_line});
    highest_ = std::max(highest_, names_.back().base);
  }

  const FileInput& in_;
  std::vector<Name> names_;
  std::uint64_t highest_ = 0;
};

class Collector {
 public:
  explicit Collector(std::uint64_t most) : most_(most) {}

  void add(std::uint64_t name, std::uint64_t line, By by, std::size_t argument,
           std::uint64_t offset) {
    if (line == 0 || line > (by == By::other_argument ? kMostBeside : kMostLines)) return;
    found_.push_back(
        {name, static_cast<std::uint32_t>(line), by, static_cast<std::uint8_t>(argument), offset});
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
    auto same = [](const SourceLine& at) {
      return std::tuple(at.file, at.line, at.by, at.argument);
    };
    auto repeated = std::ranges::unique(found_, {}, same);
    found_.erase(repeated.begin(), repeated.end());
  }

  std::uint64_t most_;
  std::vector<SourceLine> found_;
};

std::span<const Register> argument_registers(Machine machine) {
  static constexpr std::array<Register, 8> kArm = {0, 1, 2, 3, 4, 5, 6, 7};
  if (machine == Machine::aarch64) return kArm;
  return code::kX86Arguments;
}

// Functions that get a line and report it, with the text they report it with.
struct Reporter {
  std::uint64_t name = 0;
};
using Reporters = std::map<std::uint64_t, Reporter>;  // by start

// Decodes around loads of names.
class Tracer {
 public:
  Tracer(const Program& program, const code::CodeRange& range, const Names& names, Collector& out)
      : program_(program), range_(range), names_(names), out_(out) {}

  // The instruction at `at` (in the range) loads a name. Whether a call was seen that gets it.
  bool follow(std::size_t at) {
    const std::size_t end = std::min(range_.bytes.size(), at + kBehind);
    code::Values values;
    bool seen = false;
    for (std::size_t i = start_before(at); i < end;) {
      const Instruction next = decode(i);
      if (next.op == Op::invalid || next.length == 0) break;
      if (is_call(next)) seen |= note_call(values, i);
      values.step(program_, next);
      i += next.length;
      if (i <= at) {
        if (next.ends_flow()) values.forget();
        continue;
      }
      if (next.ends_flow() || (is_call(next) && !has_name(values))) break;
    }
    return seen;
  }

  // The call at `at` goes to a reporter.
  void report(std::size_t at, const Reporter& reporter) {
    code::Values values;
    for (std::size_t i = start_before(at); i < at;) {
      const Instruction next = decode(i);
      if (next.op == Op::invalid || next.length == 0) return;
      values.step(program_, next);
      if (next.ends_flow()) values.forget();
      i += next.length;
    }
    std::span<const Register> arguments = argument_registers(program_.machine());
    for (std::size_t a = 0; a < arguments.size(); ++a)
      if (const Value& value = values.of(arguments[a]); value.is_constant())
        out_.add(reporter.name, value.number, By::reporter, a, offset_of(at));
  }

  // Where an instruction starts, some way before `at`, from which decoding reaches it exactly.
  std::size_t start_before(std::size_t at) const {
    if (program_.machine() == Machine::aarch64) return at - std::min(at / 4 * 4, kBefore / 4 * 4);
    for (std::size_t back = std::min(at, kBefore); back > 0; --back)
      if (reaches(at - back, at)) return at - back;
    return at;
  }

  Instruction decode(std::size_t at) const {
    return code::decode(program_.machine(), range_.bytes.subspan(at), range_.address + at);
  }

 private:
  bool reaches(std::size_t from, std::size_t at) const {
    while (from < at) {
      const Instruction next = decode(from);
      if (next.op == Op::invalid || next.length == 0) return false;
      from += next.length;
    }
    return from == at;
  }

  static bool is_call(const Instruction& i) {
    return i.op == Op::call || i.op == Op::call_indirect || i.op == Op::jump ||
           i.op == Op::jump_indirect;
  }

  bool has_name(const code::Values& values) const {
    for (Register reg = 0; reg < 32; ++reg)
      if (const Value& value = values.of(reg); value.is_constant() && names_.at(value.number))
        return true;
    return false;
  }

  bool note_call(const code::Values& values, std::size_t at) {
    std::span<const Register> arguments = argument_registers(program_.machine());
    bool seen = false;
    for (std::size_t a = 0; a < arguments.size(); ++a) {
      const Value& value = values.of(arguments[a]);
      const Name* name = value.is_constant() ? names_.at(value.number) : nullptr;
      if (name == nullptr) continue;
      for (std::size_t b = 0; b < arguments.size(); ++b) {
        const Value& line = values.of(arguments[b]);
        if (b == a || !line.is_constant() || line.number == 0) continue;
        const bool is_next = b == a + 1 && line.number <= kMostLines;
        if (!is_next && is_text(line.number)) continue;
        out_.add(name->hash, line.number, is_next ? By::next_argument : By::other_argument, b,
                 offset_of(at));
        seen |= is_next;
      }
    }
    return seen;
  }

  // Whether the number is the address of a text rather than a number.
  bool is_text(std::uint64_t address) const {
    std::span<const std::uint8_t> bytes = program_.bytes_at(address - 1, 2).span();
    return bytes.size() == 2 && bytes[0] == 0 && is_path_byte(bytes[1]);
  }

  std::uint64_t offset_of(std::size_t at) const {
    return program_.elf().offset_of_address(range_.address + at).value_or(0);
  }

  const Program& program_;
  const code::CodeRange& range_;
  const Names& names_;
  Collector& out_;
};

std::uint32_t word_at(std::span<const std::uint8_t> code, std::size_t at) {
  return static_cast<std::uint32_t>(code[at]) | static_cast<std::uint32_t>(code[at + 1]) << 8 |
         static_cast<std::uint32_t>(code[at + 2]) << 16 |
         static_cast<std::uint32_t>(code[at + 3]) << 24;
}

// Calls found(position of the load, its name) for every load of a name in the range.
template <class Found>
void find_loads_x86(const code::CodeRange& range, const Names& names, Found found) {
  const std::span<const std::uint8_t> code = range.bytes;
  // REX.W 8D /r with mod 00 and rm 101: lea reg, [rip + disp32].
  for (std::size_t at = 1; at + 6 <= code.size(); ++at) {
    const void* next = std::memchr(code.data() + at, 0x8d, code.size() - 5 - at);
    if (next == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(next) - code.data());
    if ((code[at + 1] & 0xc7) != 0x05 || (code[at - 1] & 0xfb) != 0x48) continue;
    const std::int64_t displacement = static_cast<std::int32_t>(word_at(code, at + 2));
    if (const Name* name =
            names.at(range.address + at + 6 + static_cast<std::uint64_t>(displacement)))
      found(at - 1, *name);
  }
  // Addresses below 4 GiB can be operands themselves. B8+r imm32: mov reg32, address.
  if (names.lowest() > ~std::uint32_t{0}) return;
  for (std::size_t at = 0; at + 5 <= code.size(); ++at)
    if ((code[at] & 0xf8) == 0xb8)
      if (const Name* name = names.at(word_at(code, at + 1))) found(at, *name);
}

template <class Found>
void find_loads_aarch64(const code::CodeRange& range, const Names& names, Found found) {
  std::array<std::uint64_t, 32> pages{};  // what the last adrp left in each register
  for (std::size_t at = 0; at + 4 <= range.bytes.size(); at += 4) {
    const std::uint32_t word = word_at(range.bytes, at);
    const std::uint64_t here = range.address + at;
    std::uint64_t immediate = (word >> 5 & 0x7ffff) << 2 | (word >> 29 & 3);
    immediate = (immediate ^ 0x100000) - 0x100000;  // 21 bits, signed
    const Name* name = nullptr;
    if ((word & 0x9f000000) == 0x90000000)  // adrp
      pages[word & 31] = (here & ~std::uint64_t{0xfff}) + (immediate << 12);
    else if ((word & 0x9f000000) == 0x10000000)  // adr
      name = names.at(here + immediate);
    else if ((word & 0xffc00000) == 0x91000000)  // add xd, xn, #imm12
      name = names.at(pages[word >> 5 & 31] + (word >> 10 & 0xfff));
    if (name != nullptr) found(at, *name);
  }
}

// Every small number around the load.
void list_nearby(const Program& program, const code::CodeRange& range, std::size_t at,
                 const Name& name, Collector& out) {
  const std::span<const std::uint8_t> code = range.bytes;
  const std::uint64_t offset = program.elf().offset_of_address(range.address + at).value_or(0);
  const std::size_t end = std::min(code.size(), at + 7 + kNear);
  const std::size_t begin = at < kNear ? 0 : at - kNear;
  if (program.machine() == Machine::aarch64) {
    for (std::size_t i = begin; i + 4 <= end; i += 4)
      if (const std::uint32_t word = word_at(code, i); (word & 0xffe00000) == 0x52800000)
        out.add(name.hash, word >> 5 & 0xffff, By::nearby, 0, offset);  // movz wd, #imm16
    return;
  }
  for (std::size_t i = begin; i + 5 <= end; ++i) {
    if ((code[i] & 0xf8) == 0xb8 || code[i] == 0x68)  // mov reg32, imm32; push imm32
      out.add(name.hash, word_at(code, i + 1), By::nearby, 0, offset);
    else if (code[i] == 0xc7 && i + 8 <= end && code[i + 1] == 0x44 && code[i + 2] == 0x24)
      out.add(name.hash, word_at(code, i + 4), By::nearby, 0, offset);  // mov dword [rsp+d8], imm32
    else if (code[i] == 0x6a)                                           // push imm8
      out.add(name.hash, code[i + 1] < 0x80 ? code[i + 1] : 0, By::nearby, 0, offset);
  }
}

// Direct calls and jumps to other places: position and target.
template <class Found>
void find_branches(const Program& program, const code::CodeRange& range, Found found) {
  const std::span<const std::uint8_t> code = range.bytes;
  if (program.machine() == Machine::aarch64) {
    for (std::size_t at = 0; at + 4 <= code.size(); at += 4) {
      const std::uint32_t word = word_at(code, at);
      if ((word & 0x7c000000) != 0x14000000) continue;  // b, bl
      const std::uint64_t step = (std::uint64_t{word & 0x3ffffff} ^ 0x2000000) - 0x2000000;
      found(at, range.address + at + (step << 2));
    }
    return;
  }
  for (std::size_t at = 0; at + 5 <= code.size(); ++at) {
    if ((code[at] & 0xfe) != 0xe8) continue;
    const std::int64_t step = static_cast<std::int32_t>(word_at(code, at + 1));
    found(at, range.address + at + 5 + static_cast<std::uint64_t>(step));
  }
}

// From loads of texts about lines to the functions that have them, to their callers.
class ReporterFinder {
 public:
  ReporterFinder(const Program& program, const Names& names, Collector& out)
      : program_(program), names_(names), out_(out) {}

  void add_load(std::uint64_t address, const Name& name) {
    if (loads_.size() < kMostReporters) loads_.emplace_back(address, name.hash);
  }

  void run() {
    if (loads_.empty()) return;
    collect_targets();
    Reporters reporters;
    for (const auto& [address, name] : loads_)
      if (std::optional<std::uint64_t> start = start_of(address, kLargestReporter))
        reporters.emplace(*start, Reporter{name});
    Reporters wrappers;
    for_calls_of(reporters, [&](const code::CodeRange& range, std::size_t at, const Reporter& to) {
      std::optional<std::uint64_t> start = start_of(range.address + at, kLargestWrapper);
      if (start && !reporters.contains(*start) && wrappers.size() < kMostReporters)
        wrappers.emplace(*start, to);
    });
    reporters.merge(wrappers);
    Collector calls(kMostCalls);
    for_calls_of(reporters, [&](const code::CodeRange& range, std::size_t at, const Reporter& to) {
      Tracer(program_, range, names_, calls).report(at, to);
    });
    keep_frequent(calls.take());
  }

 private:
  static constexpr std::uint64_t kMostCalls = 65'536;

  void collect_targets() {
    for (const code::CodeRange& range : program_.code())
      find_branches(program_, range, [&](std::size_t, std::uint64_t target) {
        if (program_.code_at(target) != nullptr) targets_.push_back(target);
      });
    std::ranges::sort(targets_);
    targets_.erase(std::ranges::unique(targets_).begin(), targets_.end());
  }

  // The target of a call next before `address`: where its function starts, if that is short.
  std::optional<std::uint64_t> start_of(std::uint64_t address, std::uint64_t most) const {
    // One that is aligned, if there is one: bytes that look like a call name any address.
    auto after = std::ranges::upper_bound(targets_, address);
    std::optional<std::uint64_t> nearest;
    while (after != targets_.begin()) {
      const std::uint64_t start = *--after;
      if (address - start > most) break;
      if (start % 16 == 0) return start;
      if (!nearest) nearest = start;
    }
    return nearest;
  }

  template <class Found>
  void for_calls_of(const Reporters& reporters, Found found) const {
    for (const code::CodeRange& range : program_.code())
      find_branches(program_, range, [&](std::size_t at, std::uint64_t target) {
        if (auto to = reporters.find(target); to != reporters.end()) found(range, at, to->second);
      });
  }

  // A reporter gets another number at nearly every call.
  void keep_frequent(const std::vector<SourceLine>& calls) {
    std::map<std::pair<std::uint64_t, std::uint8_t>, std::size_t> counts;
    for (const SourceLine& call : calls) ++counts[{call.file, call.argument}];
    for (const SourceLine& call : calls)
      if (counts[{call.file, call.argument}] >= kFewestReports)
        out_.add(call.file, call.line, call.by, call.argument, call.offset);
  }

  const Program& program_;
  const Names& names_;
  Collector& out_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> loads_;  // address, name
  std::vector<std::uint64_t> targets_;
};

Done run(const FileInput& in, FileFacts& facts) {
  const Names names(in);
  if (names.empty()) return Ok{};
  Collector out(std::min(in.limits.strings, std::max(kSmallCount, in.bytes.size() / 64)));
  ReporterFinder reporters(*in.program, names, out);
  for (const code::CodeRange& range : in.program->code()) {
    Tracer tracer(*in.program, range, names, out);
    auto found = [&](std::size_t at, const Name& name) {
      const bool seen = tracer.follow(at);
      if (name.about_line)
        reporters.add_load(range.address + at, name);
      else if (!seen)
        list_nearby(*in.program, range, at, name, out);
    };
    if (in.program->machine() == Machine::x86_64)
      find_loads_x86(range, names, found);
    else
      find_loads_aarch64(range, names, found);
  }
  reporters.run();
  facts.source_lines = out.take();
  return Ok{};
}

}  // namespace

extern const FileAnalyzer source_lines = {
    .name = "source-lines",
    .version = 2,
    .needs = Needs::elf,
    .summary = "file names and line numbers that code passes to functions that report errors",
    .wants = [](const FileInput& in) { return in.program != nullptr; },
    .run = run,
};

}  // namespace fathom
