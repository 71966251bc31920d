#include "archive/input.h"

#include <algorithm>
#include <utility>

namespace fathom::archive {

void Input::take(std::size_t size) {
  begin_ += size;
  position_ += size;
}

Done Input::want(std::size_t size) {
  if (end_ - begin_ >= size) return Ok{};
  std::ranges::copy(ready(), buffer_.begin());
  end_ -= std::exchange(begin_, 0);
  while (end_ < size && !at_end_) {
    const std::size_t got = TRY(from_.read(std::span(buffer_).subspan(end_)));
    at_end_ = got == 0;
    end_ += got;
  }
  return Ok{};
}

Result<std::size_t> Input::read(std::span<std::uint8_t> into) {
  if (ready().empty() && into.size() >= kPiece && !at_end_) {
    const std::size_t got = TRY(from_.read(into));
    at_end_ = got == 0;
    position_ += got;
    return got;
  }
  TRY(want(1));
  const std::size_t size = std::min(into.size(), ready().size());
  std::ranges::copy(ready().first(size), into.begin());
  take(size);
  return size;
}

Result<std::uint64_t> Input::skip(std::uint64_t size) {
  std::uint64_t skipped = 0;
  while (skipped < size) {
    TRY(want(1));
    if (ready().empty()) break;
    const std::uint64_t part = std::min<std::uint64_t>(size - skipped, ready().size());
    take(part);
    skipped += part;
  }
  return skipped;
}

}  // namespace fathom::archive
