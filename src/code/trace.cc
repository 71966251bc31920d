// A jump is inside the function or a call of another one, and nothing in the encoding tells. It is
// inside when the stack pointer is not where it was at the start, when it goes back or only a
// little ahead of what was reached otherwise, or when what it leads to jumps back; it is a call
// when a known function starts there or lies in between.

#include "code/trace.h"

#include <algorithm>
#include <optional>
#include <set>

namespace fathom::code {

namespace {

constexpr std::uint64_t kMostTableEntries = 4096;
constexpr std::uint64_t kPadding = 16;

// The distance of the stack pointer from where it was at the start; nothing when it is not known.
class Stack {
 public:
  bool is_moved() const { return depth_ && *depth_ != 0; }

  void step(Machine machine, const Instruction& one) {
    Register sp = machine == Machine::x86_64 ? Register{x86::rsp} : arm::sp;
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
  std::optional<std::int64_t> depth_ = 0;
};

struct Path {
  std::uint64_t address = 0;
  Values values;
  Stack stack;
};

class Tracer {
 public:
  Tracer(const Program& program, const Surroundings& around, std::uint64_t start,
         std::uint64_t most)
      : program_(program), around_(around), start_(start), most_(most) {}

  Trace run() {
    limit_ = around_.next_start(start_);
    paths_.push_back({start_, Values::at_entry(program_.machine()), {}});
    follow_all();
    while (decide_deferred()) follow_all();
    for (const auto& [from, path] : deferred_) out_.tail_jumps.push_back(path.address);
    if (!deferred_.empty()) out_.returns = true;
    merge_blocks();
    return std::move(out_);
  }

 private:
  void follow_all() {
    while (!paths_.empty() && out_.is_code) {
      Path path = paths_.back();
      paths_.pop_back();
      follow(path);
    }
  }

  bool is_visited(std::uint64_t address) const {
    auto after = blocks_.upper_bound(address);
    return after != blocks_.begin() && std::prev(after)->second > address;
  }

  void follow(Path path) {
    std::uint64_t begin = path.address, at = begin;
    const CodeRange* range = program_.code_at(begin);
    bool goes_on = range != nullptr && !is_visited(begin);
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
        out_.returns = true;  // by way of the other
        break;
      }
      Instruction one = decode(program_.machine(), range->bytes.subspan(at - range->address), at);
      if (one.op == Op::invalid || ++out_.instructions > most_) {
        out_.is_code = false;
        break;
      }
      at = one.end();
      goes_on = step(one, path);
    }
    if (at > begin) {
      blocks_[begin] = std::max(blocks_[begin], at);
      highest_ = std::max(highest_, at);
    }
  }

  // Whether the next instruction follows.
  bool step(const Instruction& one, Path& path) {
    switch (one.op) {
      case Op::jump:
        jump_to(one.target, path, false);
        return false;
      case Op::jump_if:
        jump_to(one.target, path, true);
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

  void jump_to(std::uint64_t target, const Path& path, bool conditional) {
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
    bool ahead = target > start_ && target < limit_;
    // Compilers hardly write tail calls on a condition, but put parts of a function elsewhere.
    bool inside = path.stack.is_moved() || conditional || (ahead && target < highest_ + kPadding);
    if (inside)
      paths_.push_back(std::move(next));
    else
      deferred_.insert_or_assign(target, std::move(next));
  }

  void jump_anywhere(const Instruction& one, const Path& path) {
    std::vector<std::uint64_t> targets = jump_table(program_, one, path.values);
    for (std::uint64_t target : targets) {
      if (target < start_ || target >= limit_) continue;  // read past the end of the table
      Path next = path;
      next.address = target;
      if (!is_visited(target) && !around_.is_start(target) && !around_.is_taken(target))
        paths_.push_back(std::move(next));
    }
    if (targets.empty()) out_.returns = true;  // a tail call through a pointer
  }

  // Of the jumps that may be calls, those that turn out to be inside; false when there are none.
  bool decide_deferred() {
    for (auto at = deferred_.begin(); at != deferred_.end(); ++at) {
      std::uint64_t target = at->first;
      bool ahead = target > start_ && target < limit_;
      if (!is_visited(target) && !(ahead && target < highest_ + kPadding) && !leads_back(target))
        continue;
      if (!is_visited(target)) paths_.push_back(std::move(at->second));
      deferred_.erase(at);
      return true;
    }
    return false;
  }

  // Whether the straight code at `address` jumps to what was reached from the start.
  bool leads_back(std::uint64_t address) const {
    constexpr int kMostSteps = 64;
    const CodeRange* range = program_.code_at(address);
    for (int i = 0; i < kMostSteps && range && range->contains(address); ++i) {
      Instruction one =
          decode(program_.machine(), range->bytes.subspan(address - range->address), address);
      bool jumps = one.op == Op::jump || one.op == Op::jump_if;
      if (jumps && one.target != start_ && one.target > start_ && one.target < highest_)
        return true;
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
  std::vector<Path> paths_;
  std::map<std::uint64_t, Path> deferred_;
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
