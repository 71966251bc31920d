// TCP.

#pragma once

#include <functional>
#include <memory>

#include "net/transport.h"

namespace fathom::net {

class Socket : public Transport {
 public:
  // Tries the addresses of the host in order. `allowed` is asked before each: an address it
  // refuses is not connected to, whatever name led there and whenever it was resolved.
  static Result<std::unique_ptr<Socket>> connect(const std::string& host, std::uint16_t port,
                                                 const std::function<Done(const Address&)>& allowed,
                                                 Deadline by, Trouble& trouble);
  Socket(int fd, Address peer) : fd_(fd), peer_(peer) {}
  ~Socket() override;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  Result<std::size_t> read(std::span<std::uint8_t> into, Deadline by) override;
  Done write(std::string_view bytes, Deadline by) override;

  int fd() const { return fd_; }
  const Address& peer() const { return peer_; }

 private:
  int fd_;
  Address peer_;
};

}  // namespace fathom::net
