// Heads and bodies as bytes, each also in pieces of one byte: where a packet ends must not matter.

#include <gtest/gtest.h>

#include "net/body.h"

namespace fathom::net {
namespace {

class Canned : public Transport {
 public:
  Canned(std::string bytes, std::size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
  Result<std::size_t> read(std::span<std::uint8_t> into, Deadline) override {
    const std::size_t n = std::min({into.size(), piece_, bytes_.size() - at_});
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), n, into.begin());
    at_ += n;
    return n;
  }
  Done write(std::string_view, Deadline) override { return Ok{}; }

 private:
  std::string bytes_;
  std::size_t piece_, at_ = 0;
};

// "status|body", and "|!message" where it broke; then what the next response on the connection is.
std::string read_one(Wire& wire) {
  Result<ResponseHead> head = wire.read_head();
  if (!head) return "! " + head.error().message;
  std::string out = std::to_string(head->status) + "|";
  Result<Framing> framing = framing_of(*head);
  if (!framing) return out + "! " + framing.error().message;
  wire.begin_body(*framing);
  Bytes piece(7);
  for (;;) {
    Result<std::size_t> n = wire.read_body(piece);
    if (!n) return out + "|! " + n.error().message;
    if (*n == 0) return out;
    out += ByteView(piece).clamped(0, *n).as_text();
  }
}

std::string exchange(const std::string& bytes, int responses = 1) {
  std::string whole;
  for (std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1} << 20}) {
    Wire wire(std::make_unique<Canned>(bytes, piece), {});
    std::string out;
    for (int i = 0; i < responses; ++i) out += (i == 0 ? "" : " ") + read_one(wire);
    if (piece == 1) whole = out;
    EXPECT_EQ(out, whole);
  }
  return whole;
}

TEST(Http, Bodies) {
  EXPECT_EQ(exchange("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), "200|hello");
  EXPECT_EQ(exchange("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), "200|");
  EXPECT_EQ(exchange("HTTP/1.0 200 OK\r\n\r\nuntil the end"), "200|until the end");
  EXPECT_EQ(exchange("HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 2),
            "204| 200|x");
  EXPECT_EQ(exchange("HTTP/1.1 200 OK\r\ntransfer-ENCODING: Chunked\r\n\r\n"
                     "3;ext=\"x\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n"
                     "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno",
                     2),
            "200|abc0123456789 404|no");
}

TEST(Http, BodiesThatBreak) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(exchange("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"),
            "200|hell|! the connection ended in the middle of the body");
  EXPECT_EQ(exchange(chunked + "3\r\nab"),
            "200|ab|! the connection ended in the middle of the body");
  EXPECT_EQ(exchange(chunked + "3\r\nabcd\r\n"), "200|abc|! a chunk that is longer than it says");
  for (const char* size : {"", "g", "-1", "0x3", "1000000000000000", " ;x"})
    EXPECT_EQ(exchange(chunked + size + "\r\n"), "200||! a chunk whose size is no number") << size;
  EXPECT_EQ(exchange(chunked + "3\nabc"), "200||! a broken line end in a chunked body");
}

TEST(Http, TwoLengthsAreNone) {
  for (const char* lines : {"Content-Length: 5\r\nContent-Length: 5\r\n",
                            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"})
    EXPECT_EQ(exchange("HTTP/1.1 200 OK\r\n" + std::string(lines) + "\r\n"),
              "200|! the response states its length in more than one way");
  for (const char* value : {"5, 5", "+5", "-1", "0x5", "18446744073709551616", "5 5"})
    EXPECT_EQ(exchange("HTTP/1.1 200 OK\r\nContent-Length: " + std::string(value) + "\r\n\r\n"),
              "200|! a Content-Length that is no number");
}

TEST(Http, HeadsThatAreNone) {
  for (const char* head :
       {"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 999 X\r\n\r\n",
        "HTTP/1.1  200\r\n\r\n", "ICY 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : x\r\n\r\n", "HTTP/1.1 200 OK\r\nA: x\r\n y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n", "HTTP/1.1 200 OK\nA: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: x\ry\r\n\r\n", "\r\n\r\n"})
    EXPECT_TRUE(exchange(head).starts_with("! ")) << head << exchange(head);
  EXPECT_EQ(exchange(""), "! the server closed the connection");
  EXPECT_EQ(exchange("HTTP/1.1 200 OK\r\nA: "),
            "! the connection ended inside of a response's head");
}

TEST(Http, LimitsOfHeads) {
  const std::string most(kMostHeadBytes, 'x');
  EXPECT_EQ(exchange("HTTP/1.1 200 OK\r\nA: " + most + "\r\n\r\n"),
            "! the head of the response is larger than the limit");
  std::string lines;
  for (std::size_t i = 0; i <= kMostHeaders; ++i) lines += "A: x\r\n";
  EXPECT_EQ(exchange("HTTP/1.1 200 OK\r\n" + lines + "\r\n"), "! more headers than the limit");
}

TEST(Http, OneByteNowAndThenIsTooSlow) {
  class Drip : public Transport {
   public:
    Result<std::size_t> read(std::span<std::uint8_t> into, Deadline) override {
      if (head_.empty()) {
        ::timespec tick{0, 4'000'000};
        ::nanosleep(&tick, nullptr);
        into[0] = 'x';
        return std::size_t{1};
      }
      const std::size_t n = std::min(into.size(), head_.size());
      std::copy_n(head_.begin(), n, into.begin());
      head_.erase(0, n);
      return n;
    }
    Done write(std::string_view, Deadline) override { return Ok{}; }

   private:
    std::string head_ = "HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n";
  };
  Patience patience;
  patience.silence = std::chrono::milliseconds(50);
  Wire wire(std::make_unique<Drip>(), patience);
  EXPECT_NE(read_one(wire).find("too slowly"), std::string::npos);
  EXPECT_EQ(wire.trouble(), Trouble::timeout);
}

}  // namespace
}  // namespace fathom::net
