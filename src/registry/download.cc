#include "registry/download.h"

#include <algorithm>
#include <thread>

#include "base/log.h"
#include "base/text.h"

namespace fathom::registry {
namespace {

constexpr int kMostCutsWithoutProgress = 4;
constexpr int kMostCuts = 64;

// "bytes 100-199/200": whether it starts at `position`.
bool continues_at(const net::Response& response, std::uint64_t position) {
  const std::string* range = response.head.find("content-range");
  if (range == nullptr || !range->starts_with("bytes ")) return false;
  const std::string_view first = std::string_view(*range).substr(6);
  return parse_unsigned(first.substr(0, first.find('-'))) == position;
}

}  // namespace

Error Download::too_much() const {
  return {ErrorCode::limit_exceeded, server() + " sends more for " + request_.path + " than the " +
                                         human_bytes(request_.most) +
                                         (request_.exact ? " of its descriptor" : " of the limit")};
}

Done Download::start() { return open(); }

// From the server in use on. A mirror that fails makes room for the next; what the registry itself
// says is the answer.
Done Download::open() {
  for (;; ++at_) {
    Endpoint& endpoint = *endpoints_[at_];
    const bool last = at_ + 1 == endpoints_.size();
    if (!last && endpoint.is_dead()) continue;
    Done opened = open_at(endpoint);
    if (opened || last) return opened;
    if (opened.error().code != ErrorCode::not_found)
      log::warning("the mirror fails, going on without it: " + opened.error().message);
  }
}

Done Download::open_at(Endpoint& endpoint) {
  std::vector<net::Header> headers;
  if (!request_.accept.empty()) headers.push_back({"Accept", request_.accept});
  if (position_ > 0) headers.push_back({"Range", "bytes=" + std::to_string(position_) + "-"});
  response_.reset();
  net::Response response = TRY(endpoint.get(request_.path, std::move(headers)));
  const bool partial = response.head.status == 206;
  if (partial && (position_ == 0 || !continues_at(response, position_)))
    return Error{ErrorCode::malformed,
                 endpoint.name() + " sends another part of " + request_.path + " than asked for"};
  const bool from_start = position_ > 0 && !partial;
  TRY(check_length(response));
  response_ = std::move(response);
  return from_start ? skip_to_position() : Done(Ok{});
}

Done Download::check_length(const net::Response& response) const {
  if (!response.length) return Ok{};
  const std::uint64_t had = response.head.status == 206 ? position_ : 0;
  const std::uint64_t left = request_.most - std::min(had, request_.most);
  if (*response.length > left) {
    if (request_.exact)
      return Error{ErrorCode::malformed,
                   server() + " announces " + std::to_string(*response.length) + " bytes for " +
                       request_.path + ", its descriptor says " + std::to_string(left)};
    return too_much();
  }
  if (request_.exact && *response.length < left)
    return Error{ErrorCode::malformed, server() + " announces " + std::to_string(*response.length) +
                                           " bytes for " + request_.path +
                                           ", its descriptor says " + std::to_string(left)};
  return Ok{};
}

// A server without ranges sends everything again; the digest tells whether it was the same.
Done Download::skip_to_position() {
  Bytes piece(1 << 16);
  for (std::uint64_t left = position_; left > 0;) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
    const std::size_t n = TRY(response_->read(std::span(piece).first(want)));
    if (n == 0) return Error{ErrorCode::truncated, server() + " sends less than before"};
    left -= n;
  }
  return Ok{};
}

Result<std::size_t> Download::read(std::span<std::uint8_t> into) {
  if (failure_) return *failure_;
  for (;;) {
    Result<std::size_t> n = response_->read(into);
    if (n && *n > 0) {
      if (*n > request_.most - position_) return failure_.emplace(too_much());
      position_ += *n;
      return n;
    }
    if (n && (!request_.exact || position_ == request_.most)) return n;
    if (n)
      n = Error{ErrorCode::truncated, "ended after " + std::to_string(position_) + " of " +
                                          std::to_string(request_.most) + " bytes"};
    if (!can_go_on()) return failure_.emplace(std::move(n).error().in(request_.path));
    if (Done again = open(); !again) return failure_.emplace(again.error());
  }
}

bool Download::can_go_on() {
  const net::Trouble trouble = endpoints_[at_]->trouble();
  if (trouble == net::Trouble::protocol) return false;
  cuts_without_progress_ = position_ > position_at_last_cut_ ? 1 : cuts_without_progress_ + 1;
  position_at_last_cut_ = position_;
  if (++cuts_ > kMostCuts) return false;
  if (cuts_without_progress_ >= kMostCutsWithoutProgress) {
    if (at_ + 1 == endpoints_.size()) return false;
    ++at_;
    cuts_without_progress_ = 0;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50 << cuts_without_progress_));
  return true;
}

std::string Download::header(std::string_view name) const {
  const std::string* value = response_->head.find(name);
  return value == nullptr ? "" : *value;
}

}  // namespace fathom::registry
