// Result<T> is how fathom says "this could not be done, and here is why".
//
// Everything we read is hostile, so failing to parse is an ordinary outcome, not an exceptional
// one: it is a value that the caller must look at. The names follow std::expected, so that the day
// the project moves to C++23 this file can become two using-declarations.
//
//   Result<Header> read_header(ByteView bytes) {
//     std::uint32_t magic = TRY(bytes.read<std::uint32_t>(0));
//     if (magic != kMagic) return Error{ErrorCode::malformed, "not a Foo file"};
//     ...
//   }

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace fathom {

enum class ErrorCode {
  truncated,       // the input ends before the thing we were told is there
  malformed,       // the input contradicts its own format
  unsupported,     // well-formed, but not handled (yet)
  limit_exceeded,  // handling it would break a bound of base/limits.h
  not_found,
  io,       // the operating system or the network said no
  usage,    // what the user asked for makes no sense
  crashed,  // the confined child died while working on it
};

// The enumerator's name: "limit_exceeded".
std::string_view name_of(ErrorCode code);

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::malformed;
  std::string message;

  // Prepends where it happened: "usr/bin/app: .dynsym: index 7 out of range".
  Error in(std::string_view place) && {
    message.insert(0, std::string(place) + ": ");
    return std::move(*this);
  }
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

  T value_or(T fallback) && { return has_value() ? std::move(*this).value() : std::move(fallback); }

  // Adds a place to the error, if it is one: TRY(read(x).in("manifest")).
  Result in(std::string_view place) && {
    if (has_value()) return std::move(*this);
    return std::move(*this).error().in(place);
  }

 private:
  std::variant<T, Error> state_;
};

struct Ok {};
using Done = Result<Ok>;  // success without a value

}  // namespace fathom

// TRY(expr): its value, or return its error; never one of several arguments (scripts/check_try.py).
#define TRY(expr)                                            \
  (__extension__({                                           \
    auto&& try_result_ = (expr);                             \
    if (!try_result_) return std::move(try_result_).error(); \
    std::move(try_result_).value();                          \
  }))
