// One server that has the repository: the registry itself or a mirror of it. Logs in when asked to,
// waits and tries again where that can help, and turns statuses into words.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/http.h"
#include "registry/challenge.h"
#include "registry/credentials.h"
#include "registry/registry.h"

namespace fathom::registry {

class Endpoint {
 public:
  struct Place {
    std::string registry;       // for credentials: "docker.io", "mirror.example:5000"
    std::string repository;     // "library/debian", with the mirror's prefix
    net::Url url;               // scheme, host and port
    bool is_loopback = false;   // then plain HTTP is tried first
    bool may_be_plain = false;  // HTTP and HTTPS will do
  };
  Endpoint(Place place, const Options& options, net::Proxies proxies);

  // GET of /v2/<repository>/<path>. Whatever is not 200 or 206 is an error that says what it means;
  // not_found only for 404.
  Result<net::Response> get(const std::string& path, std::vector<net::Header> headers);
  // The same for an address that an earlier answer has given for the next page.
  Result<net::Response> get_url(const net::Url& url, std::vector<net::Header> headers);

  const std::string& name() const { return place_.registry; }
  net::Trouble trouble() const { return client_.trouble(); }
  // Whether it makes no sense to ask it for anything else: nobody is there, or it lets nobody in.
  bool is_dead() const { return dead_; }

 private:
  struct Attempts {
    int logins = 0, waits = 0, retries = 0;
  };
  Result<net::Response> get_once(const net::Url& url, const std::vector<net::Header>& headers);
  void change_scheme();
  bool try_other_scheme(Error& error);
  bool try_again_after(const Error& error, Attempts& attempts);
  bool try_again_after(const net::Response& response, Attempts& attempts);
  Done log_in(const net::Response& response);
  Done take_token(const Challenge& challenge);
  Result<net::Request> token_request(const Challenge& challenge) const;
  const Credentials& credentials();
  Error explain(const net::Response& response, const std::string& path);
  std::string no_login_advice() const;

  Place place_;
  const Options& options_;
  net::HttpClient client_;
  std::string authorization_;
  std::optional<Credentials> credentials_;
  bool dead_ = false;
  bool scheme_is_known_ = false;
  std::optional<Error> first_failure_;  // of the scheme that was tried first
  std::string login_failure_;
};

}  // namespace fathom::registry
