// Functions that do nothing but hand out constants in another way than as one number, as some
// libraries tell their version: `*major = 1; *minor = 9; *rev = 1`, a struct returned in a pair of
// registers, a text. Each place where a function can start is decoded for a few instructions; at
// the first that does anything else it is given up, which is nearly always the first one.
//
// Others keep it in a struct: three neighbouring fields that are set to small numbers, anywhere.

#include <algorithm>
#include <map>

#include "analyzer/analyzer.h"
#include "base/text.h"
#include "code/program.h"
#include "code/values.h"

namespace fathom {

namespace {

using code::Instruction;
using code::Machine;
using code::Op;
using code::Register;
using code::Value;

constexpr std::size_t kMostInstructions = 14;
constexpr std::uint64_t kMostPlaces = 2048;
constexpr std::size_t kMostValues = 8;
constexpr std::uint64_t kLongestText = 128;  // bytes

bool has_version(std::string_view text) {
  for (std::size_t i = 1; i + 1 < text.size(); ++i)
    if (text[i] == '.' && text[i - 1] >= '0' && text[i - 1] <= '9' && text[i + 1] >= '0' &&
        text[i + 1] <= '9')
      return true;
  return false;
}

class Attempt {
 public:
  Attempt(const code::Program& program, std::uint64_t start)
      : program_(program), start_(start), values_(code::Values::at_entry(program.machine())) {}

  std::optional<HandedOut> run() {
    std::uint64_t at = start_;
    for (std::size_t i = 0; i < kMostInstructions; ++i) {
      const Instruction next = program_.instruction_at(at);
      if (next.op == Op::ret) return result();
      if (!take(next)) return {};
      at = next.end();
    }
    return {};
  }

 private:
  bool take(const Instruction& next) {
    switch (next.op) {
      case Op::landing:
      case Op::nop:
      case Op::test:
      case Op::cmp:
        return true;
      case Op::jump_if:  // "if (pointer != NULL)": forwards, over what is next
        return next.has_target && next.target > next.address && next.target - next.address < 64;
      case Op::mov:
      case Op::lea:
      case Op::mov_keep:
      case Op::xor_:
      case Op::or_:
      case Op::add:
        break;
      default:
        return false;
    }
    if (next.has_memory() && next.memory.access != code::Access::address) return store(next);
    values_.step(program_, next);
    return true;
  }

  bool store(const Instruction& next) {
    if (next.op != Op::mov || next.memory.access != code::Access::write || next.width != 4)
      return false;
    if (next.memory.index != code::kNoRegister || next.memory.displacement != 0) return false;
    const Value pointer = values_.of(next.memory.base);
    Value what;
    if (next.has_immediate)
      what = Value::constant(static_cast<std::uint64_t>(next.immediate));
    else if (next.source != code::kNoRegister)
      what = next.source == code::arm::zr && program_.machine() == Machine::aarch64
                 ? Value::constant(0)
                 : values_.of(next.source);
    if (pointer.kind != Value::Kind::argument || !what.is_constant()) return false;
    if (pointer.number >= kMostValues) return false;
    return stored_.emplace(pointer.number, what.number & 0xffffffff).second;
  }

  std::optional<HandedOut> result() {
    HandedOut out;
    out.address = start_;
    const bool x86 = program_.machine() == Machine::x86_64;
    const Value first = values_.of(x86 ? Register{code::x86::rax} : Register{0});
    const Value second = values_.of(x86 ? Register{code::x86::rdx} : Register{1});
    if (first.is_constant()) out.text = text_at(first.number);
    if (!stored_.empty()) {
      if (stored_.size() < 2 && out.text.empty() && stored_.begin()->second < 256) return {};
      out.how = HandedOut::How::stored;
      for (const auto& [argument, value] : stored_) out.values.push_back(value);
      return out;
    }
    if (!out.text.empty()) return out;
    if (!first.is_constant() || !second.is_constant() || first.number >> 32 == 0) return {};
    out.how = HandedOut::How::pair;
    out.values = {first.number, second.number};
    return out;
  }

  std::string text_at(std::uint64_t address) const {
    if (address < 4096) return {};
    std::string_view bytes = program_.bytes_at(address, kLongestText + 1).as_text();
    std::size_t end = bytes.find('\0');
    if (end == bytes.npos || end == 0 || program_.code_at(address) != nullptr) return {};
    std::string_view text = bytes.substr(0, end);
    bool plain = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
    return plain && has_version(text) ? std::string(text) : std::string();
  }

  const code::Program& program_;
  std::uint64_t start_;
  code::Values values_;
  std::map<std::uint64_t, std::uint64_t> stored_;  // by argument
};

// What the first instruction of such a function can be; cheap, and false nearly everywhere.
bool can_start(Machine machine, std::span<const std::uint8_t> code) {
  if (code.size() < 8) return false;
  if (machine == Machine::x86_64) {
    const std::uint8_t a = code[0], b = code[1];
    if (a == 0xf3) return b == 0x0f && code[2] == 0x1e;  // endbr64
    if (a == 0x48) return b == 0x8d || b == 0xb8 || b == 0x85 || b == 0xba;
    return a == 0xc7 || (a & 0xf8) == 0xb8 || (a == 0x31 && b == 0xc0);
  }
  const std::uint32_t word = std::uint32_t{code[0]} | std::uint32_t{code[1]} << 8 |
                             std::uint32_t{code[2]} << 16 | std::uint32_t{code[3]} << 24;
  return (word & 0x1f000000) == 0x10000000 ||  // adr, adrp
         (word & 0x7f800000) == 0x52800000 ||  // movz
         (word & 0x7e000000) == 0x34000000 ||  // cbz
         (word & 0x7f800000) == 0x32000000 || word == 0xd503245f;
}

bool separates(Machine machine, std::span<const std::uint8_t> before) {
  if (machine == Machine::x86_64) {
    const std::uint8_t last = before[3];
    return last == 0xc3 || last == 0xcc || last == 0x90 || last == 0x00;
  }
  // Any branch or padding; on AArch64 functions need not be aligned to more than four bytes.
  const std::uint32_t word = std::uint32_t{before[0]} | std::uint32_t{before[1]} << 8 |
                             std::uint32_t{before[2]} << 16 | std::uint32_t{before[3]} << 24;
  return word == 0xd65f03c0 || word == 0xd503201f || word == 0 || (word & 0xfc000000) == 0x14000000;
}

void scan(const code::Program& program, const code::CodeRange& range, std::vector<HandedOut>& out) {
  const std::size_t step = program.machine() == Machine::x86_64 ? 16 : 4;
  std::size_t at = static_cast<std::size_t>((step - range.address % step) % step);
  for (; at + 8 <= range.bytes.size() && out.size() < kMostPlaces; at += step) {
    if (!can_start(program.machine(), range.bytes.subspan(at))) continue;
    const bool aligned = (range.address + at) % 16 == 0;
    if (at >= 4 && !aligned && !separates(program.machine(), range.bytes.subspan(at - 4, 4)))
      continue;
    std::optional<HandedOut> found = Attempt(program, range.address + at).run();
    if (!found) continue;
    std::optional<std::uint64_t> offset = program.elf().offset_of_address(found->address);
    found->offset = offset.value_or(0);
    out.push_back(std::move(*found));
  }
}

// Three small numbers that code stores into neighbouring fields: found from a constant that fills
// two of them, which compilers make of `x->major = 2; x->minor = 13;`.
class Triples {
 public:
  Triples(const code::Program& program, const code::CodeRange& range, std::vector<HandedOut>& out)
      : program_(program), range_(range), out_(out) {}

  void run() {
    const bool x86 = program_.machine() == Machine::x86_64;
    const std::span<const std::uint8_t> code = range_.bytes;
    for (std::size_t at = 0; at + 16 <= code.size(); at += x86 ? 1 : 4)
      if (x86 ? is_movabs(code.subspan(at)) : is_movk_high(code.subspan(at))) follow(at);
  }

 private:
  static constexpr std::size_t kAround = 40, kMostTriples = 4096;
  static constexpr std::uint64_t kLeastMajor = 1, kMostNumber = 255;

  static std::uint64_t little(std::span<const std::uint8_t> bytes, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8 | bytes[i];
    return value;
  }
  static bool is_pair(std::uint64_t value) {
    const std::uint64_t low = value & 0xffffffff;
    return low >= kLeastMajor && low <= kMostNumber && value >> 32 <= kMostNumber &&
           value >> 32 != 0;
  }
  static bool is_movabs(std::span<const std::uint8_t> code) {
    return (code[0] & 0xfe) == 0x48 && (code[1] & 0xf8) == 0xb8 &&
           is_pair(little(code.subspan(2), 8));
  }
  // movk xd, #imm, lsl 32
  static bool is_movk_high(std::span<const std::uint8_t> code) {
    return (little(code, 4) & 0xffe00000) == 0xf2c00000;
  }

  void follow(std::size_t at) {
    if (out_.size() >= kMostTriples) return;
    code::Values values;
    std::map<std::int32_t, std::uint64_t> fields;  // by displacement, of one base
    std::optional<Register> base;
    const std::size_t begin =
        program_.machine() == Machine::x86_64 ? at : at - std::min(at, kAround);
    const std::size_t end = std::min(range_.bytes.size(), at + 2 * kAround);
    for (std::size_t i = begin; i < end;) {
      const Instruction next =
          code::decode(program_.machine(), range_.bytes.subspan(i), range_.address + i);
      if (next.length == 0 || next.op == Op::invalid || next.is_branch() || next.ends_flow()) break;
      if (next.op == Op::mov && next.memory.access == code::Access::write &&
          next.memory.index == code::kNoRegister && (!base || *base == next.memory.base)) {
        Value what;
        if (next.has_immediate)
          what = Value::constant(static_cast<std::uint64_t>(next.immediate));
        else if (next.source != code::kNoRegister)
          what = values.of(next.source);
        if (what.is_constant() && next.width == 8 && is_pair(what.number)) {
          base = next.memory.base;
          fields[next.memory.displacement] = what.number & 0xffffffff;
          fields[next.memory.displacement + 4] = what.number >> 32;
        } else if (what.is_constant() && next.width == 4 && what.number <= kMostNumber) {
          base = next.memory.base;
          fields[next.memory.displacement] = what.number;
        }
      }
      values.step(program_, next);
      i += next.length;
    }
    for (const auto& [first, number] : fields) {
      auto second = fields.find(first + 4), third = fields.find(first + 8);
      if (second == fields.end() || third == fields.end() || number == 0) continue;
      const std::uint64_t address = range_.address + at;
      out_.push_back({HandedOut::How::triple,
                      {number, second->second, third->second},
                      {},
                      program_.elf().offset_of_address(address).value_or(0),
                      address});
      return;
    }
  }

  const code::Program& program_;
  const code::CodeRange& range_;
  std::vector<HandedOut>& out_;
};

Done run(const FileInput& in, FileFacts& facts) {
  for (const code::CodeRange& range : in.program->code()) {
    scan(*in.program, range, facts.handed_out);
    Triples(*in.program, range, facts.handed_out).run();
  }
  std::ranges::sort(facts.handed_out, {}, &HandedOut::offset);
  return Ok{};
}

}  // namespace

extern const FileAnalyzer handed_out = {
    .name = "handed-out",
    .version = 1,
    .needs = Needs::elf,
    .summary = "functions that do nothing but hand out several constants or a version text",
    .wants = [](const FileInput& in) { return in.program != nullptr; },
    .run = run,
};

}  // namespace fathom
