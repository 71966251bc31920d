// Calls whose target the code around them tells, though they go through a register or a word; and
// the functions whose address data has.

#include "code/call_graph_builder.h"

#include <algorithm>

#include "code/trace.h"
#include "elf/constants.h"

namespace fathom::code {

namespace {

constexpr std::size_t kMostTableEntries = 1024;
constexpr std::int32_t kMethods = 24;  // Go: offset of the methods in the table of an interface
constexpr std::int32_t kMostSlots = 64;

}  // namespace

void CallGraphBuilder::add_indirect(std::size_t at, const Instruction& one) {
  Values values = values_before(at);
  if (one.op == Op::jump_indirect && !jump_table(program_, one, values).empty()) return;
  std::optional<std::uint64_t> word;
  if (one.has_memory()) {
    if (one.memory.index == kNoRegister) word = values.address_of(one);
  } else if (const Value& value = values.of(one.source); value.kind == Value::Kind::word) {
    word = value.number;
  } else if (value.is_constant()) {
    if (std::optional<std::uint32_t> callee = index_of(value.number))
      return add(one, *callee, Edge::Kind::table);
  }
  if (word && add_from_word(one, *word)) return;
  if (add_from_table(one, values)) return;
  if (function_->is_go)
    add_go_call(at, one);
  else
    out_.indirect_.push_back({one.address, passed_, IndirectCall::Through::c});
}

// A function value is called by what its first word says; the methods of an interface stand
// behind three words of its table.
void CallGraphBuilder::add_go_call(std::size_t at, const Instruction& one) {
  using Through = IndirectCall::Through;
  IndirectCall call{one.address, 0xff, Through::go};
  const Instruction* load = one.has_memory() ? &one : nullptr;
  for (std::size_t i = at; load == nullptr && i > block_; --i) {
    if ((code_[i - 1].writes >> one.source & 1) == 0) continue;
    load = &code_[i - 1];
  }
  if (load != nullptr && load->memory.access == Access::read && load->memory.index == kNoRegister) {
    const std::int32_t distance = load->memory.displacement;
    if (distance == 0) call.through = Through::go_value;
    if (distance >= kMethods) call.through = Through::go_interface;
    if (distance >= kMethods && distance < kMethods + 8 * kMostSlots && distance % 8 == 0)
      call.slot = static_cast<std::uint8_t>((distance - kMethods) / 8);
  }
  out_.indirect_.push_back(call);
}

Values CallGraphBuilder::values_before(std::size_t at) const {
  Values values;
  if (code_[block_].address == function_->start) values = Values::at_entry(machine_);
  for (std::size_t i = block_; i < at; ++i) values.step(program_, code_[i]);
  return values;
}

// Whether that says all: a variable may be changed later.
bool CallGraphBuilder::add_from_word(const Instruction& one, std::uint64_t word) {
  const Fixup* fixup = program_.fixup_at(word);
  bool is_variable = is_writable(program_, word);
  if (fixup != nullptr && !fixup->name.empty()) {
    add_linked(one, *fixup, Edge::Kind::direct);
    return true;
  }
  std::optional<std::uint64_t> target = program_.pointer_at(word);
  std::optional<std::uint32_t> callee = target ? index_of(*target) : std::nullopt;
  if (!callee) return false;
  bool is_linkage = fixup != nullptr && fixup->kind == Fixup::Kind::indirect;
  add(one, *callee, is_variable && !is_linkage ? Edge::Kind::variable : Edge::Kind::table);
  return !is_variable || is_linkage;
}

// call [table + index * 8], with the table in memory that nobody writes.
bool CallGraphBuilder::add_from_table(const Instruction& one, const Values& values) {
  std::uint64_t table = 0;
  if (one.has_memory()) {
    const Memory& memory = one.memory;
    bool based = memory.base != kNoRegister;
    if (memory.index == kNoRegister || memory.scale != 8 || memory.segment != 0 ||
        (based && !values.of(memory.base).is_constant()))
      return false;
    table = (based ? values.of(memory.base).number : 0) +
            static_cast<std::uint64_t>(std::int64_t{memory.displacement});
  } else {
    const Value& value = values.of(one.source);
    if (value.kind != Value::Kind::entry || value.size != 8) return false;
    table = value.number;
  }
  if (is_writable(program_, table)) return false;
  std::size_t before = out_.edges_.size();
  for (std::size_t i = 0; i < kMostTableEntries; ++i) {
    std::optional<std::uint64_t> target = program_.pointer_at(table + 8 * i);
    if (target && *target == 0) continue;
    std::optional<std::uint32_t> callee = target ? index_of(*target) : std::nullopt;
    if (!callee) break;
    add(one, *callee, Edge::Kind::table);
  }
  return out_.edges_.size() != before;
}

void CallGraphBuilder::take_from_data() {
  for (const Fixup& fixup : program_.fixups()) {
    bool is_linkage = fixup.kind == Fixup::Kind::jump_slot || fixup.kind == Fixup::Kind::other;
    if (!is_linkage && fixup.target != 0) take_address(fixup.target, fixup.place);
  }
  if (program_.is_position_independent()) return;
  constexpr std::uint64_t kWord = 8;
  for (const elf::Segment& s : program_.elf().segments()) {
    if (s.type != elf::PT_LOAD || (s.flags & elf::PF_X)) continue;
    std::uint64_t skip = (kWord - s.address % kWord) % kWord;
    for (std::uint64_t at = skip; at + kWord <= s.contents.size(); at += kWord)
      take_address(s.contents.read<std::uint64_t>(at).value_or(0), s.address + at);
  }
}

void CallGraphBuilder::take_by_distance() {
  for (std::uint64_t address : functions_.named_by_distance) {
    std::optional<std::uint32_t> function = index_of(address);
    if (!function || is_taken_[*function]) continue;
    is_taken_[*function] = out_.callees_[*function].is_by_distance_alone = true;
  }
}

void CallGraphBuilder::take_address(std::uint64_t address, std::uint64_t place) {
  std::optional<std::uint32_t> function = index_of(address);
  if (!function) return;
  is_taken_[*function] = true;
  if (place != 0 && functions_.list[*function].is_go) go_words_.emplace_back(place, *function);
}

// {interface type, type, hash, methods…}: runs of methods behind two pointers to data and a hash.
void CallGraphBuilder::find_slots() {
  std::sort(go_words_.begin(), go_words_.end());
  std::size_t first = 0;
  for (std::size_t i = 0; i < go_words_.size(); ++i) {
    if (i > 0 && go_words_[i].first != go_words_[i - 1].first + 8) first = i;
    const std::size_t slot = i - first;
    if (slot < kMostSlots && is_interface_table(go_words_[first].first - kMethods))
      out_.callees_[go_words_[i].second].slots |= std::uint64_t{1} << slot;
  }
}

bool CallGraphBuilder::is_interface_table(std::uint64_t place) const {
  auto is_data = [&](std::optional<std::uint64_t> address) {
    return address && *address != 0 && program_.code_at(*address) == nullptr &&
           !program_.bytes_at(*address, 1).empty();
  };
  const std::optional<std::uint64_t> hash = program_.read_at<std::uint64_t>(place + 16);
  return is_data(program_.pointer_at(place)) && is_data(program_.pointer_at(place + 8)) && hash &&
         *hash != 0 && *hash >> 32 == 0;
}

}  // namespace fathom::code
