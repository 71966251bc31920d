// A source with look-ahead: what has been read from it and not yet been used.

#pragma once

#include <cstdint>
#include <span>

#include "archive/stream.h"

namespace fathom::archive {

class Input {
 public:
  // `from` must outlive this.
  explicit Input(ByteSource& from) : from_(from), buffer_(kPiece) {}

  std::span<const std::uint8_t> ready() const {
    return std::span(buffer_).subspan(begin_, end_ - begin_);
  }
  // Where ready() starts, from the start of the source.
  std::uint64_t position() const { return position_; }
  void take(std::size_t size);

  // Makes `size` bytes ready (at most kPiece), fewer only at the end of the source.
  Done want(std::size_t size);
  // As ByteSource::read; past the buffer where that saves a copy.
  Result<std::size_t> read(std::span<std::uint8_t> into);
  // Drops up to `size` bytes; returns how many there were.
  Result<std::uint64_t> skip(std::uint64_t size);

  // Large pieces: inflate's fast loop runs only while there is room on both sides.
  static constexpr std::size_t kPiece = 256 * kKiB;

 private:
  ByteSource& from_;
  Bytes buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t position_ = 0;
  bool at_end_ = false;
};

}  // namespace fathom::archive
