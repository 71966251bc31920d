// Addresses of machines, and how far they reach: a server on the internet may not send us to
// services that only this machine, or only its own link, can talk to.
// Source: RFC 6890 (special-purpose addresses), RFC 6052 (IPv4 inside IPv6).

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fathom::net {

struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // network order; the first 4 of IPv4
  auto operator<=>(const Address&) const = default;
};

// The standard forms only: "127.1" and "0x7f000001" are none. Nothing for names.
std::optional<Address> parse_address(std::string_view text);
std::string text_of(const Address& address);

enum class Reach {
  global,
  site,        // private networks
  loopback,    // this machine
  link_local,  // this link, where clouds serve credentials to their machines
  special,     // multicast, unspecified, reserved
};
// An IPv4 address inside an IPv6 one counts as what it is.
Reach reach_of(const Address& address);
std::string_view name_of(Reach reach);

// "10.0.0.0/8" has the address; false when `network` is none.
bool in_network(const Address& address, std::string_view network);

}  // namespace fathom::net
