// ByteView is a window on bytes somebody else owns. Every access is checked; there is no way to
// reach past the end, and no pointer arithmetic outside this file.

#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace fathom {

using Bytes = std::vector<std::uint8_t>;

class ByteView {
 public:
  constexpr ByteView() = default;
  constexpr ByteView(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  ByteView(const Bytes& bytes) : bytes_(bytes) {}
  static ByteView of(std::string_view text) {
    return ByteView({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }

  std::uint64_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  std::span<const std::uint8_t> span() const { return bytes_; }
  std::string_view as_text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  // The `size` bytes from `offset` on.
  Result<ByteView> slice(std::uint64_t offset, std::uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset)
      return Error{ErrorCode::truncated, "wanted " + std::to_string(size) + " bytes at offset " +
                                             std::to_string(offset) + " of " +
                                             std::to_string(bytes_.size())};
    return ByteView(bytes_.subspan(offset, size));
  }

  // Everything from `offset` on.
  Result<ByteView> from(std::uint64_t offset) const {
    return slice(offset, offset > bytes_.size() ? 0 : bytes_.size() - offset);
  }

  // As much of [offset, offset + size) as is there; empty when nothing is.
  ByteView clamped(std::uint64_t offset, std::uint64_t size) const {
    if (offset >= bytes_.size()) return {};
    return ByteView(bytes_.subspan(offset, std::min<std::uint64_t>(size, bytes_.size() - offset)));
  }

  bool starts_with(std::string_view magic) const { return as_text().starts_with(magic); }
  // Whether `magic` stands at `offset`.
  bool has_at(std::uint64_t offset, std::string_view magic) const {
    return clamped(offset, magic.size()).as_text() == magic;
  }

  // A value in this machine's byte order (little-endian) at `offset`.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  Result<T> read(std::uint64_t offset) const {
    if (offset > bytes_.size() || sizeof(T) > bytes_.size() - offset)
      return slice(offset, sizeof(T)).error();  // says why; all else is short enough to be inlined
    T value;
    std::memcpy(&value, bytes_.subspan(offset, sizeof(T)).data(), sizeof(T));
    return value;
  }

  // A big-endian integer at `offset`.
  template <std::unsigned_integral T>
  Result<T> read_big(std::uint64_t offset) const {
    ByteView at = TRY(slice(offset, sizeof(T)));
    T value = 0;
    for (std::uint8_t byte : at.bytes_) value = static_cast<T>(std::uint64_t{value} << 8 | byte);
    return value;
  }

  // The NUL-terminated text at `offset`.
  Result<std::string_view> read_cstring(std::uint64_t offset) const {
    if (offset > bytes_.size()) return Error{ErrorCode::truncated, "string starts past the end"};
    std::string_view rest = as_text().substr(offset);
    std::size_t end = rest.find('\0');
    if (end == rest.npos) return Error{ErrorCode::truncated, "string is not terminated"};
    return rest.substr(0, end);
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace fathom
