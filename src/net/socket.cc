#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace fathom::net {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress socket_address(const Address& address, std::uint16_t port) {
  SocketAddress out;
  if (address.v6) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(port);
    std::memcpy(&to.sin6_addr, address.bytes.data(), 16);
    std::memcpy(&out.storage, &to, sizeof to);
    out.size = sizeof to;
  } else {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    std::memcpy(&to.sin_addr, address.bytes.data(), 4);
    std::memcpy(&out.storage, &to, sizeof to);
    out.size = sizeof to;
  }
  return out;
}

std::string reason_of(int error) { return std::strerror(error); }

// 0, or what went wrong; ETIMEDOUT when `by` passes.
int connect_to(int fd, const SocketAddress& address, Deadline by) {
  const auto* to = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(fd, to, address.size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(fd, true, by)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

bool wait_for(int fd, bool to_write, Deadline by) {
  using std::chrono::milliseconds;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(by - Clock::now()).count();
    if (left <= 0) return false;
    pollfd wait{fd, static_cast<short>(to_write ? POLLOUT : POLLIN), 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return true;  // the call that follows says what is wrong
  }
}

Result<std::unique_ptr<Socket>> Socket::connect(const std::string& host, std::uint16_t port,
                                                const std::function<Done(const Address&)>& allowed,
                                                Deadline by, Trouble& trouble) {
  trouble = Trouble::name;
  const std::vector<Address> addresses = TRY(look_up(host, by));
  std::string why;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const Address& address = addresses[i];
    trouble = Trouble::refused;
    TRY(allowed(address));
    trouble = Trouble::connect;
    const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    auto socket =
        std::make_unique<Socket>(::socket(address.v6 ? AF_INET6 : AF_INET, type, 0), address);
    if (socket->fd() < 0) {
      why = reason_of(errno);
      continue;
    }
    // What is left of the time is shared by the addresses that are left.
    const Deadline part =
        Clock::now() + (by - Clock::now()) / static_cast<int>(addresses.size() - i);
    const int error = connect_to(socket->fd(), socket_address(address, port), part);
    if (error == 0) {
      const int on = 1;
      ::setsockopt(socket->fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      trouble = Trouble::none;
      return socket;
    }
    why = reason_of(error);
  }
  return Error{ErrorCode::io, "cannot connect to " + printable(host) + " port " +
                                  std::to_string(port) + ": " + why};
}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::size_t> Socket::read(std::span<std::uint8_t> into, Deadline by) {
  for (;;) {
    const ssize_t n = ::recv(fd_, into.data(), into.size(), 0);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
      return fail(Trouble::cut, "the connection was cut: " + reason_of(errno));
    if (!wait_for(fd_, false, by)) return fail(Trouble::timeout, "the server sends nothing");
  }
}

Done Socket::write(std::string_view bytes, Deadline by) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
      return fail(Trouble::cut, "the connection was cut: " + reason_of(errno));
    if (!wait_for(fd_, true, by)) return fail(Trouble::timeout, "the server takes nothing");
  }
  return Ok{};
}

}  // namespace fathom::net
