// What a server sends, from the status line to the end of the body, in pieces of any size.

#include <algorithm>
#include <cstdint>

#include "net/body.h"

namespace {

class Bytes : public fathom::net::Transport {
 public:
  Bytes(std::string_view bytes, std::size_t piece) : bytes_(bytes), piece_(piece) {}
  fathom::Result<std::size_t> read(std::span<std::uint8_t> into, fathom::net::Deadline) override {
    const std::size_t n = std::min({into.size(), piece_, bytes_.size()});
    std::copy_n(bytes_.begin(), n, into.begin());
    bytes_.remove_prefix(n);
    return n;
  }
  fathom::Done write(std::string_view, fathom::net::Deadline) override { return fathom::Ok{}; }

 private:
  std::string_view bytes_;
  std::size_t piece_;
};

std::string read_all(std::string_view input, std::size_t piece) {
  fathom::net::Wire wire(std::make_unique<Bytes>(input, piece), {});
  std::string out;
  for (int responses = 0; responses < 4; ++responses) {
    fathom::Result<fathom::net::ResponseHead> head = wire.read_head();
    if (!head) return out + "!";
    fathom::Result<fathom::net::Framing> framing = fathom::net::framing_of(*head);
    if (!framing) return out + "?";
    wire.begin_body(*framing);
    std::uint8_t buffer[64];
    for (;;) {
      fathom::Result<std::size_t> n = wire.read_body(buffer);
      if (!n) return out + "|";
      if (*n == 0) break;
      out.append(buffer, buffer + *n);
    }
    if (!fathom::net::keeps_connection(*head, *framing)) return out;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fathom::ByteView({data, size}).as_text();
  // Where the network cuts the bytes must not change what they say.
  if (read_all(input, 1) != read_all(input, 1 << 20)) __builtin_trap();
  return 0;
}
