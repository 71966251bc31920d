// The difficulty is that both sides must agree without seeing the same thing: in an object the
// relocations say which bits are the linker's, in a program nothing does. So every rule is one that
// can be applied to linked code by its looks, and is applied to objects too, where the relocations
// come on top. A rule that masks too much costs a little discrimination; one that masks too little
// costs the match.
//
// x86_64: fields relative to the instruction pointer are zero, 8-bit branches apart, which stay
// inside a function. Linkers turn `mov reg, [rip + entry]` into `lea reg, [rip + symbol]` or
// `mov reg, imm32`, `call [rip + entry]` into `addr32 call symbol`, and loads of offsets into
// thread-local storage into immediates: each group hashes as one.
//
// AArch64: adrp, adr, b and bl are without their distance; the low 12 bits that follow an adrp are
// masked as long as its register holds the page.

#include "code/function_hash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <set>

namespace fathom::code {

namespace {

constexpr std::size_t kLongest = 15;  // bytes of an x86_64 instruction
// Offsets into thread-local storage are negative and small, on x86_64.
constexpr std::int64_t kLowestOffset = -0x4000, kHighestOffset = -8;

class Mixer {
 public:
  void add(std::uint64_t word) {
    state_ = std::rotl((state_ ^ word) * 0x9e3779b97f4a7c15, 29) * 0xbf58476d1ce4e5b9;
  }
  void add(const std::array<std::uint8_t, 16>& bytes) {
    std::array<std::uint64_t, 2> words;
    std::memcpy(words.data(), bytes.data(), sizeof words);
    add(words[0]);
    if (words[1] != 0) add(words[1]);
  }
  std::uint64_t finish() const {
    std::uint64_t out = state_ ^ state_ >> 31;
    out *= 0x94d049bb133111eb;
    return out ^ out >> 32;
  }

 private:
  std::uint64_t state_ = 0x66617468306d2d31;
};

bool is_offset(std::int64_t value) { return value >= kLowestOffset && value <= kHighestOffset; }

class Hashing {
 public:
  Hashing(const Program& program, std::uint64_t lowest, std::uint64_t highest, std::uint64_t start,
          std::uint64_t end)
      : program_(program), lowest_(lowest), highest_(highest), start_(start), end_(end) {
    const std::vector<LinkerField>& fields = program.linker_fields();
    field_ = std::ranges::lower_bound(fields, start, {}, &LinkerField::place) - fields.begin();
  }

  FunctionHash run() {
    const CodeRange* range = program_.code_at(start_);
    if (range == nullptr) return {};
    end_ = std::min(end_, range->end());
    const bool x86 = program_.machine() == Machine::x86_64;
    for (std::uint64_t at = start_; at < end_;) {
      auto bytes = range->bytes.subspan(at - range->address, end_ - at);
      Instruction one = decode(program_.machine(), bytes, at);
      const std::uint64_t next = at + std::max<std::uint64_t>(one.length, 1);
      take_fields(at, next);
      if (one.op != Op::nop) {
        x86 ? take_x86(one, bytes) : take_arm(one, bytes);
        note_call(one);
        ++out_.instructions;
        out_.bytes = static_cast<std::uint32_t>(next - start_);
      }
      at = next;
    }
    out_.exact = exact_.finish();
    out_.loose = loose_.finish();
    return std::move(out_);
  }

 private:
  using Masked = std::array<std::uint8_t, 16>;

  // The linker's fields of the instruction in [at, next).
  void take_fields(std::uint64_t at, std::uint64_t next) {
    const std::vector<LinkerField>& fields = program_.linker_fields();
    auto index = static_cast<std::size_t>(field_);
    while (index < fields.size() && fields[index].place < at) ++index;
    first_field_ = index;
    while (index < fields.size() && fields[index].place < next) ++index;
    last_field_ = index;
    field_ = static_cast<std::ptrdiff_t>(index);
  }
  bool has_field() const { return first_field_ != last_field_; }

  bool may_be_address(std::uint64_t value) const { return value >= lowest_ && value < highest_; }

  void add(const Masked& bytes) {
    exact_.add(bytes);
    loose_.add(bytes);
  }
  void add(std::uint64_t tag, std::uint64_t a, std::uint64_t b = 0) {
    std::uint64_t word = tag << 32 | a << 8 | b;
    exact_.add(word);
    loose_.add(word);
  }

  void note_call(const Instruction& one) {
    const bool leaves =
        one.op == Op::jump && !one.has_memory() && (one.target < start_ || one.target >= end_);
    const bool through_word = (one.op == Op::call_indirect || one.op == Op::jump_indirect) &&
                              one.has_memory() && one.memory.base == kPc;
    if (one.op == Op::call || leaves || through_word) out_.calls.push_back(one.target);
  }

  // --- x86_64
  struct Layout {
    std::size_t opcode = 0, modrm = 0;  // positions
    std::uint8_t rex = 0;
    bool is_one_byte = false;  // of the first opcode map
  };

  static Layout layout_of(std::span<const std::uint8_t> bytes) {
    constexpr std::string_view kPrefixes("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3", 11);
    Layout out;
    std::size_t at = 0;
    while (at < bytes.size() && kPrefixes.find(static_cast<char>(bytes[at])) != kPrefixes.npos)
      ++at;
    if (at < bytes.size() && (bytes[at] & 0xf0) == 0x40) out.rex = bytes[at++];
    out.opcode = at;
    const std::uint8_t first = at < bytes.size() ? bytes[at] : 0;
    const std::uint8_t second = at + 1 < bytes.size() ? bytes[at + 1] : 0;
    if (first == 0xc5)
      out.modrm = at + 3;
    else if (first == 0xc4)
      out.modrm = at + 4;
    else if (first == 0x62)
      out.modrm = at + 5;
    else if (first == 0x0f)
      out.modrm = second == 0x38 || second == 0x3a ? at + 3 : at + 2;
    else
      out.modrm = at + 1;
    out.is_one_byte = first != 0xc5 && first != 0xc4 && first != 0x62 && first != 0x0f;
    return out;
  }

  void take_x86(const Instruction& one, std::span<const std::uint8_t> bytes) {
    Masked masked{};
    const std::size_t length = std::min<std::size_t>(one.length, kLongest);
    std::copy_n(bytes.begin(), std::min(length, bytes.size()), masked.begin());
    const Layout layout = layout_of(bytes.first(std::min(length, bytes.size())));
    if (hashes_as_other(one, masked, layout)) return;
    const bool is_direct = one.is_branch() && one.has_target && !one.has_memory();
    if (is_direct && length >= 5) clear(masked, length - 4, 4);
    if (one.has_memory()) mask_displacement(one, masked, layout);
    mask_fields(one, masked);
    const unsigned immediate = wide_immediate(one, masked, layout);
    if (immediate != 0 && may_be_address(static_cast<std::uint64_t>(one.immediate) &
                                         (immediate == 4 ? 0xffffffff : ~0ull)))
      clear(masked, length - immediate, immediate);
    exact_.add(masked);
    if (immediate != 0) clear(masked, length - immediate, immediate);
    loose_.add(masked);
  }

  static void clear(Masked& bytes, std::size_t from, std::size_t count) {
    for (std::size_t i = from; i < std::min(from + count, bytes.size()); ++i) bytes[i] = 0;
  }

  void mask_fields(const Instruction& one, Masked& bytes) const {
    for (std::size_t i = first_field_; i < last_field_; ++i) {
      const LinkerField& field = program_.linker_fields()[i];
      constexpr std::uint32_t kWord64 = 1, kDistance64 = 24;
      clear(bytes, field.place - one.address,
            field.type == kWord64 || field.type == kDistance64 ? 8 : 4);
    }
  }

  // Groups of instructions that linkers turn into one another.
  bool hashes_as_other(const Instruction& one, const Masked& bytes, const Layout& layout) {
    if (!layout.is_one_byte) return false;
    const std::uint8_t opcode = bytes[layout.opcode], modrm = bytes[layout.modrm];
    const bool wide = (layout.rex & 8) != 0, near = one.memory.base == kPc && one.has_memory();
    const unsigned middle = (modrm >> 3 & 7u) | (layout.rex & 4u) << 1;
    const unsigned low = (modrm & 7u) | (layout.rex & 1u) << 3;
    if (near && opcode == 0xff && (modrm >> 3 & 7) == 2) return add('C', 0), true;
    if (opcode == 0xe8 && layout.opcode == 1 && bytes[0] == 0x67) return add('C', 0), true;
    if (near && opcode == 0xff && (modrm >> 3 & 7) == 4) return add('J', 0), true;
    if (opcode == 0xe9 && layout.opcode == 0) return add('J', 0), true;
    if (wide && near && (opcode == 0x8b || opcode == 0x8d)) return add('A', middle), true;
    if (wide && near && opcode < 0x40 && (opcode & 7) == 3)
      return add('B', opcode >> 3, middle), true;
    if (!wide || modrm < 0xc0) return wide && is_offset_added(one, opcode, middle);
    if (opcode == 0xc7 && (has_field() || one.immediate == 0 || is_linked(one.immediate)))
      return add('A', low), true;
    if (opcode == 0x81 && (has_field() || is_linked(one.immediate)))
      return add('B', modrm >> 3 & 7u, low), true;
    return false;
  }

  bool is_linked(std::int64_t value) const {
    return is_offset(value) || may_be_address(static_cast<std::uint64_t>(value) & 0xffffffff);
  }

  // `add reg, [rip + entry]` of an offset into thread-local storage becomes `lea reg, [reg + imm]`.
  bool is_offset_added(const Instruction& one, std::uint8_t opcode, unsigned destination) {
    const Memory& memory = one.memory;
    if (opcode != 0x8d || !one.has_memory() || memory.index != kNoRegister) return false;
    if (memory.base != destination || !is_offset(memory.displacement)) return false;
    return add('B', 0, destination), true;
  }

  void mask_displacement(const Instruction& one, Masked& bytes, const Layout& layout) const {
    const Memory& memory = one.memory;
    if (memory.base == kPc) return clear(bytes, layout.modrm + 1, 4);
    if (layout.modrm >= kLongest) return;
    const std::uint8_t modrm = bytes[layout.modrm];
    const bool has_index_byte = (modrm & 7) == 4;
    const bool is_wide = modrm >> 6 == 2 ||
                         (modrm >> 6 == 0 && has_index_byte && (bytes[layout.modrm + 1] & 7) == 5);
    if (!is_wide) return;
    const bool of_thread = memory.segment == 'f' && memory.displacement < 0;
    if (of_thread || may_be_address(static_cast<std::uint32_t>(memory.displacement)))
      clear(bytes, layout.modrm + (has_index_byte ? 2 : 1), 4);
  }

  // Bytes of the immediate at the end when it is of 4 or 8; else 0.
  static unsigned wide_immediate(const Instruction& one, const Masked& bytes,
                                 const Layout& layout) {
    if (!layout.is_one_byte || one.is_branch()) return 0;
    const std::uint8_t opcode = bytes[layout.opcode];
    const bool narrow = std::find(bytes.begin(), bytes.begin() + static_cast<int>(layout.opcode),
                                  0x66) != bytes.begin() + static_cast<int>(layout.opcode);
    if (narrow) return 0;
    if (opcode >= 0xb8 && opcode <= 0xbf) return (layout.rex & 8) != 0 ? 8 : 4;
    const bool is_wide = opcode == 0xc7 || opcode == 0x81 || opcode == 0x68 || opcode == 0x69 ||
                         opcode == 0xa9 || (opcode < 0x40 && (opcode & 7) == 5) ||
                         (opcode == 0xf7 && (bytes[layout.modrm] >> 3 & 7) < 2);
    return is_wide ? 4 : 0;
  }

  // --- AArch64
  static constexpr unsigned kFramePointer = 29;
  static constexpr std::uint32_t kImmediate12 = 0xfffu << 10;

  void take_arm(const Instruction& one, std::span<const std::uint8_t> bytes) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4 && i < bytes.size(); ++i)
      word |= static_cast<std::uint32_t>(bytes[i]) << 8 * i;
    const std::uint32_t type = has_field() ? program_.linker_fields()[first_field_].type : 0;
    const unsigned destination = word & 31, base = word >> 5 & 31;
    enter_block(one.address);
    const bool was_page = pages_ >> base & 1;
    const bool was_high = highs_ >> destination & 1;
    // adr too: linkers turn an adrp that some processors get wrong into one.
    const bool is_page = (word & 0x1f000000) == 0x10000000;
    const std::uint32_t copied = pages_copied(word);
    pages_ = (pages_ & ~one.writes) | copied;
    highs_ &= ~one.writes;
    leave_block(one);
    if (is_page) {
      pages_ |= 1u << destination;
      ever_pages_ |= 1u << destination;
    }
    constexpr std::uint32_t kReadsThreadPointer = 0xd53bd040;
    if ((word & ~31u) == kReadsThreadPointer) pages_ |= 1u << destination;
    if (take_thread_offset(word, type, destination, was_high)) return;
    if (is_page) return add('P', destination);
    if ((word & 0x7c000000) == 0x14000000) return add('W', word & 0xfc000000);
    // An immediate of whole pages is the upper half of an offset into thread-local storage.
    const bool adds_pages = (word & 0xffc00000) == 0x91400000;
    const bool is_linked = was_page || has_field() || adds_pages;
    // add, or a load of a table's entry, which linkers turn into an add.
    const bool adds = (word & 0xff800000) == 0x91000000;
    const bool loads = (word & 0xffc00000) == 0xf9400000;
    if (is_linked && (adds || loads)) {
      if (adds_pages) pages_ |= 1u << destination;
      return add('L', destination, base);
    }
    const bool accesses = (word & 0x3b000000) == 0x39000000;
    if (is_linked && accesses) return add('W', word & ~kImmediate12);
    if (type == 279) return add('W', word & ~(0x3fffu << 5));
    if (type == 280) return add('W', word & ~(0x7ffffu << 5));
    exact_.add(std::uint64_t{'W'} << 32 | word);
    const bool is_move = (word & 0x1f800000) == 0x12800000;
    loose_.add(std::uint64_t{'W'} << 32 | (is_move ? word & ~(0xffffu << 5) : word));
  }

  // Pages in registers that a move or a load from the stack writes; notes those that are stored.
  std::uint32_t pages_copied(std::uint32_t word) {
    const unsigned first = word & 31, second = word >> 10 & 31, base = word >> 5 & 31;
    auto is_page = [&](unsigned reg) { return (pages_ >> reg & 1) != 0; };
    auto slot = [&](unsigned reg, std::uint32_t offset, bool stores) -> std::uint32_t {
      offset |= base << 16;
      if (stores && is_page(reg)) page_slots_.insert(offset);
      return !stores && page_slots_.contains(offset) ? 1u << reg : 0;
    };
    const bool on_stack = base == arm::sp || base == kFramePointer;
    const bool one = on_stack && (word & 0xff800000) == 0xf9000000;   // str, ldr x, [sp, #imm]
    const bool pair = on_stack && (word & 0xff800000) == 0xa9000000;  // stp, ldp x, x, [sp, #imm]
    const bool stores = (word & 0x00400000) == 0;
    if (one) return slot(first, word >> 10 & 0xfff, stores);
    if (pair)
      return slot(first, word >> 15 & 0x7f, stores) | slot(second, (word >> 15 & 0x7f) + 1, stores);
    const bool moves = (word & 0xffe0ffe0) == 0xaa0003e0;
    return moves && is_page(word >> 16 & 31) ? 1u << first : 0;
  }

  // Compilers keep pages in registers across blocks: what holds one at a branch holds it where the
  // branch goes. Where only a jump table leads, whatever held one before may.
  void enter_block(std::uint64_t address) {
    auto [first, last] = pages_at_.equal_range(address);
    std::uint32_t pages = 0;
    for (auto from = first; from != last; ++from) pages |= from->second;
    if (flow_ended_)
      pages_ = first == last ? ever_pages_ : pages;
    else
      pages_ |= pages;
    pages_at_.erase(pages_at_.begin(), last);
    flow_ended_ = false;
  }
  void leave_block(const Instruction& one) {
    const bool jumps = one.op == Op::jump || one.op == Op::jump_if;
    if (jumps && one.target > one.address && one.target < end_)
      pages_at_.emplace(one.target, pages_);
    flow_ended_ = one.ends_flow();
  }

  // The offset of a thread's variable, from the global offset table, becomes movz, movk.
  bool take_thread_offset(std::uint32_t word, std::uint32_t type, unsigned destination,
                          bool was_high) {
    constexpr std::uint32_t kPage = 541, kLow = 542;
    const bool high = type == kPage || (word & 0xffe00000) == 0xd2a00000;
    const bool low = type == kLow || (was_high && (word & 0xffe00000) == 0xf2800000);
    if (high) highs_ |= 1u << destination;
    if (high) add('T', destination, 1);
    if (!high && low) add('T', destination, 0);
    return high || low;
  }

  const Program& program_;
  std::uint64_t lowest_, highest_, start_, end_;
  std::ptrdiff_t field_ = 0;
  std::size_t first_field_ = 0, last_field_ = 0;
  std::uint32_t pages_ = 0, ever_pages_ = 0;              // registers that hold one of adrp
  std::set<std::uint32_t> page_slots_;                    // words of the stack that did
  std::multimap<std::uint64_t, std::uint32_t> pages_at_;  // by where branches go, ahead
  bool flow_ended_ = false;
  std::uint32_t highs_ = 0;  // … the upper half of an offset of a thread's variable
  Mixer exact_, loose_;
  FunctionHash out_;
};

}  // namespace

FunctionHasher::FunctionHasher(const Program& program) : program_(program) {
  if (program.is_position_independent()) return;
  for (const Mapping& mapping : program.mappings()) {
    if (lowest_ == highest_) lowest_ = mapping.address;
    highest_ = std::max(highest_, mapping.address + mapping.size);
  }
}

FunctionHash FunctionHasher::hash(std::uint64_t start, std::uint64_t end) const {
  return Hashing(program_, lowest_, highest_, start, end).run();
}

}  // namespace fathom::code
