// Recursive descent from what is known to start a function.

#include "code/finder.h"

#include <algorithm>

namespace fathom::code {

namespace {

constexpr std::size_t kDeepest = 48;  // functions followed inside one another

}  // namespace

void FunctionFinder::add_call(std::uint64_t target) {
  if (called_.contains(target) || is_stub_.contains(target)) return;  // nothing new
  if (stub_at(program_, target)) return is_stub_.insert(target);
  called_.insert(target);
  const CodeOwners::Block* owner = owners_.at(target);
  if (owner && (owner->function == CodeOwners::kNobody || is_go(target))) return;
  // A call into what a table says is one function is an entry of its own all the same.
  if (owner && owner->function != target && !is_start_.contains(target)) retrace(owner->function);
  add_start(target, Found::call);
}

// Something was taken for a part of this function that is a function itself.
void FunctionFinder::retrace(std::uint64_t function) {
  auto body = bodies_.find(function);
  if (body == bodies_.end() || body->second.by_table) return;
  owners_.release(function, body->second.ranges);
  bodies_.erase(body);
  queue_.push_back(function);
}

// Code without tables: calls that a linear reading sees, before anything is followed, so that
// fewer jumps between functions look like jumps inside one
void FunctionFinder::sweep_rest() {
  for (const CodeRange& range : program_.code()) {
    std::vector<std::uint64_t> targets;
    std::uint64_t budget = range.bytes.size();
    for (std::uint64_t at = range.address; range.contains(at) && budget > 0; --budget) {
      at = owners_.first_free(at);
      if (!range.contains(at)) break;
      Instruction one = decode(program_.machine(), range.bytes.subspan(at - range.address), at);
      if (one.op == Op::call) targets.push_back(one.target);
      at = one.end();
    }
    for (std::uint64_t target : targets) add_plausible_call(target);
  }
}

void FunctionFinder::add_plausible_call(std::uint64_t target) {
  if (owners_.at(target) || is_start_.contains(target) || !program_.code_at(target)) return;
  Instruction first = program_.instruction_at(target);
  bool padding = is_padding(program_.machine(), first);
  if (first.op == Op::invalid || padding || stub_at(program_, target)) return;
  add_start(target, Found::call);
  called_.insert(target);
}

void FunctionFinder::explore_all() {
  // The lowest first: a function's end is better known when what lies before it is.
  std::sort(queue_.begin(), queue_.end());
  while (!queue_.empty()) {
    std::uint64_t start = queue_.front();
    queue_.pop_front();
    explore(start);
  }
}

void FunctionFinder::drain() {
  while (!queue_.empty()) {
    std::uint64_t next = queue_.front();
    queue_.pop_front();
    explore(next);
  }
}

bool FunctionFinder::explore(std::uint64_t start) {
  if (bodies_.contains(start) || stub_at(program_, start)) return false;
  if (const CodeOwners::Block* owner = owners_.at(start); owner && owner->function != start) {
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
void FunctionFinder::take_from(std::uint64_t start, const CodeOwners::Block& owner) {
  bodies_[start] = {{{start, std::min(owner.end, is_start_.next(start))}}, true, false};
}

void FunctionFinder::commit(std::uint64_t start, const Trace& found) {
  owners_.claim(start, found.ranges);
  bodies_[start] = {found.ranges, found.returns || !found.is_code, false};
  for (std::uint64_t target : found.calls) add_call(target);
  for (std::uint64_t target : found.tail_jumps)
    if (!owners_.at(target) && !stub_at(program_, target)) add_start(target, Found::jump);
  for (std::uint64_t target : found.jumps_into) {
    jumps_out_.push_back({start, target, false});
    if (is_cut_off(start, target)) {
      retrace(owners_.at(target)->function);
      add_start(target, Found::jump);
    }
  }
  pointers_.insert(pointers_.end(), found.pointers.begin(), found.pointers.end());
}

// Whether what belongs to another function there only seemed to, because a call before it was
// taken for one that returns: it begins as functions do, behind a call, and the other function
// does not jump there itself.
bool FunctionFinder::is_cut_off(std::uint64_t from, std::uint64_t target) const {
  const CodeOwners::Block* owner = owners_.at(target);
  if (!owner || owner->function == CodeOwners::kNobody || owner->function == from) return false;
  if (is_start_.contains(target) || program_.instruction_at(target).op != Op::push) return false;
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

bool FunctionFinder::returns(std::uint64_t target) {
  auto body = bodies_.find(target);
  if (body == bodies_.end()) {
    bool can_follow = is_start_.contains(target) && !owners_.at(target) && depth_ < kDeepest;
    if (!can_follow) return true;
    ++depth_;
    explore(target);
    --depth_;
    body = bodies_.find(target);
  }
  return body == bodies_.end() || body->second.returns;
}

}  // namespace fathom::code
