// The first byte chooses the format and the size of the pieces; the two ways to decompress must
// agree on the bytes.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#include "archive/stream.h"

using namespace fathom::archive;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::array kAll = {Compression::none, Compression::gzip,  Compression::zstd,
                               Compression::xz,   Compression::bzip2, Compression::lzma};
  const fathom::ByteView bytes(std::span(data + 1, size - 1));
  const Compression sniffed = sniff_compression(bytes);
  const Compression compression =
      sniffed != Compression::none ? sniffed : kAll[data[0] % kAll.size()];
  const InflateLimits limits{.output = 1 << 18};
  auto source = decompress(source_of(bytes), compression, limits);
  fathom::Bytes out;
  fathom::Bytes piece(data[0] < 128 ? 1 << 16 : 100);
  bool failed = false;
  for (;;) {
    const auto got = source->read(piece);
    failed = !got;
    if (!got || *got == 0) break;
    out.insert(out.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*got));
  }
  const Inflated all = inflate_all(bytes, compression, limits);
  if (all.bytes != out || all.problems.empty() == failed) std::abort();
  return 0;
}
