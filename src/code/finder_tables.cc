// What the file itself says about its functions: symbols, Go's table, unwind entries; and the code
// whose start and end they give.

#include "code/finder.h"

#include <algorithm>

namespace fathom::code {

void FunctionFinder::add_symbols() {
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

void FunctionFinder::add_go_functions() {
  go_ = read_go_table(program_, limits_);
  problems_ = std::move(go_.problems);
  for (const GoFunction& function : go_.functions) {
    if (!may_start(function.start)) continue;
    Start& start = *add_start(function.start, Found::go_table);
    if (start.name.empty()) start.name = function.name;
    start.is_go = true;
    start.is_assembly = function.is_assembly;
    start.end = end_without_padding(function);
    if (start.end < function.end) owners_.put(start.end, function.end, CodeOwners::kNobody);
  }
  if (!go_.functions.empty()) close_go_ends();
}

// Go's linker puts marks before and behind its code: the build's id, the bounds of what is
// certified. With C code beside it there would be more.
void FunctionFinder::close_go_ends() {
  constexpr std::uint64_t kMost = 256;
  std::uint64_t first = go_.functions.front().start, end = go_.functions.back().end;
  const CodeRange* head = program_.code_at(first);
  const CodeRange* tail = program_.code_at(end - 1);
  if (head && head->address < first && first - head->address <= kMost)
    owners_.put(head->address, first, CodeOwners::kNobody);
  if (tail && end < tail->end() && tail->end() - end <= kMost)
    owners_.put(end, tail->end(), CodeOwners::kNobody);
}

std::uint64_t FunctionFinder::end_without_padding(const GoFunction& function) const {
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
bool FunctionFinder::is_go(std::uint64_t address) const {
  return !go_.functions.empty() && address >= go_.functions.front().start &&
         address < go_.functions.back().end;
}

void FunctionFinder::add_unwind_entries() {
  UnwindTable table = read_unwind_table(program_, limits_);
  problems_.insert(problems_.end(), table.problems.begin(), table.problems.end());
  for (const UnwindEntry& entry : table.entries) {
    if (is_linkage_table(entry)) {
      owners_.put(entry.start, entry.end, CodeOwners::kNobody);
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
bool FunctionFinder::is_linkage_table(const UnwindEntry& entry) const {
  if (is_start_.contains(entry.start)) return false;
  return stub_at(program_, entry.start) || is_resolver_stub(entry.start);
}

// push [the program's handle]; jmp [the resolver]
bool FunctionFinder::is_resolver_stub(std::uint64_t address) const {
  Instruction first = program_.instruction_at(address);
  Instruction second = program_.instruction_at(first.end());
  return first.op == Op::push && first.memory.base == kPc && second.op == Op::jump_indirect &&
         second.memory.base == kPc;
}

bool FunctionFinder::may_start(std::uint64_t address) const {
  bool aligned = program_.machine() == Machine::x86_64 || address % 4 == 0;
  return aligned && program_.code_at(address) != nullptr;
}

Start* FunctionFinder::add_start(std::uint64_t address, Found found) {
  if (!may_start(address)) return nullptr;
  // Tables name them in their order.
  const auto behind_last = last_start_ == starts_.end() ? last_start_ : std::next(last_start_);
  last_start_ = starts_.try_emplace(behind_last, address, Start{found, false, false, 0, {}});
  Start& start = last_start_->second;
  if (is_start_.contains(address)) {
    start.found = std::min(start.found, found);
  } else {
    queue_.push_back(address);
    is_start_.insert(address);
  }
  return &start;
}

void FunctionFinder::claim_known() {
  for (const auto& [address, start] : starts_) {
    if (start.end == 0) continue;
    auto body =
        bodies_.try_emplace(bodies_.end(), address, Body{{{address, start.end}}, true, true});
    owners_.claim(address, body->second.ranges);
  }
}

void FunctionFinder::sweep_known() {
  // These bodies stay, and others are added behind them.
  std::vector<std::pair<std::uint64_t, Body*>> known;
  for (auto& [address, body] : bodies_) known.emplace_back(address, &body);
  for (auto [start, body] : known) body->returns = sweep(start, body->ranges.front().end);
}

// Calls, jumps and addresses in [start, end); whether anything leaves it but by a call.
bool FunctionFinder::sweep(std::uint64_t start, std::uint64_t end) {
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
    if (computes && value.is_constant() && program_.code_at(value.number))
      pointers_.push_back(value.number);
  }
  return returns;
}

}  // namespace fathom::code
