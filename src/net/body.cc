#include "net/body.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::net {
namespace {

constexpr std::size_t kMostChunkLine = 4096;  // size and extensions
constexpr std::size_t kMostTrailerBytes = 16 * 1024;

}  // namespace

Error Wire::fail(Trouble trouble, ErrorCode code, std::string message) {
  trouble_ = trouble;
  at_end_ = false;
  return {code, std::move(message)};
}

Error Wire::too_slow() {
  return fail(Trouble::timeout, ErrorCode::io,
              "the server sends too slowly: less than " + human_bytes(patience_.least_bytes) +
                  " within " + std::to_string(patience_.silence.count() / 1000) + " s");
}

Done Wire::write(std::string_view bytes) {
  Done done = transport_->write(bytes, Clock::now() + patience_.silence);
  if (!done) return fail(transport_->trouble(), done.error().code, done.error().message);
  return Ok{};
}

Result<std::size_t> Wire::receive_until(std::span<std::uint8_t> into, Deadline by) {
  Result<std::size_t> got = transport_->read(into, by);
  if (!got) return fail(transport_->trouble(), got.error().code, got.error().message);
  return got;
}

// For bodies: one byte now and then must not hold the scan for ever.
Result<std::size_t> Wire::receive(std::span<std::uint8_t> into) {
  const Clock::time_point before = Clock::now();
  const std::size_t n = TRY(receive_until(into, before + patience_.silence));
  TRY(keep_pace(Clock::now() - before, n));
  return n;
}

Done Wire::keep_pace(Clock::duration waited, std::size_t bytes) {
  waited_ += waited;
  moved_ += bytes;
  if (moved_ >= patience_.least_bytes) {
    moved_ = 0;
    waited_ = {};
  } else if (waited_ > patience_.silence) {
    return too_slow();
  }
  return Ok{};
}

Result<ResponseHead> Wire::read_head() {
  std::string text;
  const Deadline by = Clock::now() + patience_.silence;
  for (;;) {
    const std::size_t search_from = text.size() < 3 ? 0 : text.size() - 3;
    text.append(ByteView(buffer_).clamped(from_, to_ - from_).as_text());
    const std::size_t end = text.find("\r\n\r\n", search_from);
    if (end != text.npos) {
      from_ = to_ - (text.size() - end - 4);
      text.resize(end + 4);
      break;
    }
    if (text.size() > kMostHeadBytes)
      return fail(Trouble::protocol, ErrorCode::limit_exceeded,
                  "the head of the response is larger than the limit");
    from_ = 0;
    to_ = 0;
    const std::size_t n = TRY(receive_until(buffer_, by));
    if (n == 0 && text.empty())
      return fail(Trouble::cut, ErrorCode::not_found, "the server closed the connection");
    if (n == 0)
      return fail(Trouble::cut, ErrorCode::truncated,
                  "the connection ended inside of a response's head");
    to_ = n;
  }
  Result<ResponseHead> head = parse_response_head(text);
  if (!head) return fail(Trouble::protocol, head.error().code, head.error().message);
  return head;
}

void Wire::begin_body(const Framing& framing) {
  framing_ = framing;
  left_ = framing.kind == Framing::Kind::length ? framing.length : 0;
  first_chunk_ = true;
  at_end_ = framing.kind == Framing::Kind::none;
  moved_ = 0;
  waited_ = {};
}

// From the buffer, else straight from the connection.
Result<std::size_t> Wire::take(std::span<std::uint8_t> into, std::uint64_t most) {
  into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), most)));
  if (from_ == to_) return receive(into);
  const std::size_t n = std::min(into.size(), to_ - from_);
  std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(from_), n, into.begin());
  from_ += n;
  return n;
}

Result<std::size_t> Wire::read_body(std::span<std::uint8_t> into) {
  if (at_end_ || into.empty()) return std::size_t{0};
  if (framing_.kind == Framing::Kind::until_close) {
    const std::size_t n = TRY(take(into, into.size()));
    at_end_ = n == 0;
    return n;
  }
  if (framing_.kind == Framing::Kind::chunked && left_ == 0) {
    TRY(next_chunk());
    if (at_end_) return std::size_t{0};
  }
  const std::size_t n = TRY(take(into, left_));
  if (n == 0)
    return fail(Trouble::cut, ErrorCode::truncated,
                "the connection ended in the middle of the body");
  left_ -= n;
  if (framing_.kind == Framing::Kind::length) at_end_ = left_ == 0;
  return n;
}

Result<std::string> Wire::read_line() {
  std::string line;
  for (;;) {
    if (from_ == to_) {
      from_ = 0;
      to_ = 0;
      const std::size_t n = TRY(receive(buffer_));
      if (n == 0)
        return fail(Trouble::cut, ErrorCode::truncated,
                    "the connection ended in the middle of the body");
      to_ = n;
    }
    const char c = static_cast<char>(buffer_[from_++]);
    if (c == '\n' && line.ends_with('\r')) {
      line.pop_back();
      return line;
    }
    if (c == '\n' || line.ends_with('\r'))
      return fail(Trouble::protocol, ErrorCode::malformed, "a broken line end in a chunked body");
    line += c;
    if (line.size() > kMostChunkLine)
      return fail(Trouble::protocol, ErrorCode::limit_exceeded,
                  "a line of a chunked body is too long");
  }
}

// chunk-size [extensions] CRLF data CRLF …, 0 CRLF trailers CRLF
Done Wire::next_chunk() {
  if (!first_chunk_) {
    const std::string end = TRY(read_line());
    if (!end.empty())
      return fail(Trouble::protocol, ErrorCode::malformed, "a chunk that is longer than it says");
  }
  first_chunk_ = false;
  const std::string line = TRY(read_line());
  const std::string_view size = trim(std::string_view(line).substr(0, line.find(';')));
  const std::optional<std::uint64_t> length =
      size.size() <= 15 ? parse_unsigned(size, 16) : std::nullopt;
  if (!length)
    return fail(Trouble::protocol, ErrorCode::malformed, "a chunk whose size is no number");
  left_ = *length;
  if (left_ > 0) return Ok{};
  for (std::size_t bytes = 0;;) {
    const std::string trailer = TRY(read_line());
    if (trailer.empty()) break;
    bytes += trailer.size();
    if (bytes > kMostTrailerBytes)
      return fail(Trouble::protocol, ErrorCode::limit_exceeded, "too many trailers");
  }
  at_end_ = true;
  return Ok{};
}

}  // namespace fathom::net
