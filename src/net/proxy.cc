#include "net/proxy.h"

#include <algorithm>
#include <cstdlib>

#include "base/base64.h"
#include "base/text.h"
#include "net/address.h"

namespace fathom::net {
namespace {

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::optional<std::uint64_t> byte = text[i] == '%' && i + 2 < text.size()
                                                  ? parse_unsigned(text.substr(i + 1, 2), 16)
                                                  : std::nullopt;
    out += byte ? static_cast<char>(*byte) : text[i];
    if (byte) i += 2;
  }
  return out;
}

// [http://][user:password@]host[:port][/]
Result<Proxy> parse_proxy(std::string_view text) {
  Proxy proxy;
  const std::size_t mark = text.find("://");
  const std::string scheme = mark == text.npos ? "http" : to_lower(text.substr(0, mark));
  if (scheme != "http") return Error{ErrorCode::unsupported, "only http:// proxies can be used"};
  if (mark != text.npos) text.remove_prefix(mark + 3);
  while (text.ends_with('/')) text.remove_suffix(1);
  if (const std::size_t at = text.rfind('@'); at != text.npos) {
    proxy.authorization = "Basic " + base64(percent_decoded(text.substr(0, at)));
    text.remove_prefix(at + 1);
  }
  proxy.url.scheme = "http";
  TRY(parse_authority(text, proxy.url));
  return proxy;
}

bool is_loopback(const Url& url) {
  const std::optional<Address> address = parse_address(url.host);
  return address ? reach_of(*address) == Reach::loopback
                 : url.host == "localhost" || url.host.ends_with(".localhost");
}

// "host", ".host", "host:port", an address or a network; a host stands for all below it.
bool matches(std::string_view rule, const Url& url) {
  if (rule == "*") return true;
  if (const std::optional<Address> address = parse_address(url.host))
    if (in_network(*address, rule)) return true;
  const std::size_t colon = rule.rfind(':');
  if (colon != rule.npos && rule.find(':') == colon) {
    if (parse_unsigned(rule.substr(colon + 1)) != url.port) return false;
    rule = rule.substr(0, colon);
  }
  if (rule.starts_with("*.")) rule.remove_prefix(1);
  while (rule.starts_with('.')) rule.remove_prefix(1);
  if (rule.empty()) return false;
  return url.host == rule || url.host.ends_with("." + std::string(rule));
}

}  // namespace

Result<Proxies> Proxies::from(const std::function<std::string(const std::string&)>& variable) {
  Proxies proxies;
  // HTTP_PROXY in capitals can be set by the client of a CGI program ("httpoxy").
  const bool in_cgi = !variable("REQUEST_METHOD").empty();
  for (const char* scheme : {"https", "http"}) {
    std::string upper = scheme;
    for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
    for (const std::string& name : {std::string(scheme) + "_proxy", upper + "_PROXY",
                                    std::string("all_proxy"), std::string("ALL_PROXY")}) {
      const std::string value = variable(name);
      if (value.empty() || (in_cgi && name == "HTTP_PROXY")) continue;
      Proxy proxy = TRY(parse_proxy(value).in(name));
      proxies.by_scheme_.emplace(scheme, std::move(proxy));
      break;
    }
  }
  std::string direct = variable("no_proxy");
  if (direct.empty()) direct = variable("NO_PROXY");
  for (std::string_view rule : split(direct, ','))
    if (!trim(rule).empty()) proxies.direct_.push_back(to_lower(trim(rule)));
  return proxies;
}

Result<Proxies> Proxies::from_environment() {
  return from([](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return std::string(value == nullptr ? "" : value);
  });
}

std::optional<Proxy> Proxies::for_url(const Url& url) const {
  auto found = by_scheme_.find(url.scheme);
  if (found == by_scheme_.end() || is_loopback(url)) return std::nullopt;
  for (const std::string& rule : direct_)
    if (matches(rule, url)) return std::nullopt;
  return found->second;
}

}  // namespace fathom::net
