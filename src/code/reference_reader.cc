// The walk over a function: blocks, branches and calls.

#include "code/reference_reader.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "code/source_records.h"
#include "code/values.h"

namespace fathom::code {

namespace {

constexpr std::size_t kMostSteps = 24;  // instructions from a jump to the call that it goes to

std::uint32_t bit(Register reg) { return reg < 32 ? std::uint32_t{1} << reg : 0; }

std::uint32_t argument_registers(Machine machine) {
  std::uint32_t mask = 0;
  for (Register reg : c_arguments(machine)) mask |= bit(reg);
  for (Register reg : go_arguments(machine)) mask |= bit(reg);
  return mask;
}

}  // namespace

ReferenceReader::ReferenceReader(const Program& program, const Functions& functions,
                                 const Limits& limits)
    : program_(program), functions_(functions), limits_(limits), memory_(program) {
  machine_ = program.machine();
  argument_mask_ = argument_registers(machine_);
  lost_in_calls_ = registers_lost_in_calls(machine_);
  for (const Symbol& symbol : program.symbols())
    if (symbol.name == "__stack_chk_guard" && symbol.is_defined) guard_ = symbol.address;
}

References ReferenceReader::run() {
  out_.records = find_source_records(program_, memory_, limits_);
  out_.functions.reserve(functions_.list.size());
  for (const Function& function : functions_.list) read(function);
  return std::move(out_);
}

void ReferenceReader::read(const Function& function) {
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

void ReferenceReader::decode_all() {
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
        joins_.push_back({one.target, false, one.target <= at});
      at = one.end();
    }
  }
}

// One of each address; lost when a backward branch comes in.
void ReferenceReader::index_joins() {
  auto by_address = [](const Join& a, const Join& b) {
    return a.address != b.address ? a.address < b.address : a.is_lost > b.is_lost;
  };
  std::sort(joins_.begin(), joins_.end(), by_address);
  auto same = [](const Join& a, const Join& b) { return a.address == b.address; };
  joins_.erase(std::unique(joins_.begin(), joins_.end(), same), joins_.end());
  if (at_joins_.size() < joins_.size()) at_joins_.resize(joins_.size());
}

Join* ReferenceReader::join_at(std::uint64_t address) {
  auto at = std::lower_bound(
      joins_.begin(), joins_.end(), address,
      [](const Join& join, std::uint64_t wanted) { return join.address < wanted; });
  return at != joins_.end() && at->address == address ? &*at : nullptr;
}

// Merges what is known into the place that a branch goes to.
void ReferenceReader::carry(Join& join, const Constants& constants) {
  if (join.is_lost) return;
  if (join.is_seen)
    constants_at(join).meet(constants);
  else
    constants_at(join) = constants;
  join.is_seen = true;
}

void ReferenceReader::walk() {
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

void ReferenceReader::enter(Constants& now, Join* join, bool reached) {
  flush(pending_, now);
  stored_.is_known = false;
  if (join == nullptr || join->is_lost) return now.forget();
  if (reached) {
    carry(*join, now);
    if (constants_at(*join).known() != now.known()) follow(join->address, now);
  }
  if (join->is_seen)
    now = constants_at(*join);
  else
    now.forget();
}

void ReferenceReader::take(const Instruction& one, Constants& now) {
  if (pending_ & one.reads) flush(pending_ & one.reads, now, &one);
  note_operands(one, now);
  if (one.is_branch()) return branch(one, now);
  bool old_gate = one.op == Op::interrupt && one.immediate == 0x80;
  if (one.op == Op::syscall || old_gate) ++current_->system_calls;
  now.step(memory_, one);
  pending_ &= ~one.writes;
  if (one.destination < 32 && now.knows(one.destination)) note_result(one, now);
}

void ReferenceReader::branch(const Instruction& one, Constants& now) {
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
void ReferenceReader::follow(std::uint64_t target, const Constants& before) {
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

bool ReferenceReader::passes_any(const Constants& there, const Constants& before) const {
  std::uint32_t both = there.known() & before.known() & argument_mask_;
  for (Register reg = 0; reg < 32; ++reg)
    if ((both >> reg & 1) && there[reg] == before[reg]) return true;
  return false;
}

void ReferenceReader::indirect(const Instruction& one, const Constants& now) {
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
std::uint64_t ReferenceReader::behind(std::uint64_t word) const {
  const Fixup* fixup = program_.fixup_at(word);
  if (fixup == nullptr) {
    auto value = memory_.constant_at(word, 8);
    return value && memory_.kind_of(value->value) == MemoryKind::code ? value->value : 0;
  }
  bool here = fixup->target != 0 && memory_.kind_of(fixup->target) == MemoryKind::code;
  if (here) return fixup->target;
  return fixup->name.empty() ? 0 : word;
}

void ReferenceReader::add_site(std::uint64_t place, std::uint64_t target, const Constants& now) {
  CallSite site{place, target, now.known() & argument_mask_,
                static_cast<std::uint32_t>(out_.arguments.size())};
  for (Register reg = 0; reg < 32; ++reg)
    if (site.known >> reg & 1) out_.arguments.push_back(now[reg]);
  note_sized(c_arguments(machine_), place, now);
  note_sized(go_arguments(machine_), place, now);
  out_.sites.push_back(site);
}

// Distinct items and the sites in order.
void ReferenceReader::keep(FunctionReferences& sums) {
  add_merged_sites(sums.first_call);
  keep_distinct();
  sums.first = static_cast<std::uint32_t>(out_.items.size());
  sums.count = static_cast<std::uint32_t>(items_.size());
  out_.items.insert(out_.items.end(), items_.begin(), items_.end());
}

// The first of those that say the same. Of data an access counts, whatever its size, apart from
// an address that is computed.
void ReferenceReader::keep_distinct() {
  auto class_of = [](const Reference& r) {
    if (r.kind != Referred::data) return std::pair(int{r.size}, false);
    return std::pair(r.size == 0 ? 0 : 1, r.is_written);
  };
  auto key = [&](const Reference& r) { return std::tuple(r.kind, r.value, class_of(r), r.place); };
  std::sort(items_.begin(), items_.end(),
            [&](const Reference& a, const Reference& b) { return key(a) < key(b); });
  auto same = [&](const Reference& a, const Reference& b) {
    return a.kind == b.kind && a.value == b.value && class_of(a) == class_of(b);
  };
  items_.erase(std::unique(items_.begin(), items_.end(), same), items_.end());
}

// Those that say more than the site that stands for all ways to the call.
void ReferenceReader::add_merged_sites(std::size_t first) {
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

}  // namespace fathom::code
