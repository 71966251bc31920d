// c-ares and not getaddrinfo: in a static program the C library's resolver loads the shared
// modules of whatever distribution it runs on.

#include "net/resolve.h"

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace fathom::net {
namespace {

constexpr std::size_t kMostAddresses = 16;

struct Answer {
  bool done = false;
  int status = ARES_SUCCESS;
  std::vector<Address> addresses;
};

void take_node(const ares_addrinfo_node& node, std::vector<Address>& into) {
  Address address;
  if (node.ai_family == AF_INET) {
    sockaddr_in from{};
    std::memcpy(&from, node.ai_addr, sizeof from);
    std::memcpy(address.bytes.data(), &from.sin_addr, 4);
  } else if (node.ai_family == AF_INET6) {
    sockaddr_in6 from{};
    std::memcpy(&from, node.ai_addr, sizeof from);
    address.v6 = true;
    std::memcpy(address.bytes.data(), &from.sin6_addr, 16);
  } else {
    return;
  }
  if (into.size() < kMostAddresses) into.push_back(address);
}

void take(void* into, int status, int, ares_addrinfo* info) {
  auto* answer = static_cast<Answer*>(into);
  answer->done = true;
  answer->status = status;
  if (info == nullptr) return;
  for (const ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next)
    take_node(*node, answer->addresses);
  ares_freeaddrinfo(info);
}

class Channel {
 public:
  ~Channel() {
    if (channel_ != nullptr) ares_destroy(channel_);
  }
  int open() { return ares_init(&channel_); }
  ares_channel get() { return channel_; }

  // One round of waiting, not past `by`.
  void wait(Deadline by) {
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    const int wants = ares_getsock(channel_, sockets, ARES_GETSOCK_MAXNUM);
    std::vector<pollfd> polled;
    for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
      short events = 0;
      if (ARES_GETSOCK_READABLE(wants, i)) events |= POLLIN;
      if (ARES_GETSOCK_WRITABLE(wants, i)) events |= POLLOUT;
      if (events != 0) polled.push_back({sockets[i], events, 0});
    }
    using std::chrono::milliseconds;
    const auto left = std::chrono::duration_cast<milliseconds>(by - Clock::now()).count();
    const int timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 200));
    ::poll(polled.data(), polled.size(), timeout);
    for (const pollfd& each : polled)
      ares_process_fd(channel_, (each.revents & ~POLLOUT) != 0 ? each.fd : ARES_SOCKET_BAD,
                      (each.revents & POLLOUT) != 0 ? each.fd : ARES_SOCKET_BAD);
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // its own timeouts
  }

 private:
  ares_channel channel_ = nullptr;
};

bool is_localhost(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

Error failed(const std::string& host, int status) {
  const bool unknown = status == ARES_ENOTFOUND || status == ARES_ENODATA;
  return {ErrorCode::io, "the name " + printable(host) + " cannot be resolved: " +
                             (unknown ? "there is no such name" : ares_strerror(status))};
}

}  // namespace

Result<std::vector<Address>> look_up(const std::string& host, Deadline by) {
  if (std::optional<Address> literal = parse_address(host)) return std::vector{*literal};
  if (is_localhost(host)) return std::vector{*parse_address("127.0.0.1"), *parse_address("::1")};
  Answer answer;  // outlives the channel, which may answer as it goes
  Channel channel;
  if (int status = channel.open(); status != ARES_SUCCESS) return failed(host, status);
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  ares_getaddrinfo(channel.get(), host.c_str(), nullptr, &hints, take, &answer);
  while (!answer.done && Clock::now() < by) channel.wait(by);
  if (!answer.done) {
    ares_cancel(channel.get());
    return failed(host, ARES_ETIMEOUT);
  }
  if (answer.status != ARES_SUCCESS || answer.addresses.empty())
    return failed(host, answer.status == ARES_SUCCESS ? ARES_ENODATA : answer.status);
  return std::move(answer.addresses);
}

}  // namespace fathom::net
