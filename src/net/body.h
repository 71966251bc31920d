// The bytes of one connection: a head, then a body up to where its framing says it ends.

#pragma once

#include <memory>

#include "base/bytes.h"
#include "net/message.h"
#include "net/transport.h"

namespace fathom::net {

// How long a server may take. Only time spent waiting counts: a reader that stops to think does
// not make the server slow.
struct Patience {
  std::chrono::milliseconds connect{10'000};  // until a connection, with TLS, stands
  std::chrono::milliseconds silence{30'000};  // until the next byte
  // Of a body at least this many bytes within each `silence` of waiting, the head within one.
  std::uint64_t least_bytes = 16 * 1024;
};

class Wire {
 public:
  Wire(std::unique_ptr<Transport> transport, const Patience& patience)
      : transport_(std::move(transport)), patience_(patience), buffer_(kPiece) {}

  Done write(std::string_view bytes);
  // The next head. Nothing has come at all (a kept connection that the server had closed):
  // ErrorCode::not_found.
  Result<ResponseHead> read_head();
  void begin_body(const Framing& framing);
  // Fills a part of `into`; 0 at the end of the body. A connection that ends before is an error of
  // Trouble::cut.
  Result<std::size_t> read_body(std::span<std::uint8_t> into);
  bool at_end() const { return at_end_; }
  Trouble trouble() const { return trouble_; }

 private:
  static constexpr std::size_t kPiece = 1 << 16;

  Result<std::size_t> receive(std::span<std::uint8_t> into);
  Result<std::size_t> receive_until(std::span<std::uint8_t> into, Deadline by);
  Done keep_pace(Clock::duration waited, std::size_t bytes);
  Result<std::string> read_line();
  Result<std::size_t> take(std::span<std::uint8_t> into, std::uint64_t most);
  Done next_chunk();
  Error fail(Trouble trouble, ErrorCode code, std::string message);
  Error too_slow();

  std::unique_ptr<Transport> transport_;
  Patience patience_;
  Bytes buffer_;
  std::size_t from_ = 0, to_ = 0;  // what is in the buffer and not yet taken
  Framing framing_;
  std::uint64_t left_ = 0;  // of the body, or of the chunk
  bool first_chunk_ = true;
  bool at_end_ = true;
  Clock::duration waited_{};
  std::uint64_t moved_ = 0;
  Trouble trouble_ = Trouble::none;
};

}  // namespace fathom::net
