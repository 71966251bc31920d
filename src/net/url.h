// Addresses of the web, as far as talking to servers needs them: http and https, no fragments, no
// user names. Foreign text: a registry's Location, a token service's realm.
// Source: RFC 3986.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fathom::net {

struct Url {
  std::string scheme;  // "https" or "http"
  std::string host;    // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string target = "/";  // path and query, as they are sent

  // "https://registry.example", with the port unless it is the scheme's own. What messages show:
  // paths and queries of foreign addresses can carry signatures that are as good as a password.
  std::string origin() const;
  // What the Host header says: "registry.example:5000", "[::1]:5000".
  std::string authority() const;
  bool same_origin(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
};

// An absolute address. ErrorCode::unsupported for other schemes, malformed for everything that is
// not strictly an address, user names included. No error text quotes more than the scheme.
Result<Url> parse_url(std::string_view text);

// What `text`, absolute or not, means in a document at `base`.
Result<Url> resolve(const Url& base, std::string_view text);

// Sets host and port from "host", "host:port", "[::1]:port".
Done parse_authority(std::string_view text, Url& url);

// Everything but unreserved characters as %XX, for one value of a query.
std::string percent_encoded(std::string_view text);

}  // namespace fathom::net
