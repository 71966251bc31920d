// Which proxy a request goes through: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, as curl and
// Go read them.

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/url.h"

namespace fathom::net {

struct Proxy {
  Url url;                    // host and port; always plain HTTP
  std::string authorization;  // of the Proxy-Authorization header, or empty
};

class Proxies {
 public:
  Proxies() = default;  // none
  // `variable` gives the value of an environment variable, or an empty text. An error names the
  // variable, never its value: it may hold a password.
  static Result<Proxies> from(const std::function<std::string(const std::string&)>& variable);
  static Result<Proxies> from_environment();

  // Loopback addresses and what NO_PROXY names go directly.
  std::optional<Proxy> for_url(const Url& url) const;

 private:
  std::map<std::string, Proxy> by_scheme_;
  std::vector<std::string> direct_;
};

}  // namespace fathom::net
