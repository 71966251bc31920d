#include "net/http.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace fathom::net {
namespace {

constexpr int kMostInterim = 8;              // 1xx responses
constexpr std::size_t kIdleConnections = 8;  // kept for later requests
constexpr std::uint64_t kWorthDraining = 64 * 1024;
constexpr std::size_t kMostAuthorizationBytes = 64 * 1024;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_credential(const Header& header) {
  const std::string name = to_lower(header.name);
  return name == "authorization" || name == "cookie" || name == "proxy-authorization";
}

// The kept connections of redirects stand apart: they were made under another rule.
std::string key_of(const Url& url, bool redirected, bool loopback_too) {
  return url.origin() +
         (redirected ? loopback_too ? " redirected" : " redirected, no loopback" : "");
}

}  // namespace

Error HttpClient::fail(Trouble trouble, ErrorCode code, std::string message) {
  trouble_ = trouble;
  return {code, std::move(message)};
}

Result<std::size_t> Response::read(std::span<std::uint8_t> into) {
  if (!wire_) return std::size_t{0};
  Result<std::size_t> n = wire_->read_body(into);
  if (!n) {
    client_->trouble_ = wire_->trouble();
    return std::move(n).error().in(url.origin());
  }
  if (wire_->at_end()) release();
  return n;
}

Result<std::string> Response::read_all(std::uint64_t most) {
  std::string out;
  Bytes piece(1 << 14);
  while (const std::size_t n = TRY(read(piece))) {
    if (n > most - out.size())
      return Error{ErrorCode::limit_exceeded,
                   url.origin() + ": a body of more than " + human_bytes(most)};
    out += ByteView(std::span<const std::uint8_t>(piece).first(n)).as_text();
  }
  return out;
}

void Response::release() {
  if (wire_ && keep_ && client_->idle_.size() < kIdleConnections)
    client_->idle_[connection_key_] = std::move(wire_);
  wire_.reset();
}

Result<Response> HttpClient::send(const Request& request) { return send_by(request, {}); }

Result<Response> HttpClient::follow(const Request& request, const Redirects& redirects) {
  Request next = request;
  Rule rule;
  if (redirects.named_by != nullptr) rule = {true, loopback_origins_[redirects.named_by->origin()]};
  std::set<std::string> seen;
  for (int hops = 0;; ++hops) {
    Result<Response> response = send_by(next, rule);
    if (!response || !is_redirect(response->head.status)) return response;
    if (next.method != "GET" && next.method != "HEAD") return response;
    if (hops == redirects.most)
      return fail(Trouble::refused, ErrorCode::limit_exceeded,
                  request.url.origin() + " redirects more than " + std::to_string(redirects.most) +
                      " times");
    if (!seen.insert(next.url.origin() + next.url.target).second)
      return fail(Trouble::refused, ErrorCode::malformed,
                  request.url.origin() + " redirects in a circle");
    if (!rule.redirected) rule = {true, loopback_origins_[next.url.origin()]};
    next = TRY(redirected(next, *response, redirects));
    if (response->length && *response->length <= kWorthDraining)
      (void)response->read_all(kWorthDraining);
  }
}

Result<Request> HttpClient::redirected(const Request& from, const Response& response,
                                       const Redirects& redirects) {
  const std::string place = from.url.origin() + " redirects";
  const std::string* location = response.head.find("location");
  if (location == nullptr)
    return fail(Trouble::protocol, ErrorCode::malformed, place + " without saying where to");
  Result<Url> to = resolve(from.url, *location);
  if (!to)
    return fail(Trouble::refused, to.error().code,
                place + " to " + to.error().message + ", which is not followed");
  if (from.url.scheme == "https" && to->scheme == "http" && !redirects.allow_downgrade)
    return fail(Trouble::refused, ErrorCode::unsupported,
                place + " from https to plain http (" + to->origin() + "), which is not followed");
  Request next = from;
  if (!from.url.same_origin(*to)) std::erase_if(next.headers, is_credential);
  next.url = std::move(*to);
  return next;
}

Result<Response> HttpClient::send_by(const Request& request, const Rule& rule) {
  const std::string key = key_of(request.url, rule.redirected, rule.loopback_too);
  if (auto kept = idle_.extract(key)) {
    Result<Response> response = exchange(request, std::move(kept.mapped()), key);
    // A server may close what it kept at any time; the request is then as if never sent.
    const bool stale = !response && trouble_ == Trouble::cut;
    if (!stale) return response;
  }
  std::unique_ptr<Wire> wire = TRY(open(request.url, rule));
  return exchange(request, std::move(wire), key);
}

Result<Response> HttpClient::exchange(const Request& request, std::unique_ptr<Wire> wire,
                                      const std::string& key) {
  const std::string place = request.url.origin();
  auto failed = [&](const Error& error) {
    return fail(wire->trouble(), error.code, place + ": " + error.message);
  };
  if (Done sent = wire->write(text_of(request)); !sent) return failed(sent.error());
  Response response;
  for (int interim = 0;; ++interim) {
    Result<ResponseHead> head = wire->read_head();
    if (!head) return failed(head.error());
    response.head = std::move(*head);
    if (response.head.status >= 200) break;
    if (interim == kMostInterim || response.head.status == 101)
      return fail(Trouble::protocol, ErrorCode::malformed,
                  place + ": no response but interim ones");
  }
  Result<Framing> framing = framing_of(response.head);
  if (!framing)
    return fail(Trouble::protocol, framing.error().code, place + ": " + framing.error().message);
  if (request.method == "HEAD") *framing = {};
  const std::string* coding = response.head.find("content-encoding");
  if (coding != nullptr && to_lower(*coding) != "identity")
    return fail(Trouble::protocol, ErrorCode::unsupported,
                place + ": the body is encoded, which was not asked for");
  if (framing->kind == Framing::Kind::length || framing->kind == Framing::Kind::none)
    response.length = framing->length;
  wire->begin_body(*framing);
  response.url = request.url;
  response.client_ = this;
  response.connection_key_ = key;
  response.keep_ = keeps_connection(response.head, *framing);
  response.wire_ = std::move(wire);
  if (response.wire_->at_end()) response.release();
  trouble_ = Trouble::none;
  return response;
}

std::string HttpClient::text_of(const Request& request) const {
  // A proxy gets the whole address of what is not in a tunnel.
  const std::optional<Proxy> proxy = options_.proxies.for_url(request.url);
  const bool whole = proxy && request.url.scheme == "http";
  std::string text = request.method + " " + (whole ? request.url.origin() : "") +
                     request.url.target + " HTTP/1.1\r\nHost: " + request.url.authority() + "\r\n";
  if (whole && !proxy->authorization.empty())
    text += "Proxy-Authorization: " + proxy->authorization + "\r\n";
  if (!options_.user_agent.empty()) text += "User-Agent: " + options_.user_agent + "\r\n";
  text += "Accept-Encoding: identity\r\n";
  for (const Header& header : request.headers) {
    // A token with a line end in it would be a header of its own.
    const bool fits = header.value.size() <= kMostAuthorizationBytes &&
                      std::ranges::none_of(header.value, [](char c) {
                        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                      });
    if (fits) text += header.name + ": " + header.value + "\r\n";
  }
  if (!request.body.empty() || request.method == "POST")
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text + "\r\n" + request.body;
}

Done HttpClient::may_connect(const Address& address, const Url& url, const Rule& rule) const {
  if (!rule.redirected) return Ok{};
  const Reach reach = reach_of(address);
  if (reach == Reach::global || reach == Reach::site) return Ok{};
  if (reach == Reach::loopback && rule.loopback_too) return Ok{};
  return Error{ErrorCode::unsupported, "the way leads to " + printable(url.host) + ", a " +
                                           std::string(name_of(reach)) + " address (" +
                                           net::text_of(address) + "), which is not followed"};
}

// What a redirect says before a proxy resolves it. Hosts that end in a number are addresses in one
// of the forms that only old C libraries read ("127.1", "2130706433").
Done HttpClient::may_name(const Url& url, const Rule& rule) const {
  std::optional<Address> literal = parse_address(url.host);
  const std::string last = url.host.substr(url.host.rfind('.') + 1);
  const bool odd = !literal && (last.starts_with("0x") || parse_unsigned(last).has_value());
  if (odd || url.host == "localhost" || url.host.ends_with(".localhost"))
    literal = parse_address("127.0.0.1");
  return literal ? may_connect(*literal, url, rule) : Done(Ok{});
}

Result<std::unique_ptr<Wire>> HttpClient::open(const Url& url, const Rule& rule) {
  const Deadline by = Clock::now() + options_.patience.connect;
  std::unique_ptr<Socket> socket = TRY(open_socket(url, rule, by));
  if (url.scheme == "http") return std::make_unique<Wire>(std::move(socket), options_.patience);
  if (!tls_) tls_ = TRY(Tls::make(options_.tls));
  std::unique_ptr<Transport> secured =
      TRY(tls_->connect(std::move(socket), url.host, by, trouble_));
  return std::make_unique<Wire>(std::move(secured), options_.patience);
}

Result<std::unique_ptr<Socket>> HttpClient::open_socket(const Url& url, const Rule& rule,
                                                        Deadline by) {
  if (const std::optional<Proxy> proxy = options_.proxies.for_url(url)) {
    if (Done allowed = may_name(url, rule); !allowed)
      return fail(Trouble::refused, allowed.error().code, allowed.error().message);
    return open_through(*proxy, url, by).in("through the proxy " + proxy->url.origin());
  }
  auto allowed = [&](const Address& address) { return may_connect(address, url, rule); };
  std::unique_ptr<Socket> socket = TRY(Socket::connect(url.host, url.port, allowed, by, trouble_));
  loopback_origins_[url.origin()] = reach_of(socket->peer()) == Reach::loopback;
  return socket;
}

Result<std::unique_ptr<Socket>> HttpClient::open_through(const Proxy& proxy, const Url& url,
                                                         Deadline by) {
  auto any = [](const Address&) { return Done(Ok{}); };
  std::unique_ptr<Socket> socket =
      TRY(Socket::connect(proxy.url.host, proxy.url.port, any, by, trouble_));
  if (url.scheme == "http") return socket;
  const std::string name = url.host.find(':') == url.host.npos ? url.host : "[" + url.host + "]";
  const std::string authority = name + ":" + std::to_string(url.port);
  std::string text = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  if (!proxy.authorization.empty()) text += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  if (Done sent = socket->write(text + "\r\n", by); !sent)
    return fail(socket->trouble(), sent.error().code, sent.error().message);
  // Byte by byte: what follows the head belongs to TLS.
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    std::array<std::uint8_t, 1> byte{};
    Result<std::size_t> n = socket->read(byte, by);
    if (!n) return fail(socket->trouble(), n.error().code, n.error().message);
    if (*n == 0 || answer.size() >= kMostHeadBytes)
      return fail(Trouble::protocol, ErrorCode::malformed, "the proxy gave no proper answer");
    answer += static_cast<char>(byte[0]);
  }
  Result<ResponseHead> head = parse_response_head(answer);
  if (!head) return fail(Trouble::protocol, head.error().code, head.error().message);
  if (head->status / 100 != 2)
    return fail(Trouble::connect, ErrorCode::io,
                head->status == 407
                    ? std::string("it wants a user name and a password (407)")
                    : "it refuses the connection (" + std::to_string(head->status) + ")");
  return socket;
}

}  // namespace fathom::net
