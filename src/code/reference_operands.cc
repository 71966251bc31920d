// What one instruction says: the numbers and addresses that it names or makes.

#include "code/reference_reader.h"

#include <algorithm>

#include "code/printable.h"

namespace fathom::code {

namespace {

constexpr std::int32_t kGuardOffset = 0x28;  // of the stack protector's guard, from fs
constexpr std::uint64_t kFirstPage = 4096;   // nothing is there, whatever was added up

std::uint32_t bit(Register reg) { return reg < 32 ? std::uint32_t{1} << reg : 0; }

}  // namespace

// A pointer and a length in neighbouring arguments.
void ReferenceReader::note_sized(std::span<const Register> order, std::uint64_t place,
                                 const Constants& now) {
  for (std::size_t i = 0; i + 1 < order.size(); ++i)
    if (now.is_address(order[i]) && now.knows(order[i]) && now.knows(order[i + 1]))
      note_sized_text(now[order[i]], now[order[i + 1]], offset_of(place));
}

void ReferenceReader::note_sized_text(std::uint64_t address, std::uint64_t size,
                                      std::uint32_t place) {
  if (size < kShortestText || size > kLongestSizedText) return;
  if (memory_.kind_of(address) != MemoryKind::constant) return;
  if (is_text_of(memory_.from(address), size)) add(Referred::text, address, place, size, true);
}

void ReferenceReader::add(Referred kind, std::uint64_t value, std::uint32_t place,
                          std::uint64_t size, bool is_sized) {
  items_.push_back({value, place, static_cast<std::uint16_t>(std::min<std::uint64_t>(size, 0xffff)),
                    kind, is_sized});
}

void ReferenceReader::note_operands(const Instruction& one, const Constants& now) {
  if (one.has_memory() && one.op != Op::lea) note_access(one, now);
  if (!one.has_immediate) return;
  switch (one.op) {
    case Op::cmp:
    case Op::test:
      return add(Referred::compared, static_cast<std::uint64_t>(one.immediate),
                 offset_of(one.address));
    case Op::shl:
    case Op::shr:
    case Op::sar:
    case Op::rotate:
    case Op::bitfield:
    case Op::bits:
    case Op::vector:
    case Op::mov_keep:
    case Op::ret:
    case Op::trap:
    case Op::interrupt:
    case Op::load_pair:
    case Op::store_pair:
      return;
    case Op::mov:
      if (!one.has_memory()) return;             // what it makes is noted
      if (machine_ == Machine::aarch64) return;  // the base is moved
      note_stored(one, now);
      break;
    case Op::add:
    case Op::sub:
      if (one.destination == stack_pointer()) return;
      if (now.knows(one.source)) return;
      break;
    default:
      break;
  }
  note_number(one.immediate, one.address, one.width);
}

void ReferenceReader::note_number(std::int64_t value, std::uint64_t place, unsigned width) {
  bool is_address = memory_.is_fixed() && width >= 4 &&
                    memory_.kind_of(static_cast<std::uint64_t>(value)) != MemoryKind::none;
  if (is_address) return note_address(static_cast<std::uint64_t>(value), offset_of(place), 0);
  if (value >= kSmallestNumber || value <= -kSmallestNumber)
    add(Referred::number, static_cast<std::uint64_t>(value), offset_of(place));
}

void ReferenceReader::note_access(const Instruction& one, const Constants& now) {
  if (one.memory.segment == 'f' && one.memory.displacement == kGuardOffset &&
      one.memory.base == kNoRegister)
    current_->has_stack_protector = true;
  std::optional<std::uint64_t> address = now.address_of(one);
  if (!address || *address < kFirstPage) {
    if (one.op == Op::mov && one.memory.access == Access::write) note_stored(one, now);
    // A table of a program that is not moved: [table + index * 8].
    auto table = static_cast<std::uint64_t>(std::int64_t{one.memory.displacement});
    if (memory_.is_fixed() && table >= kFirstPage && one.memory.segment == 0)
      note_address(table, offset_of(one.address), 0);
    return;
  }
  if (one.op == Op::call_indirect || one.op == Op::jump_indirect) return;
  const Fixup* word = program_.fixup_at(*address);
  if (word && word->name == "__stack_chk_guard") current_->has_stack_protector = true;
  if (guard_ != 0 && *address == guard_) current_->has_stack_protector = true;
  bool is_pointer = word && word->target != 0 && memory_.kind_of(*address) != MemoryKind::writable;
  if (is_pointer) return note_address(word->target, offset_of(one.address), 0);
  if (memory_.kind_of(*address) == MemoryKind::none) return;
  add(Referred::data, *address, offset_of(one.address), one.width);
  items_.back().is_written =
      one.memory.access == Access::write || one.memory.access == Access::read_write;
}

// {address, length} written to neighbouring words.
void ReferenceReader::note_stored(const Instruction& one, const Constants& now) {
  if (one.memory.access != Access::write || one.width != 8) return;
  std::int64_t at = one.memory.displacement;
  bool is_number = one.has_immediate && machine_ == Machine::x86_64;
  if (!is_number && !now.knows(one.source)) return;
  std::uint64_t value = is_number ? static_cast<std::uint64_t>(one.immediate) : now[one.source];
  bool is_address = !is_number && now.is_address(one.source);
  if (is_address) {
    stored_ = {true, one.memory.base, at, value, offset_of(one.address)};
  } else if (stored_.is_known && stored_.base == one.memory.base &&
             at == stored_.displacement + 8) {
    note_sized_text(stored_.value, value, stored_.place);
    stored_.is_known = false;
  }
}

// A register received a constant. On AArch64 it may be the first half of one: noted when
// something uses it.
void ReferenceReader::note_result(const Instruction& one, const Constants& now) {
  bool makes = one.op == Op::mov || one.op == Op::lea || one.op == Op::mov_keep ||
               one.op == Op::add || one.op == Op::or_ || one.op == Op::sub;
  if (!makes) return;
  bool copies = one.op == Op::mov && one.source < 32 && !one.has_memory();
  if (copies) return;
  places_[one.destination] = offset_of(one.address);
  if (machine_ == Machine::aarch64)
    pending_ |= bit(one.destination);
  else
    note_value(one.destination, now);
}

void ReferenceReader::note_value(Register reg, const Constants& now) {
  std::uint64_t value = now[reg];
  if (now.is_address(reg)) return note_address(value, places_[reg], 0);
  auto number = static_cast<std::int64_t>(value);
  if (number >> 32 == 0) number = static_cast<std::int32_t>(number);
  if (number >= kSmallestNumber || number <= -kSmallestNumber)
    add(Referred::number, static_cast<std::uint64_t>(number), places_[reg]);
}

// `user` goes on with the constant: then the value is not complete yet.
void ReferenceReader::flush(std::uint32_t registers, const Constants& now,
                            const Instruction* user) {
  pending_ &= ~registers;
  for (Register reg = 0; registers != 0; ++reg, registers >>= 1) {
    if (!(registers & 1)) continue;
    if (user != nullptr && completes(*user, reg)) continue;
    note_value(reg, now);
  }
}

// adrp and movz are followed by what adds the rest: to the same value, or in an address.
bool ReferenceReader::completes(const Instruction& user, Register reg) const {
  if (user.op == Op::mov_keep && user.source == reg) return true;
  bool adds = user.op == Op::add && user.has_immediate && user.source == reg;
  return adds || (user.has_memory() && user.memory.base == reg);
}

void ReferenceReader::note_address(std::uint64_t address, std::uint32_t place, unsigned size) {
  MemoryKind kind = memory_.kind_of(address);
  if (kind == MemoryKind::none) return;
  if (kind == MemoryKind::code && functions_.starting_at(address))
    return add(Referred::function, address, place);
  if (kind == MemoryKind::code && functions_.at(address)) return;  // a place in a function
  if (out_.record_at(address)) return add(Referred::record, address, place);
  std::size_t length = terminated_text(memory_.from(address), limits_.text_bytes);
  bool is_text = length >= kShortestText && kind != MemoryKind::writable;
  add(is_text ? Referred::text : Referred::data, address, place, is_text ? length : size);
}

void ReferenceReader::count_frame(const Instruction& one) {
  bool is_stack = one.destination == stack_pointer();
  if (one.op == Op::push) current_->frame_bytes += 8;
  if (is_stack && one.op == Op::sub && one.has_immediate && one.immediate > 0 &&
      one.immediate < std::int64_t{1} << 31)
    current_->frame_bytes += static_cast<std::uint32_t>(one.immediate);
  bool moves_stack = machine_ == Machine::aarch64 && one.memory.base == arm::sp &&
                     (one.writes >> arm::sp & 1) && !is_stack;
  std::int64_t by = one.has_immediate ? one.immediate : one.memory.displacement;
  if (moves_stack && by < 0) current_->frame_bytes += static_cast<std::uint32_t>(-by);
}

}  // namespace fathom::code
