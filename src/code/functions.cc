#include "code/functions.h"

#include <algorithm>
#include <array>

#include "code/finder.h"

namespace fathom::code {

namespace {

constexpr std::uint64_t kBudgetPerByte = 16;  // instructions followed per byte of code

}  // namespace

FunctionFinder::FunctionFinder(const Program& program, const Limits& limits)
    : program_(program),
      limits_(limits),
      is_start_(program),
      owners_(program),
      around_{is_start_, owners_, [this](std::uint64_t at) { return returns(at); }},
      called_(program),
      is_stub_(program) {
  for (const CodeRange& range : program_.code()) code_bytes_ += range.bytes.size();
  budget_ = 4096 + code_bytes_ * kBudgetPerByte;
}

Functions FunctionFinder::run() {
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

bool is_padding(Machine machine, const Instruction& one) {
  if (one.op == Op::nop) return true;
  if (one.op != Op::trap) return false;
  return machine == Machine::x86_64 ? one.length == 1 : one.immediate == 0;
}

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
  return FunctionFinder(program, limits).run();
}

}  // namespace fathom::code
