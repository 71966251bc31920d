// A jump is inside the function or a call of another one, and nothing in the encoding tells. It is
// inside when the stack pointer is not where it was at the start, when it goes back or only a
// little ahead of what was reached otherwise, or when what it leads to jumps back; it is a call
// when a known function starts there or lies in between.

#include "code/trace.h"

#include <algorithm>
#include <map>
#include <optional>

namespace fathom::code {

namespace {

constexpr std::uint64_t kMostTableEntries = 4096;
constexpr std::uint64_t kPadding = 16;
constexpr std::uint8_t kHalt = 0xf4;

// The distance of the stack pointer from where it was at the start; nothing when it is not known.
class Stack {
 public:
  bool is_moved() const { return depth_ && *depth_ != 0; }
  // It is another one: what jumps then, does not return to the caller (longjmp, contexts).
  bool is_replaced() const { return is_replaced_; }

  void step(Machine machine, const Instruction& one) {
    Register sp = machine == Machine::x86_64 ? Register{x86::rsp} : arm::sp;
    if (one.op == Op::mov && one.destination == sp) is_replaced_ |= is_foreign(machine, one);
    if (!(one.writes >> sp & 1) || !depth_) return;
    std::int64_t sign = one.op == Op::sub || one.op == Op::push ? 1 : -1;
    if (machine == Machine::x86_64) {
      if (one.op == Op::push || one.op == Op::pop)
        *depth_ += sign * 8;
      else if (one.op == Op::call || one.op == Op::call_indirect)
        return;
      else if ((one.op == Op::sub || one.op == Op::add) && one.has_immediate)
        *depth_ += sign * one.immediate;
      else if (one.op == Op::leave)
        *depth_ = 0;
      else
        depth_.reset();
    } else if ((one.op == Op::sub || one.op == Op::add) && one.has_immediate) {
      *depth_ += sign * one.immediate;
    } else if (one.has_memory() && one.memory.base == arm::sp) {
      *depth_ -= one.has_immediate ? one.immediate : one.memory.displacement;
    } else {
      depth_.reset();
    }
  }

 private:
  // Neither the frame pointer nor what was saved on the stack.
  static bool is_foreign(Machine machine, const Instruction& one) {
    Register frame = machine == Machine::x86_64 ? Register{x86::rbp} : Register{29};
    Register sp = machine == Machine::x86_64 ? Register{x86::rsp} : arm::sp;
    if (one.has_memory()) return one.memory.base != sp && one.memory.base != frame;
    return one.source != frame && one.source != sp;
  }

  std::optional<std::int64_t> depth_ = 0;
  bool is_replaced_ = false;
};

struct Path {
  std::uint64_t address = 0;
  Values values;
  Stack stack;
  bool is_guess = false;  // behind an entry of a table whose length is not known for sure
};

class Tracer {
 public:
  Tracer(const Program& program, const Surroundings& around, std::uint64_t start,
         std::uint64_t most)
      : program_(program), around_(around), start_(start), most_(most) {}

  Trace run() {
    limit_ = around_.starts.next(start_);
    paths_.push_back({start_, Values::at_entry(program_.machine()), {}, false});
    follow_all();
    while (decide_deferred()) follow_all();
    bool returns = out_.returns || !deferred_.empty();
    while (!behind_traps_.empty()) follow_behind_trap();
    for (const auto& [target, jump] : deferred_) out_.tail_jumps.push_back(target);
    out_.returns = returns;
    merge_blocks();
    return std::move(out_);
  }

 private:
  // A jump that may be a call.
  struct Deferred {
    Path path;
    std::size_t jumps = 0;   // that lead there
    std::uint64_t last = 0;  // where the last of them ends
  };

  void follow_all() {
    while (!paths_.empty() && out_.is_code) {
      Path path = paths_.back();
      paths_.pop_back();
      follow(path);
    }
  }

  // Belongs to the function, but says nothing of whether it returns.
  void follow_behind_trap() {
    Path path = std::move(behind_traps_.back());
    behind_traps_.pop_back();
    if (is_visited(path.address)) return;
    paths_.push_back(std::move(path));
    follow_all();
    while (decide_deferred()) follow_all();
  }

  bool is_visited(std::uint64_t address) const {
    auto after = blocks_.upper_bound(address);
    return after != blocks_.begin() && std::prev(after)->second > address;
  }

  void follow(Path path) {
    std::uint64_t begin = path.address, at = begin;
    const CodeRange* range = program_.code_at(begin);
    bool goes_on = range != nullptr && !is_visited(begin);
    bool is_after_call = false;
    if (range == nullptr) out_.is_code = false;
    // Where the next visited block starts: running into it ends this one.
    auto next = blocks_.upper_bound(begin);
    std::uint64_t stop = next == blocks_.end() ? range ? range->end() : 0 : next->first;
    while (goes_on) {
      if (at >= stop) {
        if (range->end() <= at) out_.is_code = false;
        break;
      }
      if (at != start_ && (around_.is_start(at) || around_.is_taken(at))) {
        // By way of the other; but what ends with a call ends because that does not return.
        if (!is_after_call) out_.returns = true;
        break;
      }
      Instruction one = decode(program_.machine(), range->bytes.subspan(at - range->address), at);
      if (one.op == Op::invalid && path.is_guess) return;  // read past the end of the table
      if (one.op == Op::invalid || ++out_.instructions > most_) {
        out_.is_code = false;
        break;
      }
      at = one.end();
      if (one.op != Op::nop) is_after_call = one.op == Op::call || one.op == Op::call_indirect;
      goes_on = step(one, path);
    }
    if (at > begin) {
      blocks_[begin] = std::max(blocks_[begin], at);
      highest_ = std::max(highest_, at);
    }
  }

  // C libraries crash by hlt in the middle of a function, and the compiler, which does not know
  // what that does, goes on behind it.
  void note_what_follows(const Instruction& trap, const Path& path) {
    if (program_.machine() != Machine::x86_64 || trap.length != 1) return;
    const CodeRange* range = program_.code_at(trap.address);
    if (range->bytes[trap.address - range->address] != kHalt || around_.is_start(trap.end()))
      return;
    Instruction next = program_.instruction_at(trap.end());
    if (next.op == Op::nop || next.op == Op::trap || next.op == Op::invalid) return;
    behind_traps_.push_back(path);
    behind_traps_.back().address = trap.end();
  }

  // Whether the next instruction follows.
  bool step(const Instruction& one, Path& path) {
    switch (one.op) {
      case Op::jump:
        jump_to(one, path);
        return false;
      case Op::jump_if:
        jump_to(one, path);
        break;
      case Op::jump_indirect:
        jump_anywhere(one, path);
        return false;
      case Op::call:
        if (one.target != one.end()) out_.calls.push_back(one.target);
        if (!around_.returns(one.target)) return false;
        break;
      case Op::ret:
        out_.returns = true;
        return false;
      case Op::trap:
        note_what_follows(one, path);
        return false;
      default:
        break;
    }
    path.values.step(program_, one);
    path.stack.step(program_.machine(), one);
    note_pointer(one, path.values);
    return true;
  }

  void note_pointer(const Instruction& one, const Values& values) {
    if (one.op != Op::lea && one.op != Op::mov && one.op != Op::add) return;
    const Value& value = values.of(one.destination);
    if (value.is_constant() && program_.code_at(value.number))
      out_.pointers.push_back(value.number);
  }

  void jump_to(const Instruction& jump, const Path& path) {
    const std::uint64_t target = jump.target, from = jump.end();
    const bool conditional = jump.op == Op::jump_if;
    if (program_.code_at(target) == nullptr) {
      out_.is_code = false;
      return;
    }
    if (target == start_ || is_visited(target)) return;
    if (around_.is_start(target)) {
      out_.tail_jumps.push_back(target);
      out_.returns = true;
      return;
    }
    if (around_.is_taken(target)) {
      out_.jumps_into.push_back(target);
      out_.returns = true;
      return;
    }
    Path next = path;
    next.address = target;
    // Compilers hardly write tail calls on a condition, but put parts of a function elsewhere.
    if (path.stack.is_moved() || conditional) {
      paths_.push_back(std::move(next));
      return;
    }
    auto [at, is_new] = deferred_.try_emplace(target, Deferred{std::move(next), 0, 0});
    at->second.jumps += 1;
    at->second.last = from;
  }

  void jump_anywhere(const Instruction& one, const Path& path) {
    std::vector<std::uint64_t> targets = jump_table(program_, one, path.values);
    for (std::uint64_t target : targets) {
      if (target < start_ || target >= limit_) continue;  // read past the end of the table
      Path next = path;
      next.address = target;
      next.is_guess = true;
      if (!is_visited(target) && !around_.is_start(target) && !around_.is_taken(target))
        paths_.push_back(std::move(next));
    }
    // A tail call through a pointer.
    if (targets.empty() && !path.stack.is_replaced()) out_.returns = true;
  }

  // Of the jumps that may be calls, those that turn out to be inside; false when there are none.
  // The surest first, since each makes more known.
  bool decide_deferred() {
    for (auto is_inside : {&Tracer::is_surely_inside, &Tracer::is_probably_inside}) {
      for (auto at = deferred_.begin(); at != deferred_.end(); ++at) {
        std::uint64_t target = at->first;
        if (!(this->*is_inside)(target, at->second)) continue;
        if (!is_visited(target)) paths_.push_back(std::move(at->second.path));
        deferred_.erase(at);
        return true;
      }
    }
    return false;
  }

  bool is_surely_inside(std::uint64_t target, const Deferred&) const {
    return is_visited(target) || leads_back(target);
  }

  // Ahead and near. But nobody jumps over nothing, and what one jump alone leads to, and begins as
  // functions do, is one.
  bool is_probably_inside(std::uint64_t target, const Deferred& deferred) const {
    bool is_near = target > start_ && target < limit_ && target < highest_ + kPadding;
    if (!is_near || !(deferred.jumps > 1 || !is_only_padding(deferred.last, target))) return false;
    return deferred.jumps > 1 || !makes_frame(target);
  }

  bool is_only_padding(std::uint64_t from, std::uint64_t to) const {
    while (from < to) {
      Instruction one = program_.instruction_at(from);
      if (one.op != Op::nop && one.op != Op::trap) return false;
      from = one.end();
    }
    return true;
  }

  bool makes_frame(std::uint64_t address) const {
    Instruction first = program_.instruction_at(address);
    if (first.op == Op::push) return true;
    if (program_.machine() == Machine::x86_64)
      return first.op == Op::sub && first.destination == x86::rsp;
    return first.op == Op::store_pair && first.memory.base == arm::sp &&
           (first.writes >> arm::sp & 1);
  }

  // Whether the straight code at `address` jumps to what was reached from the start, or to what
  // the jump to it has skipped: a loop whose condition stands at its end.
  bool leads_back(std::uint64_t address) const {
    constexpr int kMostSteps = 64;
    const CodeRange* range = program_.code_at(address);
    std::uint64_t to = address < limit_ ? std::max(highest_, address) : highest_;
    for (int i = 0; i < kMostSteps && range && range->contains(address); ++i) {
      if (around_.is_start(address)) return false;
      Instruction one =
          decode(program_.machine(), range->bytes.subspan(address - range->address), address);
      bool jumps = one.op == Op::jump || one.op == Op::jump_if;
      if (jumps && one.target > start_ && one.target < to) return true;
      if (one.ends_flow()) return false;
      address = one.end();
    }
    return false;
  }

  void merge_blocks() {
    for (const auto& [begin, end] : blocks_) {
      if (!out_.ranges.empty() && begin <= out_.ranges.back().end)
        out_.ranges.back().end = std::max(out_.ranges.back().end, end);
      else
        out_.ranges.push_back({begin, end});
    }
  }

  const Program& program_;
  const Surroundings& around_;
  std::uint64_t start_, most_, limit_ = 0, highest_ = 0;
  Trace out_;
  std::map<std::uint64_t, std::uint64_t> blocks_;  // start → end
  std::vector<Path> paths_, behind_traps_;
  std::map<std::uint64_t, Deferred> deferred_;  // by target
};

// An entry of `size` bytes, extended as the load did.
std::optional<std::uint64_t> entry_at(const Program& program, const Value& table,
                                      std::uint64_t index) {
  std::uint64_t place = table.number + index * table.size;
  if (table.size == 8) return program.pointer_at(place);
  ByteView bytes = program.bytes_at(place, table.size);
  if (table.size == 0 || bytes.size() < table.size) return {};
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) number |= std::uint64_t{bytes.span()[i]} << 8 * i;
  unsigned unused = 64 - 8u * table.size;
  if (table.is_signed)
    number = static_cast<std::uint64_t>(static_cast<std::int64_t>(number << unused) >> unused);
  return number;
}

}  // namespace

Trace trace(const Program& program, const Surroundings& around, std::uint64_t start,
            std::uint64_t most) {
  return Tracer(program, around, start, most).run();
}

std::vector<std::uint64_t> jump_table(const Program& program, const Instruction& jump,
                                      const Values& values) {
  Value table = values.of(jump.source);
  if (jump.has_memory()) {
    // jmp [table + index * 8]
    if (jump.memory.index == kNoRegister || jump.memory.scale != 8 || jump.memory.segment)
      return {};
    bool based = jump.memory.base != kNoRegister;
    const Value& base = values.of(jump.memory.base);
    if (based && !base.is_constant()) return {};
    table = {Value::Kind::entry,
             8,
             0,
             false,
             (based ? base.number : 0) +
                 static_cast<std::uint64_t>(std::int64_t{jump.memory.displacement}),
             0};
  }
  if (table.kind != Value::Kind::entry && table.kind != Value::Kind::offset) return {};
  if (table.kind == Value::Kind::entry && table.size != 8) return {};
  // The comparison before it says how many entries there are, if it was with this index.
  std::uint64_t compared = values.last_compared();
  std::uint64_t most = compared > 0 && compared < kMostTableEntries ? compared + 1 : 256;
  const CodeRange* here = program.code_at(jump.address);
  std::vector<std::uint64_t> targets;
  for (std::uint64_t i = 0; i < most; ++i) {
    std::optional<std::uint64_t> entry = entry_at(program, table, i);
    if (!entry) break;
    std::uint64_t target = *entry;
    if (table.kind == Value::Kind::offset) target = (target << table.shift) + table.base;
    bool aligned = program.machine() == Machine::x86_64 || target % 4 == 0;
    if (here == nullptr || !here->contains(target) || !aligned) break;
    targets.push_back(target);
  }
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  return targets;
}

}  // namespace fathom::code
