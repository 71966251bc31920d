// Bytes that are read once, front to back, and the decompressors over them.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"

namespace fathom::archive {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills a part of `into`, at least one byte; 0 at the end. After an error every call fails.
  virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
};

// Reads a view; the bytes must outlive it.
std::unique_ptr<ByteSource> source_of(ByteView bytes);

// Reads until `into` is full or the end; returns the number of bytes.
Result<std::size_t> read_fully(ByteSource& source, std::span<std::uint8_t> into);
// Reads and drops exactly `size` bytes; an earlier end is ErrorCode::truncated.
Done skip(ByteSource& source, std::uint64_t size);

enum class Compression { none, gzip, zstd, xz, bzip2, lzma };
std::string_view name_of(Compression compression);
// By magic; `first_bytes` should hold at least 6.
Compression sniff_compression(ByteView first_bytes);

// Bounds on one decompression. Going over one ends the stream with ErrorCode::limit_exceeded.
struct InflateLimits {
  std::uint64_t output = ~std::uint64_t{0};  // bytes
  std::uint64_t ratio = ~std::uint64_t{0};   // output / input …
  std::uint64_t ratio_from = 64 * kMiB;      // … once this much has come out
};

// Decompresses `from`: all gzip members, zstd frames (skippable ones too) and xz streams one after
// another. Trailing bytes that are no further member are an error *after* the data before them was
// delivered, unless they are all zero. A cut stream delivers what could be decompressed, then
// fails with ErrorCode::truncated. Memory does not grow with the output (zstd windows above
// 128 MiB are refused).
std::unique_ptr<ByteSource> decompress(std::unique_ptr<ByteSource> from, Compression compression,
                                       const InflateLimits& limits);

// The whole of a small compressed buffer. gzip goes through libdeflate.
struct Inflated {
  Bytes bytes;
  std::vector<Error> problems;  // trailing garbage, a cut last member
};
Inflated inflate_all(ByteView compressed, Compression compression, const InflateLimits& limits);

}  // namespace fathom::archive
