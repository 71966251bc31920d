// The decoders: the first byte chooses the machine; whatever follows, each step advances by the
// length of an instruction that lies inside the bytes.

#include <cstdlib>
#include <vector>

#include "code/decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom::code;
  if (size == 0) return 0;
  Machine machine = data[0] & 1 ? Machine::aarch64 : Machine::x86_64;
  std::span<const std::uint8_t> code(data + 1, size - 1);
  while (!code.empty()) {
    // A buffer of its own, so that a read past the end is seen.
    std::vector<std::uint8_t> exact(
        code.begin(),
        code.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(code.size(), 48)));
    Instruction one = decode(machine, exact, 0x400000);
    if (one.length == 0 || one.length > code.size() || one.length > 15) std::abort();
    if (one.op == Op::invalid && (one.writes != 0 || one.has_target)) std::abort();
    if (describe(machine, one).empty()) std::abort();
    code = code.subspan(one.length);
  }
  return 0;
}
