#include "code/masked_code.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "base/digest.h"

namespace fathom::code {
namespace {

using Kind = MaskedReference::Kind;
using Code = std::array<std::uint8_t, 16>;  // one instruction; none is longer than 15 bytes

std::uint64_t hash_of(std::string_view text) { return xxh3_of(ByteView::of(text)); }

// One function while it is gone through.
class Pass {
 public:
  Pass(const Program& program, const Functions& functions, const References& references,
       const MemoryMap& memory, const std::vector<Symbol>& data_symbols, std::size_t index)
      : program_(program),
        functions_(functions),
        memory_(memory),
        data_symbols_(data_symbols),
        function_(functions.list[index]) {
    for (const Reference& r : references.of(index))
      if (r.kind == Referred::text && is_whole(r)) texts_.emplace(r.value, &r);
  }

  MaskedCode run() {
    for (const AddressRange& range : function_.ranges) {
      pages_.clear();
      std::uint64_t at = range.start;
      while (at < range.end) {
        const Instruction one = program_.instruction_at(at);
        if (one.length == 0) break;
        take(one, range);
        at = one.end();
      }
    }
    out_.exact = xxh3_of(ByteView(exact_));
    out_.masked = xxh3_of(ByteView(masked_));
    out_.sketch.assign(sketch_.begin(), sketch_.end());
    return std::move(out_);
  }

 private:
  // A text without a length ends with NUL, and so does what stands before it. Otherwise it is a
  // part of many texts in a row (Rust, Go), and what it holds depends on where they were put.
  bool is_whole(const Reference& r) const {
    if (r.is_sized) return true;
    const ByteView before = program_.bytes_at(r.value - 1, 1);
    return before.empty() || before.span()[0] == 0;
  }

  void take(const Instruction& one, const AddressRange& range) {
    Code code{};
    const ByteView bytes = program_.bytes_at(one.address, one.length);
    std::copy(bytes.span().begin(), bytes.span().end(), code.begin());
    exact_.insert(exact_.end(), code.begin(), code.begin() + one.length);
    if (program_.machine() == Machine::x86_64)
      mask_x86(one, range, code);
    else
      mask_arm(one, range, code);
    masked_.insert(masked_.end(), code.begin(), code.begin() + one.length);
    ++out_.instructions;
    add_to_sketch(one);
  }

  // ---- x86_64

  void mask_x86(const Instruction& one, const AddressRange& range, Code& code) {
    const bool is_branch = one.is_branch() && !one.has_memory();
    if (is_branch && one.has_target) {
      if (one.target >= range.start && one.target < range.end) return;
      const std::size_t bytes = one.length == 2 ? 1 : 4;
      zero(code, one.length - bytes, bytes);
      return refer(one.target, one, true);
    }
    if (one.has_memory() && one.has_target) {
      const std::uint64_t from = one.memory.base == kPc ? one.target - one.end() : one.target;
      if (zero_number(code, one.length, from, 4)) refer(one.target, one, one.is_branch());
    } else if (one.has_memory() && memory_.is_fixed() && one.memory.displacement > 0) {
      // A table at a fixed address, indexed by a register.
      const auto at = static_cast<std::uint64_t>(one.memory.displacement);
      if (is_mapped(at) && zero_number(code, one.length, at, 4)) refer(at, one, false);
    }
    if (!one.has_immediate || !memory_.is_fixed()) return;
    const auto value = static_cast<std::uint64_t>(one.immediate);
    if (!is_mapped(value)) return;
    if (zero_number(code, one.length, value, 8) || zero_number(code, one.length, value, 4))
      refer(value, one, false);
  }

  bool is_mapped(std::uint64_t address) const {
    constexpr std::uint64_t kLeastAddress = 0x10000;  // numbers below are sizes and flags
    return address >= kLeastAddress && memory_.kind_of(address) != MemoryKind::none;
  }

  static void zero(Code& code, std::size_t at, std::size_t bytes) {
    std::fill_n(code.begin() + static_cast<std::ptrdiff_t>(at), bytes, std::uint8_t{0});
  }
  // The number as it is encoded; from the end, since operands follow the opcode.
  static bool zero_number(Code& code, std::size_t length, std::uint64_t value, std::size_t bytes) {
    for (std::size_t at = length - std::min(length, bytes); at > 0; --at) {
      std::uint64_t there = 0;
      for (std::size_t i = 0; i < bytes; ++i) there |= std::uint64_t{code[at + i]} << 8 * i;
      const std::uint64_t mask =
          bytes == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * bytes) - 1;
      if (there != (value & mask)) continue;
      zero(code, at, bytes);
      return true;
    }
    return false;
  }

  // ---- AArch64: words of four bytes. Arm ARM, C4.1.

  void mask_arm(const Instruction& one, const AddressRange& range, Code& code) {
    if (one.length != 4) return;
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i) word |= std::uint32_t{code[i]} << 8 * i;
    const std::uint32_t mask = arm_mask(one, range, word);
    word &= ~mask;
    for (std::size_t i = 0; i < 4; ++i) code[i] = static_cast<std::uint8_t>(word >> 8 * i);
    forget_written(one, word);
  }

  std::uint32_t arm_mask(const Instruction& one, const AddressRange& range, std::uint32_t word) {
    const Register base = static_cast<Register>(word >> 5 & 31);
    if ((word & 0x1f000000) == 0x10000000) {  // adr, adrp
      if ((word >> 31) == 0) refer(one.target, one, false);
      return 0x60ffffe0;
    }
    if ((word & 0x3b000000) == 0x18000000) {  // ldr, literal
      refer(one.target, one, false);
      return 0x00ffffe0;
    }
    if (one.is_branch() && one.has_target) {
      if (one.target >= range.start && one.target < range.end) return 0;
      refer(one.target, one, true);
      if ((word & 0x7c000000) == 0x14000000) return 0x03ffffff;  // b, bl
      if ((word & 0x7e000000) == 0x36000000) return 0x0007ffe0;  // tbz, tbnz
      return 0x00ffffe0;                                         // b.cond, cbz, cbnz
    }
    auto page = pages_.find(base);
    if (page == pages_.end()) return 0;
    const std::uint64_t offset = word >> 10 & 0xfff;
    if ((word & 0x7f800000) == 0x11000000) {  // add, immediate
      refer(page->second + offset, one, false);
      return 0x003ffc00;
    }
    if ((word & 0x3b000000) == 0x39000000) {  // load and store, unsigned offset
      const bool is_vector = (word >> 26 & 1) != 0, is_quad = is_vector && (word >> 23 & 1) != 0;
      refer(page->second + (offset << (is_quad ? 4 : word >> 30)), one, false);
      return 0x003ffc00;
    }
    return 0;
  }

  void forget_written(const Instruction& one, std::uint32_t word) {
    for (Register reg = 0; reg < 31; ++reg)
      if ((one.writes >> reg & 1) != 0) pages_.erase(reg);
    const bool is_page = (word & 0x9f000000) == 0x90000000;
    if (is_page) pages_[static_cast<Register>(word & 31)] = one.target;
  }

  // ---- What is referred to

  void refer(std::uint64_t address, const Instruction& one, bool is_branch) {
    out_.references.push_back(reference_to(address, one, is_branch));
  }

  MaskedReference reference_to(std::uint64_t address, const Instruction& one, bool is_branch) {
    if (const Fixup* stub = stub_at(program_, address)) return named(*stub);
    if (const Function* function = functions_.starting_at(address))
      return {Kind::function, static_cast<std::uint64_t>(function - functions_.list.data())};
    // A cold part of this function, or a place in another one.
    if (is_branch && memory_.kind_of(address) == MemoryKind::code) {
      const Function* inside = functions_.at(address);
      if (inside != nullptr && inside != &function_)
        return {Kind::function, static_cast<std::uint64_t>(inside - functions_.list.data())};
      return {Kind::data, 0};
    }
    if (const Fixup* fixup = program_.fixup_at(address); fixup && !fixup->name.empty())
      return named(*fixup);
    if (auto text = texts_.find(address); text != texts_.end())
      return {Kind::text, hash_of(normalised(text_of(program_, *text->second)))};
    if (std::string_view name = data_name(address); !name.empty())
      return {Kind::name, hash_of(name)};
    const bool loads = one.has_memory() && one.memory.access == Access::read && one.width > 0;
    if (loads && memory_.kind_of(address) == MemoryKind::constant &&
        one.memory.index == kNoRegister)
      return {Kind::constant, xxh3_of(program_.bytes_at(address, one.width))};
    return {Kind::data, 0};
  }

  static MaskedReference named(const Fixup& fixup) {
    return fixup.name.empty() ? MaskedReference{Kind::data, 0}
                              : MaskedReference{Kind::name, hash_of(fixup.name)};
  }

  std::string_view data_name(std::uint64_t address) const {
    auto at = std::ranges::lower_bound(data_symbols_, address, {}, &Symbol::address);
    return at != data_symbols_.end() && at->address == address ? at->name : std::string_view();
  }

  // ---- Likeness

  void add_to_sketch(const Instruction& one) {
    const std::uint32_t kind = static_cast<std::uint32_t>(one.op) * 32 + one.width;
    window_ = (window_ << 16 | kind) & 0xffff'ffff'ffff;
    if (out_.instructions < 3) return;
    std::array<std::uint8_t, 6> bytes{};
    for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(window_ >> 8 * i);
    sketch_.insert(static_cast<std::uint32_t>(xxh3_of(ByteView(bytes))));
    if (sketch_.size() > MaskedCode::kSketch) sketch_.erase(std::prev(sketch_.end()));
  }

  const Program& program_;
  const Functions& functions_;
  const MemoryMap& memory_;
  const std::vector<Symbol>& data_symbols_;
  const Function& function_;
  std::map<std::uint64_t, const Reference*> texts_;
  std::map<Register, std::uint64_t> pages_;  // registers that hold the address of a page
  Bytes exact_, masked_;
  std::set<std::uint32_t> sketch_;
  std::uint64_t window_ = 0;
  MaskedCode out_;
};

// ---- Texts

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "Nov 24 2026" and "12:00:00" as __DATE__ and __TIME__ are.
std::size_t date_at(std::string_view text) {
  static constexpr std::string_view kForm = "Mmm dd yyyy";
  if (text.size() < kForm.size()) return 0;
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (std::ranges::find(kMonths, text.substr(0, 3)) == kMonths.end()) return 0;
  for (std::size_t i = 3; i < kForm.size(); ++i) {
    const bool fits =
        kForm[i] == ' ' ? text[i] == ' ' : is_digit(text[i]) || (i == 4 && text[i] == ' ');
    if (!fits) return 0;
  }
  return kForm.size();
}
std::size_t time_at(std::string_view text) {
  static constexpr std::string_view kForm = "00:00:00";
  if (text.size() < kForm.size()) return 0;
  for (std::size_t i = 0; i < kForm.size(); ++i)
    if (kForm[i] == ':' ? text[i] != ':' : !is_digit(text[i])) return 0;
  return kForm.size();
}

}  // namespace

std::string normalised(std::string_view text) {
  // A whole text that is an absolute path is what __FILE__ gives.
  if (text.starts_with('/') && text.find_first_of(" %\n") == text.npos)
    return "/…/" + std::string(text.substr(text.rfind('/') + 1));
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t bytes = std::max(date_at(text.substr(i)), time_at(text.substr(i)));
    out += bytes > 0 ? std::string("…") : std::string(1, text[i]);
    i += std::max<std::size_t>(bytes, 1);
  }
  return out;
}

Masker::Masker(const Program& program, const Functions& functions, const References& references)
    : program_(program), functions_(functions), references_(references), memory_(program) {
  for (const Symbol& symbol : program.symbols())
    if (symbol.is_defined && !symbol.is_function && symbol.address != 0 && !symbol.name.empty())
      data_symbols_.push_back(symbol);
  std::ranges::sort(data_symbols_, {},
                    [](const Symbol& s) { return std::pair(s.address, s.name); });
}

MaskedCode Masker::mask(std::size_t function) const {
  return Pass(program_, functions_, references_, memory_, data_symbols_, function).run();
}

}  // namespace fathom::code
