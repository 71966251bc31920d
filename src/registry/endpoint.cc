#include "registry/endpoint.h"

#include <algorithm>
#include <ctime>
#include <thread>

#include "base/base64.h"
#include "base/log.h"
#include "base/text.h"

namespace fathom::registry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kMostRetries = 3;
constexpr int kMostWaits = 3;
constexpr std::uint64_t kMostWaitSeconds = 10;

net::HttpOptions http_options(const Options& options, net::Proxies proxies) {
  net::HttpOptions http;
  http.tls = {options.ca_file, !options.insecure};
  http.patience.silence = seconds(options.timeout_seconds);
  http.patience.connect = std::min<milliseconds>(http.patience.connect, http.patience.silence);
  http.proxies = std::move(proxies);
  http.user_agent = "fathom/" FATHOM_VERSION;
  return http;
}

// Retry-After: seconds, or a date (RFC 9110 section 10.2.3).
std::optional<std::uint64_t> retry_after(const net::Response& response) {
  const std::string* text = response.head.find("retry-after");
  if (text == nullptr) return std::nullopt;
  if (std::optional<std::uint64_t> number = parse_unsigned(*text)) return number;
  std::tm date{};
  const char* end = ::strptime(text->c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const std::time_t left = ::timegm(&date) - std::time(nullptr);
  return static_cast<std::uint64_t>(std::max<std::time_t>(left, 0));
}

bool is_busy(int status) {
  return status == 500 || status == 502 || status == 503 || status == 504;
}

bool is_success(const net::Response& response) {
  return response.head.status == 200 || response.head.status == 206;
}

std::string reason_phrase(int status) {
  switch (status) {
    case 401:
      return "401 Unauthorized";
    case 403:
      return "403 Forbidden";
    case 404:
      return "404 Not Found";
    case 429:
      return "429 Too Many Requests";
    case 500:
      return "500 Internal Server Error";
    case 503:
      return "503 Service Unavailable";
    default:
      return std::to_string(status);
  }
}

}  // namespace

Endpoint::Endpoint(Place place, const Options& options, net::Proxies proxies)
    : place_(std::move(place)),
      options_(options),
      client_(http_options(options, std::move(proxies))) {
  // Not the other way round: many small servers wait for ever for the line end that a TLS
  // greeting does not have.
  if (place_.is_loopback && options.ca_file.empty() && place_.url.scheme == "https")
    change_scheme();
}

Result<net::Response> Endpoint::get(const std::string& path, std::vector<net::Header> headers) {
  net::Url url = place_.url;
  url.target = "/v2/" + place_.repository + "/" + path;
  return get_url(url, std::move(headers));
}

Result<net::Response> Endpoint::get_url(const net::Url& asked, std::vector<net::Header> headers) {
  net::Url url = asked;
  for (Attempts attempts;;) {
    url.scheme = place_.url.scheme;
    url.port = place_.url.port;
    Result<net::Response> response = get_once(url, headers);
    if (!response) {
      Error error = std::move(response).error();
      if (try_other_scheme(error) || try_again_after(error, attempts)) continue;
      return error;
    }
    // How HTTPS servers answer plain HTTP.
    if (response->head.status == 400 && place_.url.scheme == "http" && !scheme_is_known_) {
      scheme_is_known_ = true;
      change_scheme();
      continue;
    }
    scheme_is_known_ = true;
    if (is_success(*response)) return response;
    if (try_again_after(*response, attempts)) continue;
    return explain(*response, url.target);
  }
}

Result<net::Response> Endpoint::get_once(const net::Url& url,
                                         const std::vector<net::Header>& headers) {
  net::Request request;
  request.url = url;
  request.headers = headers;
  if (!authorization_.empty()) request.headers.push_back({"Authorization", authorization_});
  return client_.follow(request, {.allow_downgrade = options_.insecure});
}

void Endpoint::change_scheme() {
  const bool usual_port = place_.url.port == (place_.url.scheme == "https" ? 443 : 80);
  place_.url.scheme = place_.url.scheme == "https" ? "http" : "https";
  if (usual_port) place_.url.port = place_.url.scheme == "https" ? 443 : 80;
}

// Where both are allowed the first request finds out which of the two is spoken. When neither
// works, what went wrong first is what the user hears, unless a certificate was the reason.
bool Endpoint::try_other_scheme(Error& error) {
  if (scheme_is_known_ || !place_.may_be_plain) return false;
  const net::Trouble trouble = client_.trouble();
  if (first_failure_) {
    if (trouble != net::Trouble::certificate) error = *first_failure_;
    return false;
  }
  const bool https = place_.url.scheme == "https";
  // A TLS server hangs up on plain HTTP, at most after an alert.
  const bool other_may_fit = trouble == (https ? net::Trouble::not_tls : net::Trouble::cut);
  if (!other_may_fit) return false;
  first_failure_ = error;
  change_scheme();
  return true;
}

bool Endpoint::try_again_after(const Error&, Attempts& attempts) {
  const net::Trouble trouble = client_.trouble();
  const bool passing = trouble == net::Trouble::cut;
  dead_ = !passing && trouble != net::Trouble::protocol && trouble != net::Trouble::refused;
  dead_ |= passing && attempts.retries == kMostRetries;
  if (!passing || dead_) return false;
  std::this_thread::sleep_for(milliseconds(100) * (1 << attempts.retries++));
  return true;
}

bool Endpoint::try_again_after(const net::Response& response, Attempts& attempts) {
  const int status = response.head.status;
  if (status == 401 && attempts.logins < 2 && response.url.same_origin(place_.url)) {
    ++attempts.logins;
    const std::string before = authorization_;
    Done done = log_in(response);
    login_failure_ = done ? "" : done.error().message;
    // The second time only a fresh token can help.
    return done && (attempts.logins == 1 || authorization_ != before);
  }
  const std::optional<std::uint64_t> wait = retry_after(response);
  if ((status == 429 || status == 503) && wait && attempts.waits < kMostWaits) {
    if (*wait > kMostWaitSeconds) return false;
    ++attempts.waits;
    log::progress(place_.registry + " asks to wait " + std::to_string(*wait) + " s");
    std::this_thread::sleep_for(seconds(*wait));
    return true;
  }
  if (!is_busy(status) || attempts.retries == kMostRetries) return false;
  std::this_thread::sleep_for(milliseconds(100) * (1 << attempts.retries++));
  return true;
}

const Credentials& Endpoint::credentials() {
  if (!credentials_) credentials_ = find_credentials(place_.registry, place_.repository);
  return *credentials_;
}

Done Endpoint::log_in(const net::Response& response) {
  const std::vector<Challenge> challenges = parse_challenges(response.head.all("www-authenticate"));
  auto offered = [&](std::string_view scheme) {
    return std::ranges::find(challenges, scheme, &Challenge::scheme);
  };
  authorization_.clear();
  if (offered("bearer") != challenges.end()) {
    if (credentials().registry_token.empty()) return take_token(*offered("bearer"));
    authorization_ = "Bearer " + credentials().registry_token;
    return Ok{};
  }
  if (offered("basic") == challenges.end())
    return Error{ErrorCode::unsupported, "it offers no way to log in that is known here"};
  if (credentials().user.empty()) return Error{ErrorCode::not_found, ""};
  authorization_ = "Basic " + base64(credentials().user + ":" + credentials().password);
  return Ok{};
}

// The scope is ours, not the challenge's: a registry must not make us fetch a token for more.
Result<net::Request> Endpoint::token_request(const Challenge& challenge) const {
  auto parameter = [&](const char* name) {
    auto found = challenge.parameters.find(name);
    return found == challenge.parameters.end() ? std::string() : found->second;
  };
  net::Request request;
  request.url = TRY(net::parse_url(parameter("realm")).in("its token service has"));
  if (place_.url.scheme == "https" && request.url.scheme != "https" && !options_.insecure)
    return Error{ErrorCode::unsupported, "its token service is reached by plain http only"};
  std::string query = "scope=" + net::percent_encoded("repository:" + place_.repository + ":pull");
  if (const std::string service = parameter("service"); !service.empty())
    query = "service=" + net::percent_encoded(service) + "&" + query;
  if (!credentials_->identity_token.empty()) {
    request.method = "POST";
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.body = "grant_type=refresh_token&client_id=fathom&" + query +
                   "&refresh_token=" + net::percent_encoded(credentials_->identity_token);
    return request;
  }
  request.url.target += (request.url.target.find('?') == std::string::npos ? "?" : "&") + query;
  if (!credentials_->user.empty())
    request.headers.push_back(
        {"Authorization", "Basic " + base64(credentials_->user + ":" + credentials_->password)});
  return request;
}

Done Endpoint::take_token(const Challenge& challenge) {
  (void)credentials();
  const net::Request request = TRY(token_request(challenge));
  const std::string service = "the token service " + request.url.origin();
  Result<net::Response> response =
      client_.follow(request, {.allow_downgrade = options_.insecure, .named_by = &place_.url});
  if (!response) return std::move(response).error().in("the token service");
  if (response->head.status == 401 || response->head.status == 403)
    return Error{ErrorCode::not_found, ""};
  if (response->head.status != 200) {
    const std::optional<std::uint64_t> wait = retry_after(*response);
    return Error{ErrorCode::io, service + " answers " + reason_phrase(response->head.status) +
                                    (wait ? "; try again in " + std::to_string(*wait) + " s" : "")};
  }
  const std::string answer = TRY(response->read_all(kMostTokenResponse));
  const std::string token = TRY(parse_token(answer));
  authorization_ = "Bearer " + token;
  return Ok{};
}

std::string Endpoint::no_login_advice() const {
  if (!credentials_ || credentials_->empty())
    return "no credentials for it were found (docker login " + place_.registry +
           ", or REGISTRY_AUTH_FILE), or it has no such image";
  return "it refused the credentials of " + credentials_->origin;
}

Error Endpoint::explain(const net::Response& response, const std::string& path) {
  const int status = response.head.status;
  const std::string phrase = " (" + reason_phrase(status) + ")";
  if (!response.url.same_origin(place_.url))
    return {ErrorCode::io, "the store that " + place_.registry + " redirects to, " +
                               response.url.origin() + ", answers " + reason_phrase(status)};
  if (status == 401) {
    dead_ = true;
    const std::string why = login_failure_.empty() ? no_login_advice() : login_failure_;
    return {ErrorCode::io, place_.registry + " wants a login: " + why + phrase};
  }
  if (status == 403)
    return {ErrorCode::io, place_.registry + " denies access to " + place_.repository + phrase};
  if (status == 404 || status == 405)
    return {ErrorCode::not_found, place_.registry + " has no " + place_.repository + " with " +
                                      path.substr(path.rfind('/') + 1) + phrase};
  if (status == 429 || status == 503) {
    const std::optional<std::uint64_t> wait = retry_after(response);
    return {ErrorCode::io,
            place_.registry + (status == 429 ? " limits requests" : " is not available") + phrase +
                (wait ? "; try again in " + std::to_string(*wait) + " s" : "; try again later")};
  }
  dead_ = is_busy(status);  // still, after all retries
  return {ErrorCode::io, place_.registry + " answers " + reason_phrase(status)};
}

}  // namespace fathom::registry
