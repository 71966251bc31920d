#include "net/url.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::net {
namespace {

constexpr std::size_t kMostUrlBytes = 16'384;  // signed addresses of object stores are long
constexpr std::size_t kMostHostBytes = 253;

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The scheme in front of the first ":", or nothing for a relative address.
std::string_view scheme_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || colon == 0 || !is_alpha(text[0])) return {};
  const std::string_view scheme = text.substr(0, colon);
  const bool fits = std::ranges::all_of(scheme, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
  return fits ? scheme : std::string_view{};
}

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kMostHostBytes && host.front() != '.' &&
         host.front() != '-' && host.find("..") == host.npos &&
         std::ranges::all_of(host, [](char c) {
           return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
         });
}

bool is_ipv6(std::string_view host) {
  return host.find(':') != host.npos && host.size() <= 45 && std::ranges::all_of(host, [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
                  c == '.';
         });
}

Done check_characters(std::string_view text) {
  if (text.size() > kMostUrlBytes)
    return Error{ErrorCode::limit_exceeded, "an address longer than the limit"};
  if (!std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; }))
    return Error{ErrorCode::malformed, "an address with characters that no address has"};
  return Ok{};
}

void set_target(Url& url, std::string_view text) {
  text = text.substr(0, text.find('#'));
  url.target = text.starts_with('/') ? std::string(text) : "/" + std::string(text);
}

}  // namespace

std::string Url::authority() const {
  const bool usual = port == (scheme == "https" ? 443 : 80);
  const std::string name = host.find(':') == host.npos ? host : "[" + host + "]";
  return usual ? name : name + ":" + std::to_string(port);
}

std::string Url::origin() const { return scheme + "://" + authority(); }

Done parse_authority(std::string_view text, Url& url) {
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos || !is_ipv6(text.substr(1, end - 1)))
      return Error{ErrorCode::malformed, "an address with a broken IPv6 host"};
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':'))
      return Error{ErrorCode::malformed, "an address with a broken IPv6 host"};
    if (!rest.empty()) port = rest.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    host = text.substr(0, colon);
    if (colon != text.npos) port = text.substr(colon + 1);
    if (!is_host(host)) return Error{ErrorCode::malformed, "an address without a proper host"};
  }
  url.host = to_lower(host);
  url.port = url.scheme == "https" ? 443 : 80;
  if (port.empty()) return Ok{};
  const std::optional<std::uint64_t> number = parse_unsigned(port);
  if (!number || *number == 0 || *number > 65'535)
    return Error{ErrorCode::malformed, "an address with a broken port"};
  url.port = static_cast<std::uint16_t>(*number);
  return Ok{};
}

Result<Url> parse_url(std::string_view text) {
  TRY(check_characters(text));
  const std::string_view scheme = scheme_of(text);
  Url url;
  url.scheme = to_lower(scheme);
  if (url.scheme != "https" && url.scheme != "http")
    return Error{ErrorCode::unsupported, url.scheme.empty()
                                             ? std::string("no absolute address")
                                             : "a " + printable(url.scheme, 20) + ": address"};
  std::string_view rest = text.substr(scheme.size() + 1);
  if (!rest.starts_with("//")) return Error{ErrorCode::malformed, "an address without a host"};
  rest.remove_prefix(2);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != authority.npos)
    return Error{ErrorCode::malformed, "an address with a user name in it"};
  if (authority.find('\\') != authority.npos)
    return Error{ErrorCode::malformed, "an address without a proper host"};
  TRY(parse_authority(authority, url));
  set_target(url, rest.substr(authority.size()));
  return url;
}

Result<Url> resolve(const Url& base, std::string_view text) {
  if (!scheme_of(text).empty()) return parse_url(text);
  if (text.starts_with("//")) return parse_url(base.scheme + ":" + std::string(text));
  TRY(check_characters(text));
  Url url = base;
  if (text.starts_with('/')) {
    set_target(url, text);
    return url;
  }
  std::string path = base.target.substr(0, base.target.find('?'));
  if (!text.starts_with('?')) path.resize(path.rfind('/') + 1);
  set_target(url, path + std::string(text));
  return url;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace fathom::net
