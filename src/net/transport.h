// A connection as HTTP sees it: bytes in order, and a time by which they must have moved.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/resolve.h"

namespace fathom::net {

// Why something failed, for whoever has to decide what to try next.
enum class Trouble {
  none,
  name,         // the host's name leads nowhere
  connect,      // nobody answers there
  refused,      // we do not go there: a forbidden address or redirect
  not_tls,      // the other side does not speak TLS
  certificate,  // it does, and is not who it should be
  timeout,      // nothing moved for too long
  cut,          // the connection ended too early
  protocol,     // what came is not HTTP
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Fills a part of `into`; 0 when the other side has ended the connection in an orderly way.
  virtual Result<std::size_t> read(std::span<std::uint8_t> into, Deadline by) = 0;
  virtual Done write(std::string_view bytes, Deadline by) = 0;
  // Of the last failure.
  Trouble trouble() const { return trouble_; }

 protected:
  Error fail(Trouble trouble, std::string message) {
    trouble_ = trouble;
    return {ErrorCode::io, std::move(message)};
  }

 private:
  Trouble trouble_ = Trouble::none;
};

// Waits until the descriptor can be read or written; false when `by` passes first.
bool wait_for(int fd, bool to_write, Deadline by);

}  // namespace fathom::net
