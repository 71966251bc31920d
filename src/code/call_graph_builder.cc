#include "code/call_graph_builder.h"

#include <algorithm>
#include <bit>

#include "code/go_table.h"
#include "elf/constants.h"

namespace fathom::code {

namespace {

// By the lowest ten bits of a set of registers of x86_64, which are enough.
constexpr auto kX86ArgumentsIn = [] {
  std::array<std::uint8_t, 1024> out{};
  for (std::size_t set = 0; set < out.size(); ++set)
    for (std::size_t i = 0; i < kX86Arguments.size(); ++i)
      if (set >> kX86Arguments[i] & 1) out[set] |= static_cast<std::uint8_t>(1u << i);
  return out;
}();

// The argument registers of the C convention, a bit each, of a set of registers.
std::uint8_t arguments_in(Machine machine, std::uint32_t registers) {
  if (machine == Machine::aarch64) return static_cast<std::uint8_t>(registers & 0xff);
  return kX86ArgumentsIn[registers & 0x3ff];
}

std::uint8_t all_arguments(Machine machine) { return machine == Machine::x86_64 ? 0x3f : 0xff; }

}  // namespace

bool is_writable(const Program& program, std::uint64_t address) {
  bool writable = false;
  for (const elf::Segment& s : program.elf().segments()) {
    bool inside = address >= s.address && address - s.address < s.memory_size;
    if (inside && s.type == elf::PT_GNU_RELRO) return false;
    if (inside && s.type == elf::PT_LOAD) writable = (s.flags & elf::PF_W) != 0;
  }
  return writable;
}

CallGraphBuilder::CallGraphBuilder(const Program& program, const Functions& functions,
                                   CallGraph& out)
    : program_(program),
      functions_(functions),
      out_(out),
      machine_(program.machine()),
      starts_(program) {
  for (const Function& function : functions.list) starts_.insert(function.start);
}

void CallGraphBuilder::run() {
  find_go();
  std::size_t count = functions_.list.size();
  out_.callees_.resize(count);
  is_taken_.assign(count, false);
  for (std::size_t i = 0; i < count; ++i) {
    out_.callees_[i].is_go = functions_.list[i].is_go;
    out_.callees_[i].is_method = functions_.list[i].is_go && is_go_method(functions_.list[i].name);
    out_.first_edge_.push_back(static_cast<std::uint32_t>(out_.edges_.size()));
    out_.first_indirect_.push_back(static_cast<std::uint32_t>(out_.indirect_.size()));
    read(i);
  }
  out_.first_edge_.push_back(static_cast<std::uint32_t>(out_.edges_.size()));
  out_.first_indirect_.push_back(static_cast<std::uint32_t>(out_.indirect_.size()));
  take_from_data();
  find_slots();
  take_by_distance();
  for (std::uint32_t i = 0; i < count; ++i)
    if (is_taken_[i]) out_.taken_.push_back(i);
  find_roots();
}

void CallGraphBuilder::find_go() {
  for (const Function& function : functions_.list) {
    if (!function.is_go) continue;
    if (go_end_ == 0) go_start_ = function.start;
    go_end_ = std::max(go_end_, function.ranges.back().end);
  }
  for (const Function& function : functions_.list) has_c_ |= !function.is_go;
}

void CallGraphBuilder::read(std::size_t index) {
  function_ = &functions_.list[index];
  std::size_t edges = out_.edges_.size();
  decode_all();
  bool is_first = true;
  auto join = joins_.begin();
  for (std::size_t i = 0; i < code_.size(); ++i) {
    const Instruction& one = code_[i];
    while (join != joins_.end() && *join < one.address) ++join;
    bool joined = join != joins_.end() && *join == one.address;
    bool follows = i > 0 && code_[i - 1].end() == one.address && !code_[i - 1].ends_flow();
    if (!follows || joined) {
      is_first = i == 0;
      start_block(i);
    }
    if (is_first && !function_->is_go) note_needs(index, one);
    take(i, one);
    step(one);
  }
  const auto first = out_.edges_.begin() + static_cast<std::ptrdiff_t>(edges);
  const auto by_place = [](const Edge& a, const Edge& b) { return a.place < b.place; };
  if (!std::is_sorted(first, out_.edges_.end(), by_place))
    std::stable_sort(first, out_.edges_.end(), by_place);
}

void CallGraphBuilder::decode_all() {
  code_.clear();
  joins_.clear();
  for (const AddressRange& range : function_->ranges) {
    const CodeRange* code = program_.code_at(range.start);
    for (std::uint64_t at = range.start; code && at < range.end && code->contains(at);) {
      Instruction one = decode(machine_, code->bytes.subspan(at - code->address), at);
      at = one.end();
      if (one.op == Op::jump || one.op == Op::jump_if) joins_.push_back(one.target);
      code_.push_back(one);
    }
  }
  std::sort(joins_.begin(), joins_.end());
}

void CallGraphBuilder::start_block(std::size_t index) {
  block_ = index;
  held_.clear();
  pages_.fill(std::nullopt);
  passed_ = all_arguments(machine_);
  written_ = 0;
}

// What the function reads of what it was given, as far as its first block shows.
void CallGraphBuilder::note_needs(std::size_t index, const Instruction& one) {
  std::uint8_t reads = arguments_in(machine_, one.reads);
  // Saved on the stack is not used yet: functions with a variable number of arguments save all
  // that there may be. What a register gives with itself does not depend on it.
  const Register stack = machine_ == Machine::x86_64 ? Register{x86::rsp} : arm::sp;
  bool is_saved = one.op == Op::push || one.op == Op::store_pair ||
                  (one.op == Op::mov && one.memory.access == Access::write &&
                   (one.memory.base == stack || one.memory.base == x86::rbp));
  bool is_branch = one.is_branch() || one.op == Op::ret;
  bool is_nothing =
      one.source == one.source2 && (one.op == Op::xor_ || one.op == Op::sub || one.op == Op::sbb);
  if (!is_saved && !is_branch && !is_nothing)
    out_.callees_[index].needs |= static_cast<std::uint8_t>(reads & ~written_);
  written_ |= arguments_in(machine_, one.writes);
  if (one.op == Op::call || one.op == Op::call_indirect || one.op == Op::syscall)
    written_ = all_arguments(machine_);
}

void CallGraphBuilder::take(std::size_t at, const Instruction& one) {
  switch (one.op) {
    case Op::call:
      add_call(one, Edge::Kind::direct);
      return hand_over(one);
    case Op::jump:
    case Op::jump_if:
      if (!leaves(one.target)) return;
      add_call(one, Edge::Kind::tail);
      return hand_over(one);
    case Op::call_indirect:
    case Op::jump_indirect:
      add_indirect(at, one);
      return hand_over(one);
    default:
      return;
  }
}

bool CallGraphBuilder::leaves(std::uint64_t target) const {
  for (const AddressRange& range : function_->ranges)
    if (target >= range.start && target < range.end && target != function_->start) return false;
  return target != function_->start;
}

void CallGraphBuilder::add(const Instruction& one, std::uint32_t callee, Edge::Kind kind,
                           std::string_view name) {
  out_.edges_.push_back({one.address, callee, kind, 0xff, name});
}

void CallGraphBuilder::add_call(const Instruction& one, Edge::Kind kind) {
  if (std::optional<std::uint32_t> callee = index_of(one.target)) return add(one, *callee, kind);
  if (const Fixup* word = stub_at(program_, one.target)) return add_linked(one, *word, kind);
  // Into the middle of one: a shared end, or assembly.
  const Function* middle = functions_.at(one.target);
  std::uint32_t callee = middle == nullptr
                             ? Edge::kOutside
                             : static_cast<std::uint32_t>(middle - functions_.list.data());
  add(one, callee, kind);
}

// Through a word that the dynamic linker fills in.
void CallGraphBuilder::add_linked(const Instruction& one, const Fixup& word, Edge::Kind kind) {
  std::uint32_t own = Edge::kOutside;
  if (word.target != 0)
    if (std::optional<std::uint32_t> here = index_of(word.target)) own = *here;
  const bool is_sure = word.name.empty() && own != Edge::kOutside;
  add(one, own, is_sure ? kind : Edge::Kind::imported, word.name);
}

void CallGraphBuilder::hand_over(const Instruction& one) {
  for (const Held& held : held_) {
    if (held.is_from_variable) {
      add(one, held.function, Edge::Kind::cgo);
      continue;
    }
    std::uint8_t argument = arguments_in(machine_, 1u << held.reg);
    if (argument == 0 && !function_->is_go) continue;
    add(one, held.function, Edge::Kind::argument);
    if (argument != 0)
      out_.edges_.back().argument = static_cast<std::uint8_t>(std::countr_zero(argument));
  }
}

// After `take`: what registers hold from here on.
void CallGraphBuilder::step(const Instruction& one) {
  bool is_call = one.op == Op::call || one.op == Op::call_indirect;
  std::uint32_t lost = one.writes | (is_call ? registers_lost_in_calls(machine_) : 0);
  if (is_call) {
    // Compilers know which registers functions of the same file leave alone.
    bool is_foreign = one.op == Op::call_indirect || !starts_.contains(one.target);
    if (is_foreign) passed_ = 0;
    held_.clear();
  } else {
    passed_ |= arguments_in(machine_, one.writes);
    std::erase_if(held_, [&](const Held& held) {
      return !held.is_from_variable && (lost >> held.reg & 1) != 0;
    });
  }
  if (machine_ == Machine::aarch64)
    note_page(one, lost);
  else if (one.op == Op::lea && one.has_target)
    hold(one.destination, one.target);
  else if (one.op == Op::mov && one.has_immediate && !program_.is_position_independent())
    take_constant(one);
  if (has_c_ && go_end_ != 0 && function_->is_go) note_variable(one);
  note_linkage_word(one);
}

// mov reg, address; mov [memory], address; push is for nobody.
void CallGraphBuilder::take_constant(const Instruction& one) {
  auto address = static_cast<std::uint64_t>(one.immediate);
  if (one.has_memory())
    take_address(address);
  else
    hold(one.destination, address);
}

void CallGraphBuilder::hold(Register reg, std::uint64_t address) {
  if (reg >= 32) return;
  if (std::optional<std::uint32_t> function = index_of(address)) {
    // Go's assembly has its address taken for the kernel; function values of it are data.
    if (!functions_.list[*function].is_assembly) is_taken_[*function] = true;
    held_.push_back({reg, *function, false});
  }
}

// adrp and the add, or load, that completes it; adr.
void CallGraphBuilder::note_page(const Instruction& one, std::uint32_t lost) {
  std::optional<std::uint64_t> page;
  if (one.op == Op::lea && one.has_target) page = one.target;
  if (one.op == Op::add && one.has_immediate && one.source < 32 && pages_[one.source])
    page = *pages_[one.source] + static_cast<std::uint64_t>(one.immediate);
  for (std::size_t i = 0; lost != 0 && i < 32; ++i)
    if (lost >> i & 1) pages_[i].reset();
  if (!page || one.destination >= 32) return;
  pages_[one.destination] = page;
  hold(one.destination, *page);
}

// The address that a load reads from, when this block says it.
std::optional<std::uint64_t> CallGraphBuilder::loaded_from(const Instruction& one) const {
  if (one.op != Op::mov || one.memory.access != Access::read || one.width != 8) return {};
  if (one.has_target) return one.target;
  bool paged = machine_ == Machine::aarch64 && one.memory.index == kNoRegister &&
               one.memory.base < 32 && pages_[one.memory.base];
  if (!paged) return {};
  return *pages_[one.memory.base] +
         static_cast<std::uint64_t>(std::int64_t{one.memory.displacement});
}

// Go: a variable that points at C code.
void CallGraphBuilder::note_variable(const Instruction& one) {
  std::optional<std::uint64_t> place = loaded_from(one);
  if (!place || !is_writable(program_, *place)) return;
  std::optional<std::uint64_t> target = program_.pointer_at(*place);
  std::optional<std::uint32_t> function = target ? index_of(*target) : std::nullopt;
  if (function && !is_go(*target)) held_.push_back({kNoRegister, *function, true});
}

// The address of a function from the table of addresses that the linker fills in.
void CallGraphBuilder::note_linkage_word(const Instruction& one) {
  std::optional<std::uint64_t> place = loaded_from(one);
  const Fixup* word = place ? program_.fixup_at(*place) : nullptr;
  if (word == nullptr || word->target == 0 || one.destination >= 32) return;
  if (is_writable(program_, *place) && word->kind == Fixup::Kind::relative) return;
  hold(one.destination, word->target);
}

}  // namespace fathom::code
