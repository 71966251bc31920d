#include "code/constants.h"

namespace fathom::code {

namespace {

std::uint64_t low_bytes(std::uint64_t number, unsigned bytes) {
  return bytes >= 8 ? number : number & ((std::uint64_t{1} << 8 * bytes) - 1);
}

std::uint64_t extended(std::uint64_t number, unsigned bytes) {
  if (bytes == 0 || bytes >= 8) return number;
  unsigned unused = 64 - 8 * bytes;
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(number << unused) >> unused);
}

}  // namespace

void Constants::meet(const Constants& other) {
  std::uint32_t both = known_ & other.known_;
  std::uint32_t kept = both;
  for (unsigned reg = 0; both != 0; ++reg, both >>= 1)
    if ((both & 1) && values_[reg] != other.values_[reg]) kept &= ~(std::uint32_t{1} << reg);
  known_ = kept;
  addresses_ = kept & (addresses_ | other.addresses_);
}

std::optional<std::uint64_t> Constants::address_of(const Instruction& one) const {
  const Memory& memory = one.memory;
  if (!one.has_memory() || memory.segment != 0) return {};
  if (one.has_target) return one.target;
  if (memory.index != kNoRegister && !knows(memory.index)) return {};
  auto address = static_cast<std::uint64_t>(std::int64_t{memory.displacement});
  if (memory.base != kNoRegister) {
    if (!knows(memory.base)) return {};
    address += values_[memory.base];
  }
  if (memory.index != kNoRegister) address += values_[memory.index] * memory.scale;
  return address;
}

void Constants::step(const MemoryMap& memory, const Instruction& one) {
  Result result;
  if (one.destination < 32) result = result_of(memory, one);
  forget(one.writes);
  if (result.known) set(one.destination, result.value, result.is_address);
}

Constants::Result Constants::moved(const MemoryMap& memory, const Instruction& one) const {
  if (one.has_memory()) {
    if (one.memory.access != Access::read) return {};
    std::optional<std::uint64_t> address = address_of(one);
    if (!address) return {};
    std::optional<MemoryMap::Word> word = memory.constant_at(*address, one.width);
    return word ? Result{true, word->is_address, word->value} : Result{};
  }
  if (one.source == kNoRegister) {
    if (!one.has_immediate) return {};
    auto value = low_bytes(static_cast<std::uint64_t>(one.immediate), one.width);
    bool is_address = memory.is_fixed() && memory.kind_of(value) != MemoryKind::none;
    return {true, is_address, value};
  }
  if (one.source == arm::zr) return {true, false, 0};
  return knows(one.source) ? Result{true, is_address(one.source), values_[one.source]} : Result{};
}

Constants::Result Constants::calculated(const Instruction& one) const {
  bool same = one.source == one.source2 && one.source < 32 && !one.has_memory();
  if (same && (one.op == Op::xor_ || one.op == Op::sub)) return {true, false, 0};
  if (one.has_memory() || one.modified || !knows(one.source)) return {};
  std::uint64_t a = values_[one.source], b = 0;
  if (one.has_immediate)
    b = static_cast<std::uint64_t>(one.immediate);
  else if (knows(one.source2))
    b = values_[one.source2] << one.shift;
  else
    return {};
  bool address = is_address(one.source) || is_address(one.source2);
  switch (one.op) {
    case Op::add:
      return {true, address, a + b};
    case Op::sub:
      return {true, address, a - b};
    case Op::and_:
      return {true, false, a & b};
    case Op::or_:
      return {true, address, a | b};
    case Op::xor_:
      return {true, false, a ^ b};
    case Op::shl:
      return b < 64 ? Result{true, false, a << b} : Result{};
    case Op::shr:
      return b < 64 ? Result{true, false, a >> b} : Result{};
    case Op::mul:
      return {true, false, a * b};
    default:
      return {};
  }
}

Constants::Result Constants::result_of(const MemoryMap& memory, const Instruction& one) const {
  Result out;
  switch (one.op) {
    case Op::lea: {
      std::optional<std::uint64_t> address = address_of(one);
      if (!address) return {};
      bool relative = one.memory.base == kPc || is_address(one.memory.base) ||
                      is_address(one.memory.index) ||
                      (memory.is_fixed() && memory.kind_of(*address) != MemoryKind::none);
      out = {true, relative, *address};
      break;
    }
    case Op::mov:
      if (one.width < 4) return {};
      out = moved(memory, one);
      break;
    case Op::zero_extend:
    case Op::sign_extend:
      out = moved(memory, one);
      out.value = low_bytes(out.value, one.width);
      if (one.op == Op::sign_extend) out.value = extended(out.value, one.width);
      return out;  // the width is that of the source
    case Op::mov_keep:
      if (!knows(one.source)) return {};
      out = {true, false,
             (values_[one.source] & ~(std::uint64_t{0xffff} << one.shift)) |
                 static_cast<std::uint64_t>(one.immediate) << one.shift};
      out.is_address = memory.is_fixed() && memory.kind_of(out.value) != MemoryKind::none;
      return out;
    case Op::add:
    case Op::sub:
    case Op::and_:
    case Op::or_:
    case Op::xor_:
    case Op::shl:
    case Op::shr:
    case Op::mul:
      if (one.width < 4) return {};
      out = calculated(one);
      break;
    case Op::inc:
    case Op::dec:
      if (one.width < 4 || !knows(one.source)) return {};
      out = {true, false, values_[one.source] + (one.op == Op::inc ? 1 : ~std::uint64_t{0})};
      break;
    default:
      return {};
  }
  out.value = low_bytes(out.value, one.width);
  return out;
}

}  // namespace fathom::code
