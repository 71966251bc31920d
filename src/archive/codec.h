// One member (gzip member, zstd frame, xz or bzip2 stream, lzma file) of a compressed stream, fed
// piece by piece. What joins members and holds limits is in stream.cc.

#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "archive/stream.h"

namespace fathom::archive {

class Codec {
 public:
  struct Step {
    std::size_t taken = 0;  // of the input
    std::size_t given = 0;  // to the output
    bool member_end = false;
  };

  virtual ~Codec() = default;
  // Prepares for the first byte of a member.
  virtual Done start() = 0;
  // Neither taken nor given nor at the end: more input is needed.
  virtual Result<Step> step(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) = 0;
};

std::unique_ptr<Codec> make_codec(Compression compression);
// Deflate without any frame around it, as in zip members.
std::unique_ptr<Codec> make_raw_deflate_codec();

}  // namespace fathom::archive
