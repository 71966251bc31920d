#include "code/printable.h"

#include <algorithm>
#include <span>

namespace fathom::code {

namespace {

// The size of the UTF-8 character at the start of `bytes`, 0 when it is no printable one.
std::size_t character(std::span<const std::uint8_t> bytes) {
  std::uint8_t first = bytes[0];
  if (first < 0x80)
    return (first >= 0x20 && first != 0x7f) || first == '\t' || first == '\n' || first == '\r' ||
                   first == 0x1b
               ? 1
               : 0;
  std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((bytes[i] & 0xc0) != 0x80) return 0;
  return size;
}

// How many bytes are printable from the start on, at most `most`.
std::size_t printable_bytes(std::span<const std::uint8_t> bytes, std::size_t most) {
  std::size_t at = 0;
  most = std::min(most, bytes.size());
  while (at < most) {
    std::size_t size = character(bytes.subspan(at));
    if (size == 0) break;
    at += size;
  }
  return std::min(at, most);
}

}  // namespace

std::size_t terminated_text(ByteView bytes, std::uint64_t most) {
  std::size_t size = printable_bytes(bytes.span(), most);
  return size < bytes.size() && bytes.span()[size] == 0 ? size : 0;
}

bool is_text_of(ByteView bytes, std::uint64_t size) {
  return size >= kShortestText && size <= kLongestSizedText && bytes.size() >= size &&
         printable_bytes(bytes.span(), size) == size;
}

}  // namespace fathom::code
