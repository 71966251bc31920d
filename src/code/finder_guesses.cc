// Code that no table names and nothing calls: what data or other code has the address of, and what
// is left between functions. Each must look like code to its end.

#include "code/finder.h"

#include <algorithm>

#include "elf/constants.h"

namespace fathom::code {

void FunctionFinder::add_pointers() {
  for (const Fixup& fixup : program_.fixups())
    if (fixup.kind == Fixup::Kind::relative || fixup.kind == Fixup::Kind::indirect)
      if (program_.code_at(fixup.target)) pointers_.push_back(fixup.target);
  if (!program_.is_position_independent()) add_words_of_data();
  std::sort(pointers_.begin(), pointers_.end());
  pointers_.erase(std::unique(pointers_.begin(), pointers_.end()), pointers_.end());
  // What is followed from one of them finds more.
  for (std::uint64_t address : std::vector<std::uint64_t>(pointers_)) add_pointer(address);
  std::sort(pointers_.begin(), pointers_.end());
}

void FunctionFinder::add_words_of_data() {
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

void FunctionFinder::add_pointer(std::uint64_t address) {
  if (!program_.code_at(address) || owners_.at(address) || is_start_.contains(address)) return;
  Instruction before = program_.instruction_at(address);
  if (before.op == Op::invalid || before.op == Op::nop) return;
  if (before.op == Op::jump_indirect && before.memory.base == kPc) return;  // a linker's stub
  if (try_function(address, Found::pointer)) drain();
}

// Follows from `address` and keeps what it finds when it looks like code to its end.
bool FunctionFinder::try_function(std::uint64_t address, Found found) {
  if (budget_ == 0) return false;
  Trace code = trace(program_, around_, address, std::min(budget_, code_bytes_));
  budget_ -= std::min(budget_, code.instructions);
  if (!code.is_code || code.ranges.empty()) return false;
  if (found == Found::gap && belongs_elsewhere(address, code)) return true;
  if (found == Found::gap && !is_plausible(address, code)) return false;
  starts_.try_emplace(address, Start{found, false, false, 0, {}});
  is_start_.insert(address);
  commit(address, code);
  return true;
}

// A block that jumps into the middle of the function before it is a part of that one: a case of a
// jump table that was not resolved, or an exception handler.
bool FunctionFinder::belongs_elsewhere(std::uint64_t address, const Trace& code) {
  for (std::uint64_t target : code.jumps_into) {
    const CodeOwners::Block* owner = owners_.at(target);
    if (!owner || owner->function == CodeOwners::kNobody || owner->function == target) continue;
    const CodeOwners::Block* before = owners_.before(address);
    auto body = bodies_.find(owner->function);
    if (before != owner && (!before || before->function != owner->function)) continue;
    if (body == bodies_.end()) continue;
    owners_.claim(owner->function, code.ranges);
    body->second.ranges.insert(body->second.ranges.end(), code.ranges.begin(), code.ranges.end());
    for (std::uint64_t call : code.calls) add_call(call);
    return true;
  }
  return false;
}

// Data that decodes is full of instructions that compilers do not write.
bool FunctionFinder::is_plausible(std::uint64_t address, const Trace& code) const {
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
  const CodeOwners::Block* before = owners_.before(address);
  bool follows = address % 16 == 0 || (before && before->end == address);
  bool starts_oddly =
      first.op == Op::trap || (first.op == Op::ret && !follows) || first.op == Op::jump_if;
  return !starts_oddly && odd * 8 <= all;
}

void FunctionFinder::fill_gaps() {
  for (const CodeRange& range : program_.code()) {
    for (std::uint64_t at = range.address; range.contains(at);) {
      at = owners_.first_free(at);
      if (range.contains(at)) at = fill_gap(range, at);
    }
  }
}

std::uint64_t FunctionFinder::fill_gap(const CodeRange& range, std::uint64_t at) {
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
    owners_.put(at, std::min(at + 16, range.end()), CodeOwners::kNobody);
    return at + 1;
  }
  if (first.op != Op::invalid && try_function(at, Found::gap)) {
    drain();
    return owners_.at(at) ? at : at + 1;
  }
  if (first.op == Op::ret) return first.end();
  return x86 ? (at + 16) & ~std::uint64_t{15} : at + 4;
}

}  // namespace fathom::code
