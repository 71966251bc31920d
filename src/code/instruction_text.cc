// Instructions as text, for people. One form for both machines: operation, destination, sources.

#include <array>

#include "base/text.h"
#include "code/decoder.h"

namespace fathom::code {

namespace {

constexpr std::array<std::string_view, kOps> kNames = {
    "(bad)",         "nop",         "landing", "mov",           "mov_keep",
    "zero_extend",   "sign_extend", "lea",     "load_pair",     "store_pair",
    "push",          "pop",         "leave",   "xchg",          "add",
    "sub",           "adc",         "sbb",     "and",           "or",
    "xor",           "not",         "neg",     "inc",           "dec",
    "shl",           "shr",         "sar",     "rotate",        "bitfield",
    "bits",          "mul",         "div",     "cmp",           "test",
    "set",           "cmov",        "string",  "atomic",        "prefetch",
    "fence",         "jump",        "jump_if", "jump_indirect", "call",
    "call_indirect", "ret",         "syscall", "interrupt",     "trap",
    "system",        "vector",      "other"};
static_assert(kNames.back() == "other");

std::string signed_hex(std::int64_t value) {
  if (value >= 0) return hex_number(static_cast<std::uint64_t>(value));
  return "-" + hex_number(-static_cast<std::uint64_t>(value));
}

std::string memory_text(Machine machine, const Instruction& instruction) {
  const Memory& memory = instruction.memory;
  std::string out = memory.segment ? std::string(1, memory.segment) + "s:[" : "[";
  if (instruction.has_target) return out + hex_number(instruction.target) + "]";
  std::string inside;
  if (memory.base != kNoRegister) inside = register_name(machine, memory.base);
  if (memory.index != kNoRegister) {
    inside += (inside.empty() ? "" : " + ") + register_name(machine, memory.index);
    if (memory.scale != 1) inside += "*" + std::to_string(memory.scale);
  }
  if (memory.displacement < 0)
    inside += " - " + hex_number(-static_cast<std::uint64_t>(std::int64_t{memory.displacement}));
  else if (memory.displacement > 0 || inside.empty())
    inside +=
        (inside.empty() ? "" : " + ") + hex_number(static_cast<std::uint64_t>(memory.displacement));
  return out + inside + "]";
}

bool memory_comes_first(const Instruction& instruction) {
  Access access = instruction.memory.access;
  return access == Access::write || access == Access::read_write;
}

}  // namespace

std::string_view name_of(Op op) { return kNames[static_cast<std::size_t>(op)]; }

std::string register_name(Machine machine, Register reg) {
  constexpr std::array<std::string_view, 16> kX86 = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                                     "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                                     "r12", "r13", "r14", "r15"};
  if (reg == kPc) return "pc";
  if (reg == kNoRegister) return "-";
  if (machine == Machine::x86_64) return std::string(kX86[reg & 15]);
  if (reg == arm::sp) return "sp";
  return reg == arm::zr ? "zr" : "x" + std::to_string(reg);
}

std::string describe(Machine machine, const Instruction& instruction) {
  std::string out(name_of(instruction.op));
  std::string_view separator = " ";
  auto add = [&](const std::string& text) {
    out += std::string(separator) + text;
    separator = ", ";
  };
  bool memory_first = memory_comes_first(instruction);
  if (instruction.is_branch() && instruction.has_target && !instruction.has_memory())
    add(hex_number(instruction.target));
  if (instruction.destination != kNoRegister) add(register_name(machine, instruction.destination));
  if (instruction.has_memory() && memory_first) add(memory_text(machine, instruction));
  if (instruction.source != kNoRegister) add(register_name(machine, instruction.source));
  if (instruction.has_memory() && !memory_first) add(memory_text(machine, instruction));
  if (instruction.source2 != kNoRegister) add(register_name(machine, instruction.source2));
  if (instruction.has_immediate) add(signed_hex(instruction.immediate));
  return out;
}

}  // namespace fathom::code
