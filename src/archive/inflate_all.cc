#include <libdeflate.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "archive/stream.h"

namespace fathom::archive {
namespace {

constexpr std::uint64_t kFastOutput = 64 * kMiB;
constexpr std::uint64_t kDeflateRatio = 1032;  // deflate cannot do better

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};

// One gzip member with nothing behind it, about twice as fast as zlib. Whatever is not that simple
// is left to the streaming decoder, which says precisely what is wrong.
std::optional<Bytes> inflate_single_gzip(ByteView compressed, const InflateLimits& limits) {
  if (compressed.size() < 18) return std::nullopt;
  const Result<std::uint32_t> size = compressed.read<std::uint32_t>(compressed.size() - 4);
  if (!size || *size > std::min(kFastOutput, limits.output)) return std::nullopt;
  const std::uint64_t ratio = *size / compressed.size();
  if (ratio > kDeflateRatio || (*size > limits.ratio_from && ratio > limits.ratio))
    return std::nullopt;
  std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  if (decompressor == nullptr) return std::nullopt;
  Bytes out(std::max<std::size_t>(*size, 1));
  std::size_t taken = 0;
  std::size_t given = 0;
  const libdeflate_result status =
      libdeflate_gzip_decompress_ex(decompressor.get(), compressed.span().data(), compressed.size(),
                                    out.data(), *size, &taken, &given);
  if (status != LIBDEFLATE_SUCCESS || taken != compressed.size()) return std::nullopt;
  out.resize(given);
  return out;
}

}  // namespace

Inflated inflate_all(ByteView compressed, Compression compression, const InflateLimits& limits) {
  Inflated all;
  if (compression == Compression::gzip) {
    if (std::optional<Bytes> bytes = inflate_single_gzip(compressed, limits)) {
      all.bytes = std::move(*bytes);
      return all;
    }
  }
  std::unique_ptr<ByteSource> source = decompress(source_of(compressed), compression, limits);
  Bytes piece(64 * kKiB);
  for (;;) {
    Result<std::size_t> got = source->read(piece);
    if (!got) all.problems.push_back(std::move(got).error());
    if (!got || *got == 0) return all;
    const auto part = std::span(piece).first(*got);
    all.bytes.insert(all.bytes.end(), part.begin(), part.end());
  }
}

}  // namespace fathom::archive
