#include "code/call_graph.h"

#include <algorithm>
#include <array>

#include "code/call_graph_builder.h"

namespace fathom::code {

<<<<<<< HEAD
namespace {

constexpr std::size_t kMostTableEntries = 1024;
constexpr std::int32_t kMethods = 24;  // Go: offset of the methods in the table of an interface
constexpr std::int32_t kMostSlots = 64;

// The argument registers of the C convention, a bit each, of a set of registers.
std::uint8_t arguments_in(Machine machine, std::uint32_t registers) {
  if (machine == Machine::aarch64) return static_cast<std::uint8_t>(registers & 0xff);
  std::uint8_t out = 0;
  for (std::size_t i = 0; i < kX86Arguments.size(); ++i)
    if (registers >> kX86Arguments[i] & 1) out |= static_cast<std::uint8_t>(1u << i);
  return out;
}

std::uint8_t all_arguments(Machine machine) { return machine == Machine::x86_64 ? 0x3f : 0xff; }

// Bits for addresses of code: where functions start.
class StartMap {
 public:
  StartMap(const Program& program, const Functions& functions) {
    for (const CodeRange& range : program.code())
      maps_.push_back({range.address, range.end(), std::vector<bool>(range.bytes.size())});
    for (const Function& function : functions.list)
      if (Map* map = map_at(function.start)) map->bits[function.start - map->start] = true;
  }
  bool contains(std::uint64_t address) const {
    const Map* map = const_cast<StartMap*>(this)->map_at(address);
    return map != nullptr && map->bits[address - map->start];
  }

 private:
  struct Map {
    std::uint64_t start = 0, end = 0;
    std::vector<bool> bits;
  };
  Map* map_at(std::uint64_t address) {
    for (Map& map : maps_)
      if (address >= map.start && address < map.end) return &map;
    return nullptr;
  }
  std::vector<Map> maps_;
};

bool is_writable(const Program& program, std::uint64_t address) {
  bool writable = false;
  for (const elf::Segment& s : program.elf().segments()) {
    bool inside = address >= s.address && address - s.address < s.memory_size;
    if (inside && s.type == elf::PT_GNU_RELRO) return false;
    if (inside && s.type == elf::PT_LOAD) writable = (s.flags & elf::PF_W) != 0;
  }
  return writable;
}

}  // namespace

class CallGraphBuilder {
 public:
  CallGraphBuilder(const Program& program, const Functions& functions, CallGraph& out)
      : program_(program),
        functions_(functions),
        out_(out),
        machine_(program.machine()),
        starts_(program, functions) {}

  void run() {
    find_go();
    std::size_t count = functions_.list.size();
    out_.callees_.resize(count);
    is_taken_.assign(count, false);
    for (std::size_t i = 0; i < count; ++i) {
      out_.callees_[i].is_go = functions_.list[i].is_go;
      out_.callees_[i].is_method = is_go_method(functions_.list[i].name);
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

 private:
  // A register that holds the address of a function.
  struct Held {
    Register reg = kNoRegister;
    std::uint32_t function = 0;
    bool is_from_variable = false;
  };

  // --- Go and C in one program
  void find_go() {
    for (const Function& function : functions_.list) {
      if (!function.is_go) continue;
      if (go_end_ == 0) go_start_ = function.start;
      go_end_ = std::max(go_end_, function.ranges.back().end);
    }
    for (const Function& function : functions_.list) has_c_ |= !function.is_go;
  }
  bool is_go(std::uint64_t address) const { return address >= go_start_ && address < go_end_; }

  std::optional<std::uint32_t> index_of(std::uint64_t address) const {
    if (!starts_.contains(address)) return {};
    return static_cast<std::uint32_t>(functions_.starting_at(address) - functions_.list.data());
  }

  // --- one function
  void read(std::size_t index) {
    function_ = &functions_.list[index];
    std::size_t edges = out_.edges_.size();
    decode_all();
    bool is_first = true;
    for (std::size_t i = 0; i < code_.size(); ++i) {
      const Instruction& one = code_[i];
      bool follows = i > 0 && code_[i - 1].end() == one.address && !code_[i - 1].ends_flow();
      if (!follows || std::binary_search(joins_.begin(), joins_.end(), one.address)) {
        is_first = i == 0;
        start_block(i);
      }
      if (is_first && !function_->is_go) note_needs(index, one);
      take(i, one);
      step(one);
    }
    std::stable_sort(out_.edges_.begin() + static_cast<std::ptrdiff_t>(edges), out_.edges_.end(),
                     [](const Edge& a, const Edge& b) { return a.place < b.place; });
  }

  void decode_all() {
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

  void start_block(std::size_t index) {
    block_ = index;
    held_.clear();
    pages_.fill(std::nullopt);
    passed_ = all_arguments(machine_);
    written_ = 0;
  }

  // What the function reads of what it was given, as far as its first block shows.
  void note_needs(std::size_t index, const Instruction& one) {
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

  void take(std::size_t at, const Instruction& one) {
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

  bool leaves(std::uint64_t target) const {
    for (const AddressRange& range : function_->ranges)
      if (target >= range.start && target < range.end && target != function_->start) return false;
    return target != function_->start;
  }

  void add(const Instruction& one, std::uint32_t callee, Edge::Kind kind,
           std::string_view name = {}) {
    out_.edges_.push_back({one.address, callee, kind, 0xff, name});
  }

  void add_call(const Instruction& one, Edge::Kind kind) {
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
  void add_linked(const Instruction& one, const Fixup& word, Edge::Kind kind) {
    std::optional<std::uint32_t> own = word.target != 0 ? index_of(word.target) : std::nullopt;
    if (word.name.empty())
      add(one, own.value_or(Edge::kOutside), own ? kind : Edge::Kind::imported);
    else
      add(one, own.value_or(Edge::kOutside), Edge::Kind::imported, word.name);
  }

  // --- calls through pointers
  void add_indirect(std::size_t at, const Instruction& one) {
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
  void add_go_call(std::size_t at, const Instruction& one) {
    using Through = IndirectCall::Through;
    IndirectCall call{one.address, 0xff, Through::go};
    const Instruction* load = one.has_memory() ? &one : nullptr;
    for (std::size_t i = at; load == nullptr && i > block_; --i) {
      if ((code_[i - 1].writes >> one.source & 1) == 0) continue;
      load = &code_[i - 1];
    }
    if (load != nullptr && load->memory.access == Access::read &&
        load->memory.index == kNoRegister) {
      const std::int32_t distance = load->memory.displacement;
      if (distance == 0) call.through = Through::go_value;
      if (distance >= kMethods) call.through = Through::go_interface;
      if (distance >= kMethods && distance < kMethods + 8 * kMostSlots && distance % 8 == 0)
        call.slot = static_cast<std::uint8_t>((distance - kMethods) / 8);
    }
    out_.indirect_.push_back(call);
  }

  Values values_before(std::size_t at) const {
    Values values;
    if (code_[block_].address == function_->start) values = Values::at_entry(machine_);
    for (std::size_t i = block_; i < at; ++i) values.step(program_, code_[i]);
    return values;
  }

  // Whether that says all: a variable may be changed later.
  bool add_from_word(const Instruction& one, std::uint64_t word) {
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
  bool add_from_table(const Instruction& one, const Values& values) {
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

  // --- functions that are handed to calls
  void hand_over(const Instruction& one) {
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
  void step(const Instruction& one) {
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
  void take_constant(const Instruction& one) {
    auto address = static_cast<std::uint64_t>(one.immediate);
    if (one.has_memory())
      take_address(address);
    else
      hold(one.destination, address);
  }

  void hold(Register reg, std::uint64_t address) {
    if (reg >= 32) return;
    if (std::optional<std::uint32_t> function = index_of(address)) {
      // Go's assembly has its address taken for the kernel; function values of it are data.
      if (!functions_.list[*function].is_assembly) is_taken_[*function] = true;
      held_.push_back({reg, *function, false});
    }
  }

  // adrp and the add, or load, that completes it; adr.
  void note_page(const Instruction& one, std::uint32_t lost) {
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
  std::optional<std::uint64_t> loaded_from(const Instruction& one) const {
    if (one.op != Op::mov || one.memory.access != Access::read || one.width != 8) return {};
    if (one.has_target) return one.target;
    bool paged = machine_ == Machine::aarch64 && one.memory.index == kNoRegister &&
                 one.memory.base < 32 && pages_[one.memory.base];
    if (!paged) return {};
    return *pages_[one.memory.base] +
           static_cast<std::uint64_t>(std::int64_t{one.memory.displacement});
  }

  // Go: a variable that points at C code.
  void note_variable(const Instruction& one) {
    std::optional<std::uint64_t> place = loaded_from(one);
    if (!place || !is_writable(program_, *place)) return;
    std::optional<std::uint64_t> target = program_.pointer_at(*place);
    std::optional<std::uint32_t> function = target ? index_of(*target) : std::nullopt;
    if (function && !is_go(*target)) held_.push_back({kNoRegister, *function, true});
  }

  // The address of a function from the table of addresses that the linker fills in.
  void note_linkage_word(const Instruction& one) {
    std::optional<std::uint64_t> place = loaded_from(one);
    const Fixup* word = place ? program_.fixup_at(*place) : nullptr;
    if (word == nullptr || word->target == 0 || one.destination >= 32) return;
    if (is_writable(program_, *place) && word->kind == Fixup::Kind::relative) return;
    hold(one.destination, word->target);
  }

  // --- addresses in data
  void take_from_data() {
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

  void take_by_distance() {
    for (std::uint64_t address : functions_.named_by_distance) {
      std::optional<std::uint32_t> function = index_of(address);
      if (!function || is_taken_[*function]) continue;
      is_taken_[*function] = out_.callees_[*function].is_by_distance_alone = true;
    }
  }

  // `place`: of the word in data that holds it.
  void take_address(std::uint64_t address, std::uint64_t place = 0) {
    std::optional<std::uint32_t> function = index_of(address);
    if (!function) return;
    is_taken_[*function] = true;
    if (place != 0 && functions_.list[*function].is_go) go_words_.emplace_back(place, *function);
  }

  // {interface type, type, hash, methods…}: runs of methods behind two pointers to data and a hash.
  void find_slots() {
    std::sort(go_words_.begin(), go_words_.end());
    std::size_t first = 0;
    for (std::size_t i = 0; i < go_words_.size(); ++i) {
      if (i > 0 && go_words_[i].first != go_words_[i - 1].first + 8) first = i;
      const std::size_t slot = i - first;
      if (slot < kMostSlots && is_interface_table(go_words_[first].first - kMethods))
        out_.callees_[go_words_[i].second].slots |= std::uint64_t{1} << slot;
    }
  }

  bool is_interface_table(std::uint64_t place) const {
    auto is_data = [&](std::optional<std::uint64_t> address) {
      return address && *address != 0 && program_.code_at(*address) == nullptr &&
             !program_.bytes_at(*address, 1).empty();
    };
    const std::optional<std::uint64_t> hash = program_.read_at<std::uint64_t>(place + 16);
    return is_data(program_.pointer_at(place)) && is_data(program_.pointer_at(place + 8)) && hash &&
           *hash != 0 && *hash >> 32 == 0;
  }

  // --- where it begins
  void find_roots() {
    add_root(program_.elf().entry(), Root::Why::entry);
    find_main();
    find_go_roots();
    for (std::uint64_t address : program_.initializers()) add_root(address, Root::Why::initializer);
    for (const Fixup& fixup : program_.fixups())
      if (fixup.kind == Fixup::Kind::indirect) add_root(fixup.target, Root::Why::resolver);
    for (const Symbol& symbol : program_.symbols())
      if (symbol.is_dynamic && symbol.is_defined && symbol.is_function)
        add_root(symbol.address, Root::Why::exported);
    auto key = [](const Root& root) { return std::pair{root.function, root.why}; };
    std::sort(out_.roots_.begin(), out_.roots_.end(),
              [&](const Root& a, const Root& b) { return key(a) < key(b); });
    auto same = [&](const Root& a, const Root& b) { return key(a) == key(b); };
    out_.roots_.erase(std::unique(out_.roots_.begin(), out_.roots_.end(), same), out_.roots_.end());
  }

  void add_root(std::uint64_t address, Root::Why why) {
    if (std::optional<std::uint32_t> function = index_of(address))
      out_.roots_.push_back({*function, why});
  }

  // What the entry, or the little C function that it calls, hands over.
  void find_main() {
    std::optional<std::uint32_t> at = index_of(program_.elf().entry());
    for (int steps = 0; steps < 3 && at; ++steps) {
      std::optional<std::uint32_t> next;
      for (const Edge& edge : out_.calls_of(*at)) {
        bool is_first = edge.kind == Edge::Kind::argument && edge.argument == 0;
        if (is_first && !functions_.list[edge.callee].is_go)
          out_.roots_.push_back({edge.callee, Root::Why::main});
        bool goes_on = edge.kind == Edge::Kind::direct || edge.kind == Edge::Kind::tail;
        if (goes_on && edge.callee != Edge::kOutside && !next) next = edge.callee;
      }
      bool found = !out_.roots_.empty() && out_.roots_.back().why == Root::Why::main;
      if (found) return;
      at = next;
    }
  }

  // Go's runtime calls these by tables of its own. "pkg.init", "pkg.init.0".
  void find_go_roots() {
    for (std::uint32_t i = 0; i < functions_.list.size(); ++i) {
      const Function& function = functions_.list[i];
      if (!function.is_go) continue;
      std::string_view name = function.name;
      if (name == "main.main") out_.roots_.push_back({i, Root::Why::main});
      while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.remove_suffix(1);
      if (name.ends_with(".init") || (name.ends_with(".init.") && name != function.name))
        out_.roots_.push_back({i, Root::Why::initializer});
    }
  }

  const Program& program_;
  const Functions& functions_;
  CallGraph& out_;
  const Machine machine_;
  StartMap starts_;
  std::uint64_t go_start_ = 0, go_end_ = 0;
  bool has_c_ = false;
  std::vector<bool> is_taken_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> go_words_;  // words in data: place, function

  // Of the function at hand; of the block at hand.
  const Function* function_ = nullptr;
  std::vector<Instruction> code_;
  std::vector<std::uint64_t> joins_;
  std::size_t block_ = 0;
  std::vector<Held> held_;
  std::array<std::optional<std::uint64_t>, 32> pages_;
  std::uint8_t passed_ = 0, written_ = 0;
};

=======
>>>>>>> main
std::string_view name_of(Edge::Kind kind) {
  constexpr std::array<std::string_view, 7> kNames = {"direct",   "tail",     "imported", "table",
                                                      "variable", "argument", "cgo"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view name_of(Root::Why why) {
  constexpr std::array<std::string_view, 5> kNames = {"entry", "main", "initializer", "resolver",
                                                      "exported"};
  return kNames[static_cast<std::size_t>(why)];
}

CallGraph::CallGraph(const Program& program, const Functions& functions) {
  CallGraphBuilder(program, functions, *this).run();
}

std::vector<std::uint32_t> CallGraph::candidates(const IndirectCall& call) const {
  using Through = IndirectCall::Through;
  auto may_be = [&](const Callee& callee) {
    if (callee.is_go != (call.through != Through::c)) return false;
    if (call.through == Through::go_interface) return callee.is_method;
    if (call.through == Through::go_value) return !callee.is_by_distance_alone;
    return (callee.needs & ~call.passed) == 0;
  };
  std::vector<std::uint32_t> out;
  for (std::uint32_t function : taken_)
    if (may_be(callees_[function])) out.push_back(function);
  return out;
}

std::vector<std::uint32_t> path_between(const CallGraph& graph, std::uint32_t from,
                                        std::uint32_t to, bool through_pointers) {
  constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::vector<std::uint32_t> before(graph.functions(), kNone), queue = {from};
  std::array<bool, 1024> was_followed{};  // sets of arguments, ways
  before[from] = from;
  auto reach = [&](std::uint32_t next, std::uint32_t at) {
    if (next == Edge::kOutside || before[next] != kNone) return;
    before[next] = at;
    queue.push_back(next);
  };
  for (std::size_t i = 0; i < queue.size() && before[to] == kNone; ++i) {
    std::uint32_t at = queue[i];
    for (const Edge& edge : graph.calls_of(at)) reach(edge.callee, at);
    for (const IndirectCall& call : graph.indirect_of(at)) {
      std::size_t key = call.passed + 256u * static_cast<unsigned>(call.through);
      if (!through_pointers || was_followed[key]) continue;
      was_followed[key] = true;
      for (std::uint32_t function : graph.candidates(call)) reach(function, at);
    }
  }
  std::vector<std::uint32_t> path;
  if (before[to] == kNone) return path;
  for (std::uint32_t at = to; at != from; at = before[at]) path.push_back(at);
  path.push_back(from);
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace fathom::code
