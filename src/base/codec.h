// A compact binary form for plain values, written and read by the same description:
//
//   template <class Codec>
//   void describe(Codec& codec, Entry& entry) { codec(entry.path, entry.size, entry.digest); }
//
//   std::string bytes = encode(entry);
//   Result<Entry> back = decode<Entry>(bytes);
//
// Unsigned numbers are LEB128 varints, signed ones zigzag, texts and lists length-prefixed. The
// decoder is safe on any bytes: a length is held against what is left before anything is
// allocated, and after the first error every read yields an empty value.

#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"

namespace fathom {

class Encoder {
 public:
  template <class... T>
  void operator()(T&... values) {
    (put(values), ...);
  }
  std::string take() { return std::move(out_); }

 private:
  void put_varint(std::uint64_t v) {
    for (; v >= 0x80; v >>= 7) out_ += static_cast<char>(v | 0x80);
    out_ += static_cast<char>(v);
  }
  template <class T>
  void put(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      out_ += value ? '\1' : '\0';
    } else if constexpr (std::is_enum_v<T>) {
      put_varint(static_cast<std::uint64_t>(value));
    } else if constexpr (std::unsigned_integral<T>) {
      put_varint(value);
    } else if constexpr (std::signed_integral<T>) {
      auto v = static_cast<std::int64_t>(value);
      put_varint(static_cast<std::uint64_t>(v) << 1 ^ static_cast<std::uint64_t>(v >> 63));
    } else {
      describe(*this, value);
    }
  }
  void put(std::string& text) {
    put_varint(text.size());
    out_ += text;
  }
  template <class T>
  void put(std::vector<T>& list) {
    put_varint(list.size());
    for (T& item : list) put(item);
  }
  template <class A, class B>
  void put(std::pair<A, B>& both) {
    put(both.first);
    put(both.second);
  }
  template <class T>
  void put(std::optional<T>& maybe) {
    bool has = maybe.has_value();
    put(has);
    if (has) put(*maybe);
  }

  std::string out_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  template <class... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  void fail() {
    failed_ = true;
    rest_ = {};
  }
  // Descriptions of nested types hold their depth against this.
  bool enter() { return ++depth_ <= kMostDepth || (fail(), false); }
  void leave() { --depth_; }

 private:
  static constexpr int kMostDepth = 32;
  static constexpr std::size_t kMostReserved = 32;  // bytes of an element

  std::uint64_t get_varint() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      auto byte = static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      v |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return v;
    }
    fail();
    return 0;
  }
  std::size_t get_count() {
    std::uint64_t n = get_varint();
    if (n > rest_.size()) {  // every element takes at least one byte
      fail();
      return 0;
    }
    return static_cast<std::size_t>(n);
  }
  template <class T>
  void get(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      std::uint64_t v = get_varint();
      if (v > 1) fail();
      value = v == 1;
    } else if constexpr (std::is_enum_v<T>) {
      std::uint64_t v = get_varint();
      if (v > 0xff) fail();
      value = static_cast<T>(failed_ ? 0 : v);
    } else if constexpr (std::unsigned_integral<T>) {
      std::uint64_t v = get_varint();
      if (v > static_cast<T>(~T{0})) fail();
      value = failed_ ? T{0} : static_cast<T>(v);
    } else if constexpr (std::signed_integral<T>) {
      std::uint64_t v = get_varint();
      value = static_cast<T>(static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1));
    } else {
      describe(*this, value);
    }
  }
  void get(std::string& text) {
    std::size_t n = get_count();
    text.assign(rest_.substr(0, n));
    rest_.remove_prefix(failed_ ? 0 : n);
  }
  template <class T>
  void get(std::vector<T>& list) {
    list.clear();
    std::size_t n = get_count();
    // A byte must not claim much more memory than it may turn out to need.
    if constexpr (sizeof(T) <= kMostReserved) list.reserve(n);
    for (; n > 0 && !failed_; --n) get(list.emplace_back());
  }
  template <class A, class B>
  void get(std::pair<A, B>& both) {
    get(both.first);
    get(both.second);
  }
  template <class T>
  void get(std::optional<T>& maybe) {
    bool has = false;
    get(has);
    if (has && !failed_) get(maybe.emplace());
  }

  std::string_view rest_;
  int depth_ = 0;
  bool failed_ = false;
};

template <class T>
std::string encode_value(const T& value) {
  Encoder encoder;
  encoder(const_cast<T&>(value));  // describe() serves both directions and only reads here
  return encoder.take();
}

template <class T>
Result<T> decode_value(std::string_view bytes) {
  Decoder decoder(bytes);
  T value{};
  decoder(value);
  if (decoder.failed() || !decoder.at_end())
    return Error{ErrorCode::malformed, "encoded value does not decode"};
  return value;
}

}  // namespace fathom
