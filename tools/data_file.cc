#include <zstd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "advisory_sources.h"

namespace fathom::tools {
namespace {

// Streamed, because a frame made from a pipe does not state its size.
Result<std::string> decompress(const std::string& bytes) {
  constexpr std::size_t kMost = std::size_t{1} << 30;
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(),
                                                                    &ZSTD_freeDStream);
  std::vector<char> piece(ZSTD_DStreamOutSize());
  std::string out;
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  while (in.pos < in.size) {
    ZSTD_outBuffer room{piece.data(), piece.size(), 0};
    std::size_t left = ZSTD_decompressStream(stream.get(), &room, &in);
    if (ZSTD_isError(left) != 0) return Error{ErrorCode::malformed, ZSTD_getErrorName(left)};
    out.append(piece.data(), room.pos);
    if (in.pos == in.size && left != 0 && room.pos < room.size)
      return Error{ErrorCode::truncated, "compressed data ends early"};
    if (out.size() > kMost) return Error{ErrorCode::limit_exceeded, "decompressed data"};
  }
  return out;
}

}  // namespace

Result<std::string> read_data_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::io, "cannot open " + path.string()};
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (path.extension() != ".zst") return bytes;
  return decompress(bytes).in(path.string());
}

}  // namespace fathom::tools
