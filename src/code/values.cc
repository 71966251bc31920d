#include "code/values.h"

#include "elf/constants.h"

namespace fathom::code {

namespace {

using Kind = Value::Kind;

std::uint64_t low_bytes(std::uint64_t number, unsigned bytes) {
  return bytes >= 8 ? number : number & ((std::uint64_t{1} << 8 * bytes) - 1);
}

std::uint64_t extended(std::uint64_t number, unsigned bytes) {
  if (bytes == 0 || bytes >= 8) return number;
  unsigned unused = 64 - 8 * bytes;
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(number << unused) >> unused);
}

bool is_read_only(const Program& program, std::uint64_t address) {
  for (const Mapping& mapping : program.mappings())
    if (address >= mapping.address && address - mapping.address < mapping.size)
      return !mapping.is_writable;
  return false;
}

Value sum(const Value& a, const Value& b) {
  if (a.is_constant() && b.is_constant()) return Value::constant(a.number + b.number);
  const Value& entry = a.is_constant() ? b : a;
  const Value& base = a.is_constant() ? a : b;
  if (!base.is_constant() || (entry.kind != Kind::entry && entry.kind != Kind::offset)) return {};
  Value out = entry;
  out.kind = Kind::offset;
  out.base += base.number;
  return out;
}

Value combined(Op op, std::uint64_t a, std::uint64_t b) {
  switch (op) {
    case Op::sub:
      return Value::constant(a - b);
    case Op::and_:
      return Value::constant(a & b);
    case Op::or_:
      return Value::constant(a | b);
    case Op::xor_:
      return Value::constant(a ^ b);
    case Op::shl:
      return b < 64 ? Value::constant(a << b) : Value{};
    case Op::shr:
      return b < 64 ? Value::constant(a >> b) : Value{};
    case Op::mul:
      return Value::constant(a * b);
    default:
      return {};
  }
}

}  // namespace

Values Values::at_entry(Machine machine) {
  Values values;
  for (std::size_t i = 0; i < (machine == Machine::x86_64 ? 6u : 8u); ++i) {
    std::size_t reg = machine == Machine::x86_64 ? kX86Arguments[i] : i;
    values.registers_[reg] = {Kind::argument, 0, 0, false, i, 0};
  }
  return values;
}

std::uint32_t registers_lost_in_calls(Machine machine) {
  if (machine == Machine::aarch64) return 0x4007ffff;  // x0-x18, x30
  return 1u << x86::rax | 1u << x86::rcx | 1u << x86::rdx | 1u << x86::rsi | 1u << x86::rdi |
         1u << x86::r8 | 1u << x86::r9 | 1u << x86::r10 | 1u << x86::r11;
}

bool Values::meet(const Values& other) {
  bool changed = false;
  for (std::size_t i = 0; i < registers_.size(); ++i) {
    if (registers_[i].kind == Kind::unknown || registers_[i] == other.registers_[i]) continue;
    registers_[i] = {};
    changed = true;
  }
  return changed;
}

std::optional<std::uint64_t> Values::address_of(const Instruction& instruction) const {
  const Memory& memory = instruction.memory;
  if (!instruction.has_memory() || memory.segment != 0) return {};
  if (instruction.has_target) return instruction.target;
  if (memory.index != kNoRegister && !of(memory.index).is_constant()) return {};
  auto displacement = static_cast<std::uint64_t>(std::int64_t{memory.displacement});
  std::uint64_t address = displacement;
  if (memory.base != kNoRegister) {
    if (!of(memory.base).is_constant()) return {};
    address += of(memory.base).number;
  }
  if (memory.index != kNoRegister) address += of(memory.index).number * memory.scale;
  return address;
}

void Values::step(const Program& program, const Instruction& instruction) {
  if (instruction.op == Op::cmp && instruction.has_immediate)
    compared_ = low_bytes(static_cast<std::uint64_t>(instruction.immediate), instruction.width);
  Value result = result_of(program, instruction);
  std::uint32_t lost = instruction.writes;
  if (instruction.op == Op::call || instruction.op == Op::call_indirect)
    lost |= registers_lost_in_calls(program.machine());
  for (std::size_t i = 0; lost != 0; ++i, lost >>= 1)
    if (lost & 1) registers_[i] = {};
  if (instruction.destination < 32) registers_[instruction.destination] = result;
}

// Of the table that base and index name, or of the one word that the address names.
Value Values::loaded(const Program& program, const Instruction& instruction) const {
  bool is_signed = instruction.op == Op::sign_extend;
  const Memory& memory = instruction.memory;
  // With an index it is one of several, even if the path leads to a known one.
  std::optional<std::uint64_t> address =
      memory.index == kNoRegister ? address_of(instruction) : std::nullopt;
  if (address) {
    if (instruction.width == 8 && (program.fixup_at(*address) || !is_read_only(program, *address)))
      return {Kind::word, 8, 0, false, *address, 0};
    ByteView bytes = program.bytes_at(*address, instruction.width);
    if (bytes.size() < instruction.width || !is_read_only(program, *address)) return {};
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      number |= std::uint64_t{bytes.span()[i]} << 8 * i;
    return Value::constant(is_signed ? extended(number, instruction.width) : number);
  }
  if (memory.segment != 0 || memory.index == kNoRegister) return {};
  // Which of the two is the table, the compiler chooses; a scaled register is the index.
  Register table = memory.base, index = memory.index;
  if (memory.scale == 1 && of(index).is_constant()) std::swap(table, index);
  auto displacement = static_cast<std::uint64_t>(std::int64_t{memory.displacement});
  if (table != kNoRegister && !of(table).is_constant()) return {};
  std::uint64_t at = displacement + (table == kNoRegister ? 0 : of(table).number);
  return {Kind::entry, instruction.width, 0, is_signed, at, 0};
}

Value Values::operand(const Instruction& instruction) const {
  if (instruction.has_immediate)
    return Value::constant(static_cast<std::uint64_t>(instruction.immediate));
  if (instruction.has_memory() || instruction.modified) {
    // A signed or unsigned entry of a jump table, scaled while it is added.
    Value value = of(instruction.source2);
    if (instruction.has_memory() || value.kind != Kind::entry) return {};
    value.shift = instruction.shift;
    return value;
  }
  Value value = of(instruction.source2);
  if (value.is_constant()) value.number <<= instruction.shift;
  if (value.kind == Kind::entry) value.shift = instruction.shift;
  return value;
}

Value Values::moved(const Program& program, const Instruction& instruction) const {
  if (instruction.has_memory()) return loaded(program, instruction);
  if (instruction.source == kNoRegister) {
    if (instruction.has_immediate)
      return Value::constant(static_cast<std::uint64_t>(instruction.immediate));
    return {};
  }
  if (instruction.source == arm::zr) return Value::constant(0);
  return of(instruction.source);
}

Value Values::result_of(const Program& program, const Instruction& instruction) const {
  bool narrow = instruction.width < 4;
  bool reads_memory = instruction.memory.access == Access::read;
  const Value& source = of(instruction.source);
  Value out;
  switch (instruction.op) {
    case Op::lea:
      if (std::optional<std::uint64_t> address = address_of(instruction))
        return Value::constant(*address);
      if (instruction.memory.base < 32 && instruction.memory.index < 32 &&
          instruction.memory.scale == 1 && instruction.memory.displacement == 0)
        return sum(of(instruction.memory.base), of(instruction.memory.index));
      return {};
    case Op::mov:
      if (narrow) return {};
      out = moved(program, instruction);
      break;
    case Op::zero_extend:
      if (reads_memory) return loaded(program, instruction);
      if (source.is_constant()) return Value::constant(low_bytes(source.number, instruction.width));
      return source.kind == Kind::entry && source.size <= instruction.width ? source : Value{};
    case Op::sign_extend:
      if (reads_memory) return loaded(program, instruction);
      if (source.is_constant()) return Value::constant(extended(source.number, instruction.width));
      if (source.kind != Kind::entry || source.size != instruction.width) return {};
      out = source;
      out.is_signed = true;
      return out;
    case Op::mov_keep:
      if (!source.is_constant()) return {};
      return Value::constant((source.number & ~(std::uint64_t{0xffff} << instruction.shift)) |
                             static_cast<std::uint64_t>(instruction.immediate)
                                 << instruction.shift);
    case Op::add:
      if (narrow) return {};
      out = instruction.has_memory() ? sum(source, loaded(program, instruction))
                                     : sum(source, operand(instruction));
      break;
    case Op::xor_:
    case Op::sub:
      if (!narrow && instruction.source == instruction.source2 && !instruction.has_memory())
        return Value::constant(0);
      [[fallthrough]];
    case Op::and_:
    case Op::or_:
    case Op::shl:
    case Op::shr:
    case Op::mul: {
      Value second = operand(instruction);
      if (narrow || instruction.has_memory() || instruction.modified || !source.is_constant() ||
          !second.is_constant())
        return {};
      out = combined(instruction.op, source.number, second.number);
      break;
    }
    case Op::inc:
    case Op::dec:
      if (narrow || !source.is_constant()) return {};
      out = Value::constant(source.number + (instruction.op == Op::inc ? 1 : ~std::uint64_t{0}));
      break;
    default:
      return {};
  }
  if (out.is_constant()) out.number = low_bytes(out.number, instruction.width);
  return out;
}

}  // namespace fathom::code
