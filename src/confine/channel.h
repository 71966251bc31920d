// Messages between the parent and its confined child, over one socket pair: a type, a payload, and
// at most one descriptor. The parent trusts nothing in them: lengths are bounded, payloads are
// decoded by checked codecs.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"

namespace fathom::confine {

// An owned descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

struct Message {
  std::uint32_t type = 0;
  std::string payload;
  Fd fd;  // when one came along
};

class Channel {
 public:
  explicit Channel(Fd socket, const Limits& limits = {})
      : socket_(std::move(socket)), limits_(limits) {}

  // An error when the other side is gone. `fd`, when not negative, is sent along (still the
  // caller's to close).
  Done send(std::uint32_t type, std::string_view payload, int fd = -1);

  // Waits for a message; nothing when the other side has closed. Waits at most `timeout_ms` for
  // the first byte (-1: for ever); ErrorCode::io with "no message for …" when that passes.
  Result<std::optional<Message>> receive(int timeout_ms = -1);

 private:
  Done read_exactly(char* into, std::size_t size, Fd* fd);

  Fd socket_;
  Limits limits_;
};

}  // namespace fathom::confine
