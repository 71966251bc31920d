// Each function is decoded once into a buffer. A first look at the buffer finds where branches of
// the function itself come in; the second one walks it with the constants in registers, and carries
// them along forward branches: a place keeps what all ways to it agree on, and one that a backward
// branch reaches keeps nothing. Buffers are reused from function to function, so that an
// instruction costs no allocation.

#include "code/references.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "code/constants.h"
#include "code/values.h"
#include "elf/constants.h"

namespace fathom::code {

namespace {

constexpr std::size_t kShortestText = 4;
constexpr std::uint64_t kLongestSized = 4096;
constexpr std::size_t kMostSteps = 24;       // instructions from a jump to the call that it goes to
constexpr std::int32_t kGuardOffset = 0x28;  // of the stack protector's guard, from fs
constexpr std::uint64_t kFirstPage = 4096;   // nothing is there, whatever was added up
constexpr std::uint32_t kRecordBytes = 16;
constexpr std::uint32_t kMostLines = 1u << 20, kMostColumns = 1u << 12;

// The size of the UTF-8 character at the start of `bytes`, 0 when it is no printable one.
std::size_t character(std::span<const std::uint8_t> bytes) {
  std::uint8_t first = bytes[0];
  if (first < 0x80)
    return (first >= 0x20 && first != 0x7f) || first == '\t' || first == '\n' || first == '\r' ||
                   first == 0x1b
               ? 1
               : 0;
  std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((bytes[i] & 0xc0) != 0x80) return 0;
  return size;
}

// How many bytes are printable from the start on, at most `most`.
std::size_t printable_bytes(std::span<const std::uint8_t> bytes, std::size_t most) {
  std::size_t at = 0;
  most = std::min(most, bytes.size());
  while (at < most) {
    std::size_t size = character(bytes.subspan(at));
    if (size == 0) break;
    at += size;
  }
  return std::min(at, most);
}

// 0 when there is no terminated text.
std::size_t terminated_text(ByteView bytes, std::uint64_t most) {
  std::size_t size = printable_bytes(bytes.span(), most);
  return size < bytes.size() && bytes.span()[size] == 0 ? size : 0;
}

bool is_text_of(ByteView bytes, std::uint64_t size) {
  return size >= kShortestText && size <= kLongestSized && bytes.size() >= size &&
         printable_bytes(bytes.span(), size) == size;
}

std::uint32_t bit(Register reg) { return reg < 32 ? std::uint32_t{1} << reg : 0; }

std::uint32_t argument_registers(Machine machine) {
  std::uint32_t mask = 0;
  for (Register reg : c_arguments(machine)) mask |= bit(reg);
  for (Register reg : go_arguments(machine)) mask |= bit(reg);
  return mask;
}

// Where a branch comes in, and what all ways there seen so far agree on.
struct Join {
  std::uint64_t address = 0;
  bool is_seen = false, is_lost = false;
  Constants constants;
};

struct Stored {  // the last address that was stored
  bool is_known = false;
  Register base = kNoRegister;
  std::int64_t displacement = 0;
  std::uint64_t value = 0;
  std::uint32_t place = 0;
};

class Reader {
 public:
  Reader(const Program& program, const Functions& functions, const Limits& limits)
      : program_(program), functions_(functions), limits_(limits), memory_(program) {
    machine_ = program.machine();
    argument_mask_ = argument_registers(machine_);
    lost_in_calls_ = registers_lost_in_calls(machine_);
    for (const Symbol& symbol : program.symbols())
      if (symbol.name == "__stack_chk_guard" && symbol.is_defined) guard_ = symbol.address;
  }

  References run() {
    find_records();
    out_.functions.reserve(functions_.list.size());
    for (const Function& function : functions_.list) read(function);
    return std::move(out_);
  }

 private:
  // --- {pointer to text, number, number} in data that is relocated
  void find_records() {
    for (const Fixup& fixup : program_.fixups())
      if (fixup.kind == Fixup::Kind::relative && fixup.target != 0) add_record(fixup);
    if (memory_.is_fixed()) find_records_of_fixed();
    auto by_address = [](const SourceRecord& a, const SourceRecord& b) {
      return a.address < b.address;
    };
    auto same = [](const SourceRecord& a, const SourceRecord& b) { return a.address == b.address; };
    std::stable_sort(out_.records.begin(), out_.records.end(), by_address);
    out_.records.erase(std::unique(out_.records.begin(), out_.records.end(), same),
                       out_.records.end());
  }

  void find_records_of_fixed() {
    for (const elf::Segment& s : program_.elf().segments()) {
      if (s.type != elf::PT_LOAD || (s.flags & elf::PF_X) != 0) continue;
      std::uint64_t skip = (8 - s.address % 8) % 8;
      for (std::uint64_t at = skip; at + 8 <= s.contents.size(); at += 8) {
        std::uint64_t word = s.contents.read<std::uint64_t>(at).value_or(0);
        if (word != 0 && memory_.kind_of(word) == MemoryKind::constant)
          add_record({s.address + at, Fixup::Kind::relative, word, {}});
      }
    }
  }

  void add_record(const Fixup& fixup) {
    if (memory_.kind_of(fixup.target) != MemoryKind::constant) return;
    ByteView rest = memory_.from(fixup.place);
    auto second = rest.read<std::uint64_t>(8);
    if (!second) return;
    ByteView text = memory_.from(fixup.target);
    SourceRecord record{fixup.place, fixup.target, 0, 0, 0, 0};
    std::uint64_t numbers = *second;
    const Fixup* other = program_.fixup_at(fixup.place + 8);
    std::uint64_t pointer = other ? other->target : memory_.is_fixed() ? *second : 0;
    bool is_pointer = pointer != 0 && memory_.kind_of(pointer) == MemoryKind::constant;
    if (is_pointer || is_text_of(text, *second)) {
      auto third = rest.read<std::uint64_t>(16);
      if (!third || program_.fixup_at(fixup.place + kRecordBytes)) return;
      numbers = *third;
    } else if (other != nullptr) {
      return;
    }
    record.line = static_cast<std::uint32_t>(numbers);
    record.column = static_cast<std::uint32_t>(numbers >> 32);
    if (record.line == 0 || record.line > kMostLines || record.column > kMostColumns) return;
    if (is_pointer) {
      record.function_text = pointer;
      if (terminated_text(memory_.from(pointer), limits_.text_bytes) == 0) return;
    }
    bool has_size = !is_pointer && numbers != *second;
    record.text_size = has_size ? *second : terminated_text(text, limits_.text_bytes);
    if (record.text_size < kShortestText) return;
    out_.records.push_back(record);
  }

  // --- one function
  void read(const Function& function) {
    function_ = &function;
    FunctionReferences sums;
    sums.first_call = static_cast<std::uint32_t>(out_.sites.size());
    current_ = &sums;
    items_.clear();
    joins_.clear();
    decode_all();
    index_joins();
    walk();
    keep(sums);
    sums.calls = static_cast<std::uint32_t>(out_.sites.size()) - sums.first_call;
    out_.functions.push_back(sums);
  }

  void decode_all() {
    code_.clear();
    starts_of_ranges_.clear();
    for (const AddressRange& range : function_->ranges) {
      const CodeRange* code = program_.code_at(range.start);
      if (code == nullptr) continue;
      starts_of_ranges_.push_back(code_.size());
      for (std::uint64_t at = range.start; at < range.end && code->contains(at);) {
        code_.push_back(decode(machine_, code->bytes.subspan(at - code->address), at));
        const Instruction& one = code_.back();
        if ((one.op == Op::jump || one.op == Op::jump_if) && is_inside(one.target))
          joins_.push_back({one.target, false, one.target <= at, {}});
        at = one.end();
      }
    }
  }

  bool is_inside(std::uint64_t address) const {
    for (const AddressRange& range : function_->ranges)
      if (address >= range.start && address < range.end) return true;
    return false;
  }

  // One of each address; lost when a backward branch comes in.
  void index_joins() {
    auto by_address = [](const Join& a, const Join& b) {
      return a.address != b.address ? a.address < b.address : a.is_lost > b.is_lost;
    };
    std::sort(joins_.begin(), joins_.end(), by_address);
    auto same = [](const Join& a, const Join& b) { return a.address == b.address; };
    joins_.erase(std::unique(joins_.begin(), joins_.end(), same), joins_.end());
  }

  Join* join_at(std::uint64_t address) {
    auto at = std::lower_bound(
        joins_.begin(), joins_.end(), address,
        [](const Join& join, std::uint64_t wanted) { return join.address < wanted; });
    return at != joins_.end() && at->address == address ? &*at : nullptr;
  }

  // Merges what is known into the place that a branch goes to.
  void carry(Join& join, const Constants& constants) {
    if (join.is_lost) return;
    if (join.is_seen)
      join.constants.meet(constants);
    else
      join.constants = constants;
    join.is_seen = true;
  }

  void walk() {
    Constants now;
    bool reached = true, in_first_block = true;
    std::size_t next_range = 0, next_join = 0;
    pending_ = 0;
    stored_.is_known = false;
    for (const Instruction& one : code_) {
      std::size_t index = static_cast<std::size_t>(&one - code_.data());
      if (next_range < starts_of_ranges_.size() && starts_of_ranges_[next_range] == index) {
        ++next_range;
        reached = false;
      }
      while (next_join < joins_.size() && joins_[next_join].address < one.address) ++next_join;
      bool joined = next_join < joins_.size() && joins_[next_join].address == one.address;
      if (joined || !reached) enter(now, joined ? &joins_[next_join] : nullptr, reached);
      take(one, now);
      reached = !one.ends_flow();
      if (in_first_block) count_frame(one);
      if (one.is_branch()) in_first_block = false;
    }
    flush(pending_, now);
  }

  void enter(Constants& now, Join* join, bool reached) {
    flush(pending_, now);
    stored_.is_known = false;
    if (join == nullptr || join->is_lost) return now.forget();
    if (reached) {
      carry(*join, now);
      if (join->constants.known() != now.known()) follow(join->address, now);
    }
    if (join->is_seen)
      now = join->constants;
    else
      now.forget();
  }

  void take(const Instruction& one, Constants& now) {
    if (pending_ & one.reads) flush(pending_ & one.reads, now, &one);
    note_operands(one, now);
    if (one.is_branch()) return branch(one, now);
    bool old_gate = one.op == Op::interrupt && one.immediate == 0x80;
    if (one.op == Op::syscall || old_gate) ++current_->system_calls;
    now.step(memory_, one);
    pending_ &= ~one.writes;
    if (one.destination < 32 && now.knows(one.destination)) note_result(one, now);
  }

  void branch(const Instruction& one, Constants& now) {
    switch (one.op) {
      case Op::jump:
      case Op::jump_if:
        if (is_inside(one.target)) {
          if (Join* join = join_at(one.target)) carry(*join, now);
          if (one.op == Op::jump) follow(one.target, now);
        } else {
          add_site(one.address, one.target, now);
        }
        break;
      case Op::call:
        add_site(one.address, one.target, now);
        break;
      default:
        indirect(one, now);
    }
    if (one.op == Op::call || one.op == Op::call_indirect) {
      flush(pending_, now);
      now.forget(lost_in_calls_ | one.writes);
    }
    stored_.is_known = false;
  }

  // Compilers merge calls that end alike: "line = 12; goto call". Each way to such a call that
  // comes with constants of its own is a site of its own.
  void follow(std::uint64_t target, const Constants& before) {
    if ((before.known() & argument_mask_) == 0) return;
    auto at = std::lower_bound(
        code_.begin(), code_.end(), target,
        [](const Instruction& one, std::uint64_t wanted) { return one.address < wanted; });
    Constants there = before;
    for (std::size_t steps = 0; at != code_.end() && steps < kMostSteps; ++at, ++steps) {
      if (at->op == Op::call && passes_any(there, before))
        merged_.push_back({at->address, at->target, there});
      if (at->is_branch() || at->ends_flow()) return;
      there.step(memory_, *at);
    }
  }

  bool passes_any(const Constants& there, const Constants& before) const {
    std::uint32_t both = there.known() & before.known() & argument_mask_;
    for (Register reg = 0; reg < 32; ++reg)
      if ((both >> reg & 1) && there[reg] == before[reg]) return true;
    return false;
  }

  void indirect(const Instruction& one, const Constants& now) {
    std::uint64_t target = 0;
    if (one.has_memory()) {
      if (std::optional<std::uint64_t> word = now.address_of(one)) target = behind(*word);
    } else if (now.knows(one.source)) {
      target = now[one.source];
    }
    bool is_call = one.op == Op::call_indirect;
    if (target == 0 && is_call) current_->has_unresolved_calls = true;
    if (target != 0 || is_call) add_site(one.address, target, now);
  }

  // What a call through a word goes to: its target when it is in the file, else the word.
  std::uint64_t behind(std::uint64_t word) const {
    const Fixup* fixup = program_.fixup_at(word);
    if (fixup == nullptr) {
      auto value = memory_.constant_at(word, 8);
      return value && memory_.kind_of(value->value) == MemoryKind::code ? value->value : 0;
    }
    bool here = fixup->target != 0 && memory_.kind_of(fixup->target) == MemoryKind::code;
    if (here) return fixup->target;
    return fixup->name.empty() ? 0 : word;
  }

  void add_site(std::uint64_t place, std::uint64_t target, const Constants& now) {
    CallSite site{place, target, now.known() & argument_mask_,
                  static_cast<std::uint32_t>(out_.arguments.size())};
    for (Register reg = 0; reg < 32; ++reg)
      if (site.known >> reg & 1) out_.arguments.push_back(now[reg]);
    note_sized(c_arguments(machine_), place, now);
    note_sized(go_arguments(machine_), place, now);
    out_.sites.push_back(site);
  }

  // A pointer and a length in neighbouring arguments.
  void note_sized(std::span<const Register> order, std::uint64_t place, const Constants& now) {
    for (std::size_t i = 0; i + 1 < order.size(); ++i)
      if (now.is_address(order[i]) && now.knows(order[i]) && now.knows(order[i + 1]))
        note_sized_text(now[order[i]], now[order[i + 1]], offset_of(place));
  }

  void note_sized_text(std::uint64_t address, std::uint64_t size, std::uint32_t place) {
    if (size < kShortestText || size > kLongestSized) return;
    if (memory_.kind_of(address) != MemoryKind::constant) return;
    if (is_text_of(memory_.from(address), size)) add(Referred::text, address, place, size, true);
  }

  // --- what one instruction says
  std::uint32_t offset_of(std::uint64_t place) const {
    return static_cast<std::uint32_t>(place - function_->start);
  }

  void add(Referred kind, std::uint64_t value, std::uint32_t place, std::uint64_t size = 0,
           bool is_sized = false) {
    items_.push_back({value, place,
                      static_cast<std::uint16_t>(std::min<std::uint64_t>(size, 0xffff)), kind,
                      is_sized});
  }

  void note_operands(const Instruction& one, const Constants& now) {
    if (one.has_memory() && one.op != Op::lea) note_access(one, now);
    if (!one.has_immediate) return;
    switch (one.op) {
      case Op::cmp:
      case Op::test:
        return add(Referred::compared, static_cast<std::uint64_t>(one.immediate),
                   offset_of(one.address));
      case Op::shl:
      case Op::shr:
      case Op::sar:
      case Op::rotate:
      case Op::bitfield:
      case Op::bits:
      case Op::vector:
      case Op::mov_keep:
      case Op::ret:
      case Op::trap:
      case Op::interrupt:
      case Op::load_pair:
      case Op::store_pair:
        return;
      case Op::mov:
        if (!one.has_memory()) return;             // what it makes is noted
        if (machine_ == Machine::aarch64) return;  // the base is moved
        note_stored(one, now);
        break;
      case Op::add:
      case Op::sub:
        if (one.destination == stack_pointer()) return;
        if (now.knows(one.source)) return;
        break;
      default:
        break;
    }
    note_number(one.immediate, one.address, one.width);
  }

  Register stack_pointer() const {
    return machine_ == Machine::x86_64 ? Register{x86::rsp} : arm::sp;
  }

  void note_number(std::int64_t value, std::uint64_t place, unsigned width) {
    bool is_address = memory_.is_fixed() && width >= 4 &&
                      memory_.kind_of(static_cast<std::uint64_t>(value)) != MemoryKind::none;
    if (is_address) return note_address(static_cast<std::uint64_t>(value), offset_of(place), 0);
    if (value >= kSmallestNumber || value <= -kSmallestNumber)
      add(Referred::number, static_cast<std::uint64_t>(value), offset_of(place));
  }

  void note_access(const Instruction& one, const Constants& now) {
    if (one.memory.segment == 'f' && one.memory.displacement == kGuardOffset &&
        one.memory.base == kNoRegister)
      current_->has_stack_protector = true;
    std::optional<std::uint64_t> address = now.address_of(one);
    if (!address || *address < kFirstPage) {
      if (one.op == Op::mov && one.memory.access == Access::write) note_stored(one, now);
      // A table of a program that is not moved: [table + index * 8].
      auto table = static_cast<std::uint64_t>(std::int64_t{one.memory.displacement});
      if (memory_.is_fixed() && table >= kFirstPage && one.memory.segment == 0)
        note_address(table, offset_of(one.address), 0);
      return;
    }
    if (one.op == Op::call_indirect || one.op == Op::jump_indirect) return;
    const Fixup* word = program_.fixup_at(*address);
    if (word && word->name == "__stack_chk_guard") current_->has_stack_protector = true;
    if (guard_ != 0 && *address == guard_) current_->has_stack_protector = true;
    bool is_pointer =
        word && word->target != 0 && memory_.kind_of(*address) != MemoryKind::writable;
    if (is_pointer) return note_address(word->target, offset_of(one.address), 0);
    if (memory_.kind_of(*address) == MemoryKind::none) return;
    add(Referred::data, *address, offset_of(one.address), one.width);
    items_.back().is_written =
        one.memory.access == Access::write || one.memory.access == Access::read_write;
  }

  // {address, length} written to neighbouring words.
  void note_stored(const Instruction& one, const Constants& now) {
    if (one.memory.access != Access::write || one.width != 8) return;
    std::int64_t at = one.memory.displacement;
    bool is_number = one.has_immediate && machine_ == Machine::x86_64;
    if (!is_number && !now.knows(one.source)) return;
    std::uint64_t value = is_number ? static_cast<std::uint64_t>(one.immediate) : now[one.source];
    bool is_address = !is_number && now.is_address(one.source);
    if (is_address) {
      stored_ = {true, one.memory.base, at, value, offset_of(one.address)};
    } else if (stored_.is_known && stored_.base == one.memory.base &&
               at == stored_.displacement + 8) {
      note_sized_text(stored_.value, value, stored_.place);
      stored_.is_known = false;
    }
  }

  // A register received a constant. On AArch64 it may be the first half of one: noted when
  // something uses it.
  void note_result(const Instruction& one, const Constants& now) {
    bool makes = one.op == Op::mov || one.op == Op::lea || one.op == Op::mov_keep ||
                 one.op == Op::add || one.op == Op::or_ || one.op == Op::sub;
    if (!makes) return;
    bool copies = one.op == Op::mov && one.source < 32 && !one.has_memory();
    if (copies) return;
    places_[one.destination] = offset_of(one.address);
    if (machine_ == Machine::aarch64)
      pending_ |= bit(one.destination);
    else
      note_value(one.destination, now);
  }

  void note_value(Register reg, const Constants& now) {
    std::uint64_t value = now[reg];
    if (now.is_address(reg)) return note_address(value, places_[reg], 0);
    auto number = static_cast<std::int64_t>(value);
    if (number >> 32 == 0) number = static_cast<std::int32_t>(number);
    if (number >= kSmallestNumber || number <= -kSmallestNumber)
      add(Referred::number, static_cast<std::uint64_t>(number), places_[reg]);
  }

  // `user` goes on with the constant: then the value is not complete yet.
  void flush(std::uint32_t registers, const Constants& now, const Instruction* user = nullptr) {
    pending_ &= ~registers;
    for (Register reg = 0; registers != 0; ++reg, registers >>= 1) {
      if (!(registers & 1)) continue;
      if (user != nullptr && completes(*user, reg)) continue;
      note_value(reg, now);
    }
  }

  // adrp and movz are followed by what adds the rest: to the same value, or in an address.
  bool completes(const Instruction& user, Register reg) const {
    if (user.op == Op::mov_keep && user.source == reg) return true;
    bool adds = user.op == Op::add && user.has_immediate && user.source == reg;
    return adds || (user.has_memory() && user.memory.base == reg);
  }

  void note_address(std::uint64_t address, std::uint32_t place, unsigned size) {
    MemoryKind kind = memory_.kind_of(address);
    if (kind == MemoryKind::none) return;
    if (kind == MemoryKind::code && functions_.starting_at(address))
      return add(Referred::function, address, place);
    if (kind == MemoryKind::code && functions_.at(address)) return;  // a place in a function
    if (out_.record_at(address)) return add(Referred::record, address, place);
    std::size_t length = terminated_text(memory_.from(address), limits_.text_bytes);
    bool is_text = length >= kShortestText && kind != MemoryKind::writable;
    add(is_text ? Referred::text : Referred::data, address, place, is_text ? length : size);
  }

  void count_frame(const Instruction& one) {
    bool is_stack = one.destination == stack_pointer();
    if (one.op == Op::push) current_->frame_bytes += 8;
    if (is_stack && one.op == Op::sub && one.has_immediate && one.immediate > 0 &&
        one.immediate < std::int64_t{1} << 31)
      current_->frame_bytes += static_cast<std::uint32_t>(one.immediate);
    bool moves_stack = machine_ == Machine::aarch64 && one.memory.base == arm::sp &&
                       (one.writes >> arm::sp & 1) && !is_stack;
    std::int64_t by = one.has_immediate ? one.immediate : one.memory.displacement;
    if (moves_stack && by < 0) current_->frame_bytes += static_cast<std::uint32_t>(-by);
  }

  // Distinct items and the sites in order.
  void keep(FunctionReferences& sums) {
    add_merged_sites(sums.first_call);
    keep_distinct();
    sums.first = static_cast<std::uint32_t>(out_.items.size());
    sums.count = static_cast<std::uint32_t>(items_.size());
    out_.items.insert(out_.items.end(), items_.begin(), items_.end());
  }

  // The first of those that say the same. Of data an access counts, whatever its size, apart from
  // an address that is computed.
  void keep_distinct() {
    auto class_of = [](const Reference& r) {
      if (r.kind != Referred::data) return std::pair(int{r.size}, false);
      return std::pair(r.size == 0 ? 0 : 1, r.is_written);
    };
    auto key = [&](const Reference& r) {
      return std::tuple(r.kind, r.value, class_of(r), r.place);
    };
    std::sort(items_.begin(), items_.end(),
              [&](const Reference& a, const Reference& b) { return key(a) < key(b); });
    auto same = [&](const Reference& a, const Reference& b) {
      return a.kind == b.kind && a.value == b.value && class_of(a) == class_of(b);
    };
    items_.erase(std::unique(items_.begin(), items_.end(), same), items_.end());
  }

  // Those that say more than the site that stands for all ways to the call.
  void add_merged_sites(std::size_t first) {
    auto by_place = [](const CallSite& a, const CallSite& b) { return a.place < b.place; };
    auto all = [&] { return std::span(out_.sites).subspan(first); };
    std::stable_sort(all().begin(), all().end(), by_place);
    std::size_t plain = all().size();
    for (const Merged& merged : merged_) {
      std::span<const CallSite> sites = all().first(plain);
      auto at =
          std::lower_bound(sites.begin(), sites.end(), CallSite{merged.place, 0, 0, 0}, by_place);
      std::uint32_t known = merged.constants.known() & argument_mask_;
      bool says_more = at == sites.end() || at->place != merged.place || (known & ~at->known) != 0;
      if (says_more) add_site(merged.place, merged.target, merged.constants);
    }
    if (!merged_.empty()) std::stable_sort(all().begin(), all().end(), by_place);
    merged_.clear();
  }

  struct Merged {
    std::uint64_t place, target;
    Constants constants;
  };

  const Program& program_;
  const Functions& functions_;
  const Limits& limits_;
  MemoryMap memory_;
  Machine machine_ = Machine::x86_64;
  std::uint32_t argument_mask_ = 0, lost_in_calls_ = 0;
  std::uint64_t guard_ = 0;
  References out_;

  const Function* function_ = nullptr;
  FunctionReferences* current_ = nullptr;
  std::vector<Instruction> code_;
  std::vector<std::size_t> starts_of_ranges_;
  std::vector<Join> joins_;
  std::vector<Reference> items_;
  std::vector<Merged> merged_;
  std::uint32_t pending_ = 0;
  std::array<std::uint32_t, 32> places_{};
  Stored stored_;
};

}  // namespace

std::optional<std::uint64_t> References::in_register(const CallSite& site, Register reg) const {
  if (reg >= 32 || !(site.known >> reg & 1)) return {};
  std::uint32_t before = site.known & ((std::uint32_t{1} << reg) - 1);
  return arguments[site.first_argument + static_cast<std::size_t>(std::popcount(before))];
}

std::optional<std::uint64_t> References::argument(Machine machine, const CallSite& site,
                                                  std::size_t position) const {
  std::span<const Register> order = c_arguments(machine);
  return position < order.size() ? in_register(site, order[position]) : std::nullopt;
}

std::optional<std::uint64_t> References::go_argument(Machine machine, const CallSite& site,
                                                     std::size_t position) const {
  std::span<const Register> order = go_arguments(machine);
  return position < order.size() ? in_register(site, order[position]) : std::nullopt;
}

const SourceRecord* References::record_at(std::uint64_t address) const {
  auto at = std::lower_bound(
      records.begin(), records.end(), address,
      [](const SourceRecord& record, std::uint64_t wanted) { return record.address < wanted; });
  return at != records.end() && at->address == address ? &*at : nullptr;
}

References find_references(const Program& program, const Functions& functions,
                           const Limits& limits) {
  return Reader(program, functions, limits).run();
}

std::string_view text_at(const Program& program, std::uint64_t address, const Limits& limits) {
  ByteView bytes = program.bytes_at(address, limits.text_bytes + 1);
  return bytes.as_text().substr(0, terminated_text(bytes, limits.text_bytes));
}

std::string_view text_of(const Program& program, const Reference& reference) {
  return program.bytes_at(reference.value, reference.size).as_text();
}

std::span<const Register> c_arguments(Machine machine) {
  static constexpr std::array<Register, 8> kArm = {0, 1, 2, 3, 4, 5, 6, 7};
  return machine == Machine::x86_64 ? std::span<const Register>(kX86Arguments)
                                    : std::span<const Register>(kArm);
}

std::span<const Register> go_arguments(Machine machine) {
  static constexpr std::array<Register, 9> kX86 = {x86::rax, x86::rbx, x86::rcx, x86::rdi, x86::rsi,
                                                   x86::r8,  x86::r9,  x86::r10, x86::r11};
  static constexpr std::array<Register, 16> kArm = {0, 1, 2,  3,  4,  5,  6,  7,
                                                    8, 9, 10, 11, 12, 13, 14, 15};
  return machine == Machine::x86_64 ? std::span<const Register>(kX86)
                                    : std::span<const Register>(kArm);
}

}  // namespace fathom::code
