// An HTTP/1.1 client for talking to servers that are not trusted: one request at a time, strict
// framing, bounded heads, a floor under the speed, redirects that take no credentials along and
// lead nowhere they should not. Parses no body.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/body.h"
#include "net/proxy.h"
#include "net/tls.h"
#include "net/url.h"

namespace fathom::net {

struct HttpOptions {
  TlsOptions tls;
  Patience patience;
  Proxies proxies;
  std::string user_agent;
};

struct Request {
  std::string method = "GET";
  Url url;
  std::vector<Header> headers;  // Host, User-Agent, Accept-Encoding and lengths are added
  std::string body;
};

class HttpClient;

// The body is read from the connection as it is asked for; dropping the response in the middle of
// it ends the connection. Must not outlive the client.
class Response {
 public:
  ResponseHead head;
  Url url;                              // where it came from, after redirects
  std::optional<std::uint64_t> length;  // of the body, when the server said

  // 0 at the end; Trouble::cut when the connection ended before the body did.
  Result<std::size_t> read(std::span<std::uint8_t> into);
  // The whole body; limit_exceeded when it is larger.
  Result<std::string> read_all(std::uint64_t most);

 private:
  friend class HttpClient;
  void release();  // gives the connection back at the end of the body

  HttpClient* client_ = nullptr;
  std::string connection_key_;
  std::unique_ptr<Wire> wire_;
  bool keep_ = false;
};

struct Redirects {
  int most = 6;
  bool allow_downgrade = false;  // from https to http
  // The server whose word the address itself is (a token service): the rules hold from the start.
  const Url* named_by = nullptr;
};

class HttpClient {
 public:
  explicit HttpClient(HttpOptions options) : options_(std::move(options)) {}

  // One exchange. Every status is a response, also 401 and 503.
  Result<Response> send(const Request& request);

  // Follows redirects of GET and HEAD. Authorization is left out as soon as a redirect leads to
  // another scheme, host or port, and stays out. A redirect may lead to loopback only when the
  // first server was there, never to link-local or special addresses, whatever name they hide
  // behind, and to nothing but http and https.
  Result<Response> follow(const Request& request, const Redirects& redirects = {});

  // Of the last failure.
  Trouble trouble() const { return trouble_; }

 private:
  friend class Response;
  struct Rule {
    bool redirected = false;
    bool loopback_too = true;
  };

  Result<Response> send_by(const Request& request, const Rule& rule);
  Result<Response> exchange(const Request& request, std::unique_ptr<Wire> wire,
                            const std::string& key);
  Result<std::unique_ptr<Wire>> open(const Url& url, const Rule& rule);
  Result<std::unique_ptr<Socket>> open_socket(const Url& url, const Rule& rule, Deadline by);
  Result<std::unique_ptr<Socket>> open_through(const Proxy& proxy, const Url& url, Deadline by);
  Result<Request> redirected(const Request& from, const Response& response,
                             const Redirects& redirects);
  std::string text_of(const Request& request) const;
  Done may_connect(const Address& address, const Url& url, const Rule& rule) const;
  Done may_name(const Url& url, const Rule& rule) const;
  Error fail(Trouble trouble, ErrorCode code, std::string message);

  HttpOptions options_;
  std::unique_ptr<Tls> tls_;
  std::map<std::string, std::unique_ptr<Wire>> idle_;  // by origin and rule
  Trouble trouble_ = Trouble::none;
  std::map<std::string, bool> loopback_origins_;  // whether the peer was this machine
};

}  // namespace fathom::net
