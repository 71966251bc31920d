// TarReader: the content of an entry is never longer than its size, and the sizes of what is read
// do not depend on how it is read.

#include <cstdint>
#include <cstdlib>

#include "archive/tar.h"

using namespace fathom;
using namespace fathom::archive;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Limits limits;
  limits.image_inflated = 1 << 22;
  limits.sparse_regions = 1000;
  const ByteView bytes(std::span(data, size));
  auto source = source_of(bytes);
  TarReader reader(*source, limits);
  auto other_source = source_of(bytes);
  TarReader other(*other_source, limits);
  Bytes piece(1000);
  for (;;) {
    const auto entry = reader.next();
    const auto same = other.next();
    if (entry.has_value() != same.has_value()) std::abort();
    if (!entry) break;
    if (entry->has_value() != same->has_value()) std::abort();
    if (!*entry) break;
    if ((*entry)->path != (*same)->path || (*entry)->content_offset > size) std::abort();
    std::uint64_t total = 0;
    for (;;) {
      const auto got = reader.read(piece);
      if (!got || *got == 0) break;
      total += *got;
    }
    if (total > (*entry)->size) std::abort();
  }
  if (reader.problems().size() > limits.problems) std::abort();
  return 0;
}
