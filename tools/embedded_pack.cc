#include "vuln/embedded_pack.h"

#include <cstdint>
#include <span>

// Not declared const char[]: the linker sets their distance, which no declared size can state.
extern "C" {
extern const std::uint8_t fathom_pack_begin;
extern const std::uint8_t fathom_pack_end;
}

namespace fathom::vuln {

ByteView embedded_pack() {
  return ByteView(std::span<const std::uint8_t>(&fathom_pack_begin, &fathom_pack_end));
}

}  // namespace fathom::vuln
