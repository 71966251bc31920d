// The order matters: what tables say is claimed first, then everything that is called from there is
// followed, then what data points at, and the gaps last, since each step makes the next one's
// guesses fewer. Work is bounded by a budget of instructions in proportion to the code, whatever
// overlaps, and by a depth for functions followed because a caller had to know whether they return.

#include "code/functions.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "base/text.h"
#include "code/eh_frame.h"
#include "code/go_table.h"
#include "code/trace.h"
#include "elf/constants.h"

namespace fathom::code {

namespace {

constexpr std::size_t kDeepest = 48;          // functions followed inside one another
constexpr std::uint64_t kBudgetPerByte = 16;  // instructions followed per byte of code

struct Start {
  Found found = Found::gap;
  bool is_go = false, is_assembly = false;
  std::uint64_t end = 0;  // 0: no table says
  std::string_view name;
};

struct Body {
  std::vector<AddressRange> ranges;
  bool returns = true;
  bool by_table = false;  // start and end are from a table
};

// What linkers and compilers fill up with between functions: int3 and hlt, zero words, nops.
bool is_padding(Machine machine, const Instruction& one) {
  if (one.op == Op::nop) return true;
  if (one.op != Op::trap) return false;
  return machine == Machine::x86_64 ? one.length == 1 : one.immediate == 0;
}

struct JumpOut {
  std::uint64_t from = 0, target = 0;
  bool conditional = false;
};

class Finder {
 public:
  Finder(const Program& program, const Limits& limits) : program_(program), limits_(limits) {
    for (const CodeRange& range : program_.code()) code_bytes_ += range.bytes.size();
    budget_ = 4096 + code_bytes_ * kBudgetPerByte;
    around_.is_start = [this](std::uint64_t at) { return starts_.contains(at); };
    around_.next_start = [this](std::uint64_t at) { return next_start(at); };
    around_.is_taken = [this](std::uint64_t at) { return owner_of(at) != nullptr; };
    around_.returns = [this](std::uint64_t at) { return returns(at); };
  }

  Functions run() {
    add_symbols();
    add_go_functions();
    add_unwind_entries();
    add_start(program_.elf().entry(), Found::entry);
    for (std::uint64_t address : program_.initializers()) add_start(address, Found::initializer);
    claim_known();
    sweep_known();
    sweep_rest();
    explore_all();
    add_pointers();
    explore_all();
    fill_gaps();
    join_fragments();
    return finish();
  }

 private:
  // --- what tables say
  void add_symbols() {
    for (const Symbol& symbol : program_.symbols()) {
      if (!symbol.is_function || !symbol.is_defined || !may_start(symbol.address)) continue;
      Start& start = *add_start(symbol.address, Found::symbol);
      if (start.name.empty())
        start.name = symbol.name;
      else if (symbol.name != start.name && !symbol.name.empty())
        aliases_.emplace_back(symbol.address, symbol.name);
      const CodeRange* range = program_.code_at(symbol.address);
      if (symbol.size <= range->end() - symbol.address && symbol.size != 0)
        start.end = std::max(start.end, symbol.address + symbol.size);
      if (symbol.name.find(".cold") != symbol.name.npos) fragments_.insert(symbol.address);
    }
  }

  void add_go_functions() {
    go_ = read_go_table(program_, limits_);
    problems_ = std::move(go_.problems);
    for (const GoFunction& function : go_.functions) {
      if (!may_start(function.start)) continue;
      Start& start = *add_start(function.start, Found::go_table);
      if (start.name.empty()) start.name = function.name;
      start.is_go = true;
      start.is_assembly = function.is_assembly;
      start.end = end_without_padding(function);
      if (start.end < function.end) owned_[start.end] = {function.end, kNobody};
    }
    if (!go_.functions.empty()) close_go_ends();
  }

  // Go's linker puts marks before and behind its code: the build's id, the bounds of what is
  // certified. With C code beside it there would be more.
  void close_go_ends() {
    constexpr std::uint64_t kMost = 256;
    std::uint64_t first = go_.functions.front().start, end = go_.functions.back().end;
    const CodeRange* head = program_.code_at(first);
    const CodeRange* tail = program_.code_at(end - 1);
    if (head && head->address < first && first - head->address <= kMost)
      owned_[head->address] = {first, kNobody};
    if (tail && end < tail->end() && tail->end() - end <= kMost)
      owned_[end] = {tail->end(), kNobody};
  }

  std::uint64_t end_without_padding(const GoFunction& function) const {
    const CodeRange* range = program_.code_at(function.start);
    std::uint64_t end = function.end;
    auto byte = [&](std::uint64_t back) { return range->bytes[end - back - range->address]; };
    if (program_.machine() == Machine::x86_64) {
      while (end > function.start + 1 && byte(1) == 0xcc) --end;
    } else {
      while (end > function.start + 4 && !(byte(1) | byte(2) | byte(3) | byte(4))) end -= 4;
    }
    return end;
  }

  // Go's own code is known to the last function: nothing else starts there, though its assembly
  // jumps and calls into the middle of functions (duffzero).
  bool is_go(std::uint64_t address) const {
    return !go_.functions.empty() && address >= go_.functions.front().start &&
           address < go_.functions.back().end;
  }

  void add_unwind_entries() {
    UnwindTable table = read_unwind_table(program_, limits_);
    problems_.insert(problems_.end(), table.problems.begin(), table.problems.end());
    for (const UnwindEntry& entry : table.entries) {
      if (is_linkage_table(entry)) {
        owned_[entry.start] = {entry.end, kNobody};
        continue;
      }
      // glibc lets the entry of the function that returns from signals begin a byte early, since
      // unwinders look up the address before the one that a frame returns to.
      bool early =
          entry.is_signal_frame && program_.machine() == Machine::x86_64 && entry.start % 16 == 15;
      std::uint64_t first = entry.start + (early ? 1 : 0);
      if (!may_start(first)) continue;
      Start& start = *add_start(first, Found::unwind_table);
      if (start.end == 0 || start.found == Found::unwind_table) start.end = entry.end;
      if (entry.is_fragment) fragments_.insert(entry.start);
    }
  }

  // One entry covers all stubs: it begins with one, or with what calls the resolver.
  bool is_linkage_table(const UnwindEntry& entry) const {
    if (starts_.contains(entry.start)) return false;
    return stub_at(program_, entry.start) || is_resolver_stub(entry.start);
  }

  // push [the program's handle]; jmp [the resolver]
  bool is_resolver_stub(std::uint64_t address) const {
    Instruction first = program_.instruction_at(address);
    Instruction second = program_.instruction_at(first.end());
    return first.op == Op::push && first.memory.base == kPc && second.op == Op::jump_indirect &&
           second.memory.base == kPc;
  }

  bool may_start(std::uint64_t address) const {
    bool aligned = program_.machine() == Machine::x86_64 || address % 4 == 0;
    return aligned && program_.code_at(address) != nullptr;
  }

  // Null where no function can start.
  Start* add_start(std::uint64_t address, Found found) {
    if (!may_start(address)) return nullptr;
    auto [at, is_new] = starts_.try_emplace(address, Start{found, false, false, 0, {}});
    if (!is_new) at->second.found = std::min(at->second.found, found);
    if (is_new) queue_.push_back(address);
    return &at->second;
  }

  void claim_known() {
    for (const auto& [address, start] : starts_) {
      if (start.end == 0) continue;
      claim(address, {{address, start.end}});
      bodies_[address] = {{{address, start.end}}, true, true};
    }
  }

  // --- who has which address
  static constexpr std::uint64_t kNobody = ~std::uint64_t{0};
  struct Owned {
    std::uint64_t end = 0, function = 0;
  };

  const Owned* owner_of(std::uint64_t address) const {
    auto after = owned_.upper_bound(address);
    if (after == owned_.begin()) return nullptr;
    const Owned& block = std::prev(after)->second;
    return address < block.end ? &block : nullptr;
  }

  // What is taken stays taken: of an overlap the first one keeps the bytes.
  void claim(std::uint64_t function, const std::vector<AddressRange>& ranges) {
    for (AddressRange range : ranges) {
      while (range.start < range.end) {
        if (const Owned* taken = owner_of(range.start)) {
          range.start = taken->end;
          continue;
        }
        auto next = owned_.upper_bound(range.start);
        std::uint64_t end = next == owned_.end() ? range.end : std::min(range.end, next->first);
        owned_[range.start] = {end, function};
        range.start = end;
      }
    }
  }

  std::uint64_t next_start(std::uint64_t address) const {
    auto after = starts_.upper_bound(address);
    const CodeRange* range = program_.code_at(address);
    std::uint64_t end = range == nullptr ? address : range->end();
    return after == starts_.end() ? end : std::min(end, after->first);
  }

  // --- code whose extent is known
  void sweep_known() {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> known;
    for (const auto& [address, start] : starts_)
      if (start.end != 0) known.emplace_back(address, start.end);
    for (auto [start, end] : known) bodies_[start].returns = sweep(start, end);
  }

  // Calls, jumps and addresses in [start, end); whether anything leaves it but by a call.
  bool sweep(std::uint64_t start, std::uint64_t end) {
    const CodeRange* range = program_.code_at(start);
    Values values;
    bool returns = false;
    for (std::uint64_t at = start; at < end && range->contains(at);) {
      Instruction one = decode(program_.machine(), range->bytes.subspan(at - range->address), at);
      at = one.end();
      if (one.op == Op::call) add_call(one.target);
      if (one.op == Op::ret || one.op == Op::jump_indirect) returns = true;
      if ((one.op == Op::jump || one.op == Op::jump_if) &&
          (one.target < start || one.target >= end)) {
        returns = true;
        jumps_out_.push_back({start, one.target, one.op == Op::jump_if});
      }
      values.step(program_, one);
      bool computes = one.op == Op::lea || one.op == Op::mov || one.op == Op::add;
      const Value& value = values.of(one.destination);
      if (computes && value.is_constant() && value.number != 0) pointers_.push_back(value.number);
    }
    return returns;
  }

  void add_call(std::uint64_t target) {
    if (stub_at(program_, target)) return;
    called_.insert(target);
    const Owned* owner = owner_of(target);
    if (owner && (owner->function == kNobody || is_go(target))) return;
    // A call into what a table says is one function is an entry of its own all the same.
    if (owner && owner->function != target && !starts_.contains(target)) retrace(owner->function);
    add_start(target, Found::call);
  }

  // Something was taken for a part of this function that is a function itself.
  void retrace(std::uint64_t function) {
    auto body = bodies_.find(function);
    if (body == bodies_.end() || body->second.by_table) return;
    for (const AddressRange& range : body->second.ranges)
      for (auto at = owned_.lower_bound(range.start); at != owned_.end() && at->first < range.end;)
        at = at->second.function == function ? owned_.erase(at) : std::next(at);
    bodies_.erase(body);
    queue_.push_back(function);
  }

  // --- code without tables: calls that a linear reading sees, before anything is followed, so that
  // fewer jumps between functions look like jumps inside one
  void sweep_rest() {
    for (const CodeRange& range : program_.code()) {
      std::vector<std::uint64_t> targets;
      std::uint64_t budget = range.bytes.size();
      for (std::uint64_t at = range.address; range.contains(at) && budget > 0; --budget) {
        if (const Owned* owner = owner_of(at)) {
          at = owner->end;
          continue;
        }
        Instruction one = decode(program_.machine(), range.bytes.subspan(at - range.address), at);
        if (one.op == Op::call) targets.push_back(one.target);
        at = one.end();
      }
      for (std::uint64_t target : targets) add_plausible_call(target);
    }
  }

  void add_plausible_call(std::uint64_t target) {
    if (owner_of(target) || starts_.contains(target) || !program_.code_at(target)) return;
    Instruction first = program_.instruction_at(target);
    bool padding = is_padding(program_.machine(), first);
    if (first.op == Op::invalid || padding || stub_at(program_, target)) return;
    add_start(target, Found::call);
    called_.insert(target);
  }

  // --- following
  void explore_all() {
    // The lowest first: a function's end is better known when what lies before it is.
    std::sort(queue_.begin(), queue_.end());
    while (!queue_.empty()) {
      std::uint64_t start = queue_.front();
      queue_.pop_front();
      explore(start);
    }
  }

  bool explore(std::uint64_t start) {
    if (bodies_.contains(start) || stub_at(program_, start)) return false;
    if (const Owned* owner = owner_of(start); owner && owner->function != start) {
      take_from(start, *owner);
      return true;
    }
    bodies_[start] = {};  // in progress: calls of it return
    Trace found = trace(program_, around_, start, std::min(budget_, code_bytes_));
    budget_ -= std::min(budget_, found.instructions);
    commit(start, found);
    return true;
  }

  // A second entry into a known function: it is what is left of it from there.
  void take_from(std::uint64_t start, const Owned& owner) {
    bodies_[start] = {{{start, std::min(owner.end, next_start(start))}}, true, false};
  }

  void commit(std::uint64_t start, const Trace& found) {
    claim(start, found.ranges);
    bodies_[start] = {found.ranges, found.returns || !found.is_code, false};
    for (std::uint64_t target : found.calls) add_call(target);
    for (std::uint64_t target : found.tail_jumps)
      if (!owner_of(target) && !stub_at(program_, target)) add_start(target, Found::jump);
    for (std::uint64_t target : found.jumps_into) {
      jumps_out_.push_back({start, target, false});
      if (is_cut_off(start, target)) {
        retrace(owner_of(target)->function);
        add_start(target, Found::jump);
      }
    }
    pointers_.insert(pointers_.end(), found.pointers.begin(), found.pointers.end());
  }

  // Whether what belongs to another function there only seemed to, because a call before it was
  // taken for one that returns: it begins as functions do, behind a call, and the other function
  // does not jump there itself.
  bool is_cut_off(std::uint64_t from, std::uint64_t target) const {
    const Owned* owner = owner_of(target);
    if (!owner || owner->function == kNobody || owner->function == from) return false;
    if (starts_.contains(target) || program_.instruction_at(target).op != Op::push) return false;
    auto body = bodies_.find(owner->function);
    if (body == bodies_.end() || body->second.by_table) return false;
    bool follows_call = false;
    for (const AddressRange& range : body->second.ranges) {
      Op last = Op::nop;
      for (std::uint64_t at = range.start; at < range.end;) {
        Instruction one = program_.instruction_at(at);
        if (at == target) follows_call = last == Op::call;
        if ((one.op == Op::jump || one.op == Op::jump_if) && one.target == target) return false;
        if (one.op != Op::nop) last = one.op;
        at = std::max(one.end(), at + 1);
      }
    }
    return follows_call;
  }

  bool returns(std::uint64_t target) {
    auto body = bodies_.find(target);
    if (body == bodies_.end()) {
      bool can_follow = starts_.contains(target) && !owner_of(target) && depth_ < kDeepest;
      if (!can_follow) return true;
      ++depth_;
      explore(target);
      --depth_;
      body = bodies_.find(target);
    }
    return body == bodies_.end() || body->second.returns;
  }

  // --- addresses of code in data and in code
  void add_pointers() {
    for (const Fixup& fixup : program_.fixups())
      if (fixup.kind == Fixup::Kind::relative || fixup.kind == Fixup::Kind::indirect)
        pointers_.push_back(fixup.target);
    if (!program_.is_position_independent()) add_words_of_data();
    std::sort(pointers_.begin(), pointers_.end());
    pointers_.erase(std::unique(pointers_.begin(), pointers_.end()), pointers_.end());
    // What is followed from one of them finds more.
    for (std::uint64_t address : std::vector<std::uint64_t>(pointers_)) add_pointer(address);
    std::sort(pointers_.begin(), pointers_.end());
  }

  void add_words_of_data() {
    constexpr std::uint64_t kWord = 8;
    for (const elf::Segment& s : program_.elf().segments()) {
      if (s.type != elf::PT_LOAD || (s.flags & elf::PF_X)) continue;
      std::uint64_t skip = (kWord - s.address % kWord) % kWord;
      for (std::uint64_t at = skip; at + kWord <= s.contents.size(); at += kWord) {
        std::uint64_t word = s.contents.read<std::uint64_t>(at).value_or(0);
        if (word != 0 && program_.code_at(word)) pointers_.push_back(word);
      }
    }
  }

  void add_pointer(std::uint64_t address) {
    if (!program_.code_at(address) || owner_of(address) || starts_.contains(address)) return;
    Instruction before = program_.instruction_at(address);
    if (before.op == Op::invalid || before.op == Op::nop) return;
    if (before.op == Op::jump_indirect && before.memory.base == kPc) return;  // a linker's stub
    if (try_function(address, Found::pointer)) drain();
  }

  void drain() {
    while (!queue_.empty()) {
      std::uint64_t next = queue_.front();
      queue_.pop_front();
      explore(next);
    }
  }

  // Follows from `address` and keeps what it finds when it looks like code to its end.
  bool try_function(std::uint64_t address, Found found) {
    if (budget_ == 0) return false;
    Trace code = trace(program_, around_, address, std::min(budget_, code_bytes_));
    budget_ -= std::min(budget_, code.instructions);
    if (!code.is_code || code.ranges.empty()) return false;
    if (found == Found::gap && belongs_elsewhere(address, code)) return true;
    if (found == Found::gap && !is_plausible(address, code)) return false;
    starts_.try_emplace(address, Start{found, false, false, 0, {}});
    commit(address, code);
    return true;
  }

  // A block that jumps into the middle of the function before it is a part of that one: a case of a
  // jump table that was not resolved, or an exception handler.
  bool belongs_elsewhere(std::uint64_t address, const Trace& code) {
    for (std::uint64_t target : code.jumps_into) {
      const Owned* owner = owner_of(target);
      if (!owner || owner->function == kNobody || owner->function == target) continue;
      const Owned* before = owner_before(address);
      auto body = bodies_.find(owner->function);
      if (before != owner && (!before || before->function != owner->function)) continue;
      if (body == bodies_.end()) continue;
      claim(owner->function, code.ranges);
      body->second.ranges.insert(body->second.ranges.end(), code.ranges.begin(), code.ranges.end());
      for (std::uint64_t call : code.calls) add_call(call);
      return true;
    }
    return false;
  }

  const Owned* owner_before(std::uint64_t address) const {
    auto after = owned_.upper_bound(address);
    return after == owned_.begin() ? nullptr : &std::prev(after)->second;
  }

  // Data that decodes is full of instructions that compilers do not write.
  bool is_plausible(std::uint64_t address, const Trace& code) const {
    std::uint64_t odd = 0, all = 0;
    for (const AddressRange& range : code.ranges) {
      for (std::uint64_t at = range.start; at < range.end; ++all) {
        Instruction one = program_.instruction_at(at);
        bool strange = one.op == Op::other || one.op == Op::interrupt || one.op == Op::system ||
                       one.op == Op::invalid || one.memory.segment == 'g';
        odd += strange ? 1 : 0;
        at = std::max(one.end(), at + 1);
      }
    }
    Instruction first = program_.instruction_at(address);
    // A function that only returns is one, where a function could start.
    const Owned* before = owner_before(address);
    bool follows = address % 16 == 0 || (before && before->end == address);
    bool starts_oddly =
        first.op == Op::trap || (first.op == Op::ret && !follows) || first.op == Op::jump_if;
    return !starts_oddly && odd * 8 <= all;
  }

  // --- what is left
  void fill_gaps() {
    for (const CodeRange& range : program_.code()) {
      for (std::uint64_t at = range.address; range.contains(at);) {
        if (const Owned* owner = owner_of(at)) {
          at = owner->end;
          continue;
        }
        at = fill_gap(range, at);
      }
    }
  }

  // Where to go on.
  std::uint64_t fill_gap(const CodeRange& range, std::uint64_t at) {
    const bool x86 = program_.machine() == Machine::x86_64;
    Instruction first = decode(program_.machine(), range.bytes.subspan(at - range.address), at);
    bool padding = is_padding(program_.machine(), first);
    if (x86 && range.bytes[at - range.address] == 0) {
      std::uint64_t end = at;
      while (range.contains(end) && range.bytes[end - range.address] == 0) ++end;
      return end;
    }
    if (padding) return first.end();
    if (stub_at(program_, at) || is_resolver_stub(at)) {
      owned_[at] = {at + 16 <= range.end() ? at + 16 : range.end(), kNobody};
      return at + 1;
    }
    if (first.op != Op::invalid && try_function(at, Found::gap)) {
      drain();
      return owner_of(at) ? at : at + 1;
    }
    if (first.op == Op::ret) return first.end();
    return x86 ? (at + 16) & ~std::uint64_t{15} : at + 4;
  }

  // --- parts that were put elsewhere
  void join_fragments() {
    for (const JumpOut& jump : jumps_out_) jumps_by_origin_.push_back(&jump);
    std::stable_sort(jumps_by_origin_.begin(), jumps_by_origin_.end(),
                     [](const JumpOut* a, const JumpOut* b) { return a->from < b->from; });
    // A part of a function without a frame does not show in the table: what nobody calls or points
    // at, and one function jumps to on a condition, and that jumps back or never returns.
    for (const JumpOut& jump : jumps_out_)
      if (jump.conditional && is_part_of(jump.from, jump.target)) fragments_.insert(jump.target);
    for (const JumpOut& jump : jumps_out_) {
      auto part = bodies_.find(jump.target), whole = bodies_.find(jump.from);
      if (!fragments_.contains(jump.target) || fragments_.contains(jump.from)) continue;
      if (part == bodies_.end() || whole == bodies_.end() || part == whole) continue;
      auto& ranges = whole->second.ranges;
      ranges.insert(ranges.end(), part->second.ranges.begin(), part->second.ranges.end());
      whole->second.returns |= part->second.returns;
      bodies_.erase(part);
      starts_.erase(jump.target);
    }
  }

  bool is_part_of(std::uint64_t whole, std::uint64_t part) const {
    auto start = starts_.find(part);
    if (start == starts_.end() || start->second.found != Found::unwind_table) return false;
    if (called_.contains(part)) return false;
    if (std::binary_search(pointers_.begin(), pointers_.end(), part)) return false;
    bool jumps = false, jumps_back = false;
    for (auto at = first_jump_from(part); at != jumps_by_origin_.end() && (*at)->from == part;
         ++at) {
      jumps = true;
      const Owned* owner = owner_of((*at)->target);
      jumps_back |= owner && owner->function == whole && (*at)->target != whole;
    }
    auto body = bodies_.find(part);
    bool ends = body != bodies_.end() && !body->second.returns && !jumps;
    return jumps_back || ends;
  }

  std::vector<const JumpOut*>::const_iterator first_jump_from(std::uint64_t function) const {
    return std::lower_bound(
        jumps_by_origin_.begin(), jumps_by_origin_.end(), function,
        [](const JumpOut* jump, std::uint64_t wanted) { return jump->from < wanted; });
  }

  Functions finish() {
    Functions out;
    out.code_bytes = code_bytes_;
    out.problems = std::move(problems_);
    if (budget_ == 0)
      out.problems.push_back({ErrorCode::limit_exceeded, "not all code was followed"});
    for (auto& [start, body] : bodies_) {
      auto at = starts_.find(start);
      if (at == starts_.end() || body.ranges.empty()) continue;
      out.list.push_back({start,
                          merged(std::move(body.ranges)),
                          at->second.found,
                          at->second.name,
                          body.returns,
                          at->second.is_go,
                          at->second.is_assembly,
                          {}});
    }
    add_aliases(out);
    for (std::size_t i = 0; i < out.list.size(); ++i)
      for (const AddressRange& range : out.list[i].ranges) out.places.push_back({range, i});
    std::sort(out.places.begin(), out.places.end(), [](const auto& a, const auto& b) {
      return a.range.start != b.range.start ? a.range.start < b.range.start
                                            : a.function < b.function;
    });
    add_inlined(out);
    out.named_by_distance = std::move(go_.methods);
    std::uint64_t covered_to = 0;
    for (const Functions::Place& place : out.places) {
      std::uint64_t from = std::max(place.range.start, covered_to);
      if (place.range.end > from) out.covered_bytes += place.range.end - from;
      covered_to = std::max(covered_to, place.range.end);
    }
    return out;
  }

  // Sorted, each once: the dynamic symbols repeat many of the others.
  void add_aliases(Functions& out) {
    std::sort(aliases_.begin(), aliases_.end());
    aliases_.erase(std::unique(aliases_.begin(), aliases_.end()), aliases_.end());
    for (auto [start, name] : aliases_)
      if (const Function* function = out.starting_at(start))
        out.list[static_cast<std::size_t>(function - out.list.data())].aliases.push_back(name);
  }

  void add_inlined(Functions& out) const {
    for (std::size_t i = 0, first = 0; i < go_.inlined.size(); ++i) {
      const GoInlined& call = go_.inlined[i];
      if (call.function != go_.inlined[first].function) first = i;
      const Function* function = out.starting_at(go_.functions[call.function].start);
      if (function == nullptr) continue;
      // Those of one function stay together, so that what counts from its first can be moved.
      std::int32_t base = static_cast<std::int32_t>(out.inlined.size() - (i - first));
      out.inlined.push_back({call.place, call.name,
                             static_cast<std::uint32_t>(function - out.list.data()),
                             call.parent < 0 ? -1 : base + call.parent});
    }
  }

  static std::vector<AddressRange> merged(std::vector<AddressRange> ranges) {
    std::sort(ranges.begin(), ranges.end(),
              [](const AddressRange& a, const AddressRange& b) { return a.start < b.start; });
    std::vector<AddressRange> out;
    for (const AddressRange& range : ranges) {
      if (!out.empty() && range.start <= out.back().end)
        out.back().end = std::max(out.back().end, range.end);
      else
        out.push_back(range);
    }
    return out;
  }

  const Program& program_;
  const Limits& limits_;
  Surroundings around_;
  std::uint64_t code_bytes_ = 0, budget_ = 0;
  std::size_t depth_ = 0;
  GoTable go_;
  std::vector<std::pair<std::uint64_t, std::string_view>> aliases_;
  std::map<std::uint64_t, Start> starts_;
  std::map<std::uint64_t, Body> bodies_;
  std::map<std::uint64_t, Owned> owned_;  // by start, disjoint
  std::deque<std::uint64_t> queue_;
  std::set<std::uint64_t> fragments_, called_;
  std::vector<JumpOut> jumps_out_;
  std::vector<const JumpOut*> jumps_by_origin_;
  std::vector<std::uint64_t> pointers_;
  std::vector<Error> problems_;
};

}  // namespace

std::string_view name_of(Found found) {
  constexpr std::array<std::string_view, 9> kNames = {"symbol", "unwind_table", "go_table",
                                                      "entry",  "initializer",  "call",
                                                      "jump",   "pointer",      "gap"};
  return kNames[static_cast<std::size_t>(found)];
}

const Function* Functions::at(std::uint64_t address) const {
  auto after = std::upper_bound(
      places.begin(), places.end(), address,
      [](std::uint64_t wanted, const Place& place) { return wanted < place.range.start; });
  // Ranges may overlap; the nearest start wins.
  for (int i = 0; i < 8 && after != places.begin(); ++i) {
    --after;
    if (address < after->range.end) return &list[after->function];
  }
  return nullptr;
}

const Function* Functions::starting_at(std::uint64_t address) const {
  auto at = std::lower_bound(
      list.begin(), list.end(), address,
      [](const Function& function, std::uint64_t wanted) { return function.start < wanted; });
  return at != list.end() && at->start == address ? &*at : nullptr;
}

const Fixup* stub_at(const Program& program, std::uint64_t address) {
  if (program.is_object()) return program.code_at(address) ? nullptr : program.fixup_at(address);
  constexpr int kMostInstructions = 5;
  Values values;
  for (int i = 0; i < kMostInstructions; ++i) {
    Instruction one = program.instruction_at(address);
    if (one.op == Op::jump_indirect) {
      if (one.has_memory()) return one.has_target ? program.fixup_at(one.target) : nullptr;
      const Value& value = values.of(one.source);
      return value.kind == Value::Kind::word ? program.fixup_at(value.number) : nullptr;
    }
    bool may_stand_before = one.op == Op::landing || one.op == Op::nop || one.op == Op::lea ||
                            one.op == Op::add ||
                            (one.op == Op::mov && one.memory.access == Access::read);
    if (!may_stand_before || (program.machine() == Machine::x86_64 && one.op != Op::landing))
      return nullptr;
    values.step(program, one);
    address = one.end();
  }
  return nullptr;
}

Functions find_functions(const Program& program, const Limits& limits) {
  return Finder(program, limits).run();
}

}  // namespace fathom::code
