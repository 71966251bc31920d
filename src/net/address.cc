#include "net/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace fathom::net {
namespace {

struct Special {
  std::string_view network;
  Reach reach;
};

// Clouds also serve credentials at a few addresses that are not link-local.
constexpr Special kSpecial[] = {
    {"127.0.0.0/8", Reach::loopback},
    {"169.254.0.0/16", Reach::link_local},
    {"100.100.100.200/32", Reach::link_local},
    {"168.63.129.16/32", Reach::link_local},
    {"192.0.0.0/24", Reach::link_local},
    {"0.0.0.0/8", Reach::special},
    {"224.0.0.0/4", Reach::special},
    {"240.0.0.0/4", Reach::special},
    {"10.0.0.0/8", Reach::site},
    {"172.16.0.0/12", Reach::site},
    {"192.168.0.0/16", Reach::site},
    {"100.64.0.0/10", Reach::site},
    {"::1/128", Reach::loopback},
    {"::/128", Reach::special},
    {"fe80::/10", Reach::link_local},
    {"fd00:ec2::254/128", Reach::link_local},
    {"fc00::/7", Reach::site},
    {"fec0::/10", Reach::site},
    {"ff00::/8", Reach::special},
};

// Where an IPv6 address of this network carries an IPv4 one.
struct Carrier {
  std::string_view network;
  std::size_t at;
};
constexpr Carrier kCarriers[] = {
    {"::ffff:0:0/96", 12}, {"64:ff9b::/96", 12}, {"2002::/16", 2}, {"::/96", 12}};

bool same_bits(const std::array<std::uint8_t, 16>& a, const std::array<std::uint8_t, 16>& b,
               std::size_t bits) {
  for (std::size_t i = 0; i < bits; ++i)
    if ((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8)) return false;
  return true;
}

Reach reach_as_it_stands(const Address& address) {
  for (const Special& special : kSpecial)
    if (in_network(address, special.network)) return special.reach;
  return Reach::global;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  const std::string copy(text);
  Address address;
  if (::inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (::inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::string text_of(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
  return text.data();
}

bool in_network(const Address& address, std::string_view network) {
  const std::size_t slash = network.find('/');
  const std::optional<Address> base = parse_address(network.substr(0, slash));
  if (slash == network.npos || !base || base->v6 != address.v6) return false;
  const std::optional<std::uint64_t> bits = parse_unsigned(network.substr(slash + 1));
  if (!bits || *bits > (address.v6 ? 128u : 32u)) return false;
  return same_bits(address.bytes, base->bytes, *bits);
}

Reach reach_of(const Address& address) {
  const Reach own = reach_as_it_stands(address);
  if (!address.v6 || own != Reach::global) return own;
  for (const Carrier& carrier : kCarriers) {
    if (!in_network(address, carrier.network)) continue;
    Address inner;
    std::copy_n(address.bytes.begin() + static_cast<std::ptrdiff_t>(carrier.at), 4,
                inner.bytes.begin());
    return reach_as_it_stands(inner);
  }
  return own;
}

std::string_view name_of(Reach reach) {
  switch (reach) {
    case Reach::global:
      return "global";
    case Reach::site:
      return "private";
    case Reach::loopback:
      return "loopback";
    case Reach::link_local:
      return "link-local";
    case Reach::special:
      return "special";
  }
  return {};
}

}  // namespace fathom::net
