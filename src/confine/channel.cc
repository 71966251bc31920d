#include "confine/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace fathom::confine {
namespace {

struct Header {
  std::uint32_t type;
  std::uint32_t has_fd;
  std::uint64_t size;
};

Error system_error(std::string_view doing) {
  return {ErrorCode::io, std::string(doing) + ": " + std::strerror(errno)};
}

// Sends some bytes, with a descriptor beside the first of them.
ssize_t send_some(int socket, std::string_view bytes, int fd) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (fd >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

Done send_all(int socket, std::string_view bytes, int fd) {
  while (!bytes.empty()) {
    ssize_t n = send_some(socket, bytes, fd);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error("sending a message");
    fd = -1;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return Ok{};
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Done Channel::send(std::uint32_t type, std::string_view payload, int fd) {
  Header header{type, fd >= 0 ? 1u : 0u, payload.size()};
  std::string start(sizeof header, '\0');
  std::memcpy(start.data(), &header, sizeof header);
  TRY(send_all(socket_.get(), start, fd));
  return send_all(socket_.get(), payload, -1);
}

Done Channel::read_exactly(char* into, std::size_t size, Fd* fd) {
  while (size > 0) {
    iovec part{into, size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t n = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("receiving a message");
    if (n == 0) return Error{ErrorCode::truncated, "the other side closed the channel"};
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
      int received = -1;
      std::memcpy(&received, CMSG_DATA(header), sizeof received);
      Fd owned(received);
      if (fd != nullptr) *fd = std::move(owned);
    }
    into += n;
    size -= static_cast<std::size_t>(n);
  }
  return Ok{};
}

Result<std::optional<Message>> Channel::receive(int timeout_ms) {
  if (timeout_ms >= 0) {
    pollfd wait{socket_.get(), POLLIN, 0};
    int ready = ::poll(&wait, 1, timeout_ms);
    if (ready == 0)
      return Error{ErrorCode::io, "no message for " + std::to_string(timeout_ms / 1000) + " s"};
  }
  Header header{};
  Message message;
  if (Done read = read_exactly(reinterpret_cast<char*>(&header), sizeof header, &message.fd);
      !read) {
    if (read.error().code == ErrorCode::truncated) return std::optional<Message>{};
    return std::move(read).error();
  }
  if (header.size > limits_.message_bytes)
    return Error{ErrorCode::limit_exceeded,
                 "a message of " + std::to_string(header.size) + " bytes was announced"};
  message.type = header.type;
  message.payload.resize(header.size);
  if (Done read = read_exactly(message.payload.data(), message.payload.size(), nullptr); !read) {
    if (read.error().code == ErrorCode::truncated) return std::optional<Message>{};
    return std::move(read).error();
  }
  return std::optional<Message>(std::move(message));
}

}  // namespace fathom::confine
