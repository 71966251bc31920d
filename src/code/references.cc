#include "code/references.h"

#include <algorithm>
#include <bit>

#include "code/printable.h"
#include "code/reference_reader.h"
#include "code/values.h"

namespace fathom::code {

std::optional<std::uint64_t> References::in_register(const CallSite& site, Register reg) const {
  if (reg >= 32 || !(site.known >> reg & 1)) return {};
  std::uint32_t before = site.known & ((std::uint32_t{1} << reg) - 1);
  return arguments[site.first_argument + static_cast<std::size_t>(std::popcount(before))];
}

std::optional<std::uint64_t> References::argument(Machine machine, const CallSite& site,
                                                  std::size_t position) const {
  std::span<const Register> order = c_arguments(machine);
  return position < order.size() ? in_register(site, order[position]) : std::nullopt;
}

std::optional<std::uint64_t> References::go_argument(Machine machine, const CallSite& site,
                                                     std::size_t position) const {
  std::span<const Register> order = go_arguments(machine);
  return position < order.size() ? in_register(site, order[position]) : std::nullopt;
}

const SourceRecord* References::record_at(std::uint64_t address) const {
  auto at = std::lower_bound(
      records.begin(), records.end(), address,
      [](const SourceRecord& record, std::uint64_t wanted) { return record.address < wanted; });
  return at != records.end() && at->address == address ? &*at : nullptr;
}

References find_references(const Program& program, const Functions& functions,
                           const Limits& limits) {
  return ReferenceReader(program, functions, limits).run();
}

std::string_view text_at(const Program& program, std::uint64_t address, const Limits& limits) {
  ByteView bytes = program.bytes_at(address, limits.text_bytes + 1);
  return bytes.as_text().substr(0, terminated_text(bytes, limits.text_bytes));
}

std::string_view text_of(const Program& program, const Reference& reference) {
  return program.bytes_at(reference.value, reference.size).as_text();
}

std::span<const Register> c_arguments(Machine machine) {
  static constexpr std::array<Register, 8> kArm = {0, 1, 2, 3, 4, 5, 6, 7};
  return machine == Machine::x86_64 ? std::span<const Register>(kX86Arguments)
                                    : std::span<const Register>(kArm);
}

std::span<const Register> go_arguments(Machine machine) {
  static constexpr std::array<Register, 9> kX86 = {x86::rax, x86::rbx, x86::rcx, x86::rdi, x86::rsi,
                                                   x86::r8,  x86::r9,  x86::r10, x86::r11};
  static constexpr std::array<Register, 16> kArm = {0, 1, 2,  3,  4,  5,  6,  7,
                                                    8, 9, 10, 11, 12, 13, 14, 15};
  return machine == Machine::x86_64 ? std::span<const Register>(kX86)
                                    : std::span<const Register>(kArm);
}

}  // namespace fathom::code
