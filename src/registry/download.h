// One blob or document as it comes: from the first server that has it, going on at the same or the
// next one where a connection was cut.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "archive/stream.h"
#include "registry/endpoint.h"

namespace fathom::registry {

using Endpoints = std::vector<std::unique_ptr<Endpoint>>;
// Some of them, the registry itself last; they must outlive who uses them.
using Servers = std::span<const std::unique_ptr<Endpoint>>;

struct DownloadRequest {
  std::string path;  // "blobs/sha256:…"
  std::string accept;
  std::uint64_t most = 0;
  bool exact = false;
};

class Download : public archive::ByteSource {
 public:
  Download(Servers servers, DownloadRequest request)
      : endpoints_(servers), request_(std::move(request)) {}

  // Gets the first answer. not_found when no server has it.
  Done start();
  Result<std::size_t> read(std::span<std::uint8_t> into) override;
  // Of the answer that came first: "docker-content-digest"; empty when there is none.
  std::string header(std::string_view name) const;
  const std::string& server() const { return endpoints_[at_]->name(); }
  const net::Url& url() const { return response_->url; }

 private:
  Done open();
  Done open_at(Endpoint& endpoint);
  Done check_length(const net::Response& response) const;
  Done skip_to_position();
  bool can_go_on();
  Error too_much() const;

  Servers endpoints_;
  DownloadRequest request_;
  std::size_t at_ = 0;  // which server
  std::optional<net::Response> response_;
  std::uint64_t position_ = 0;
  std::uint64_t position_at_last_cut_ = 0;
  int cuts_without_progress_ = 0, cuts_ = 0;
  std::optional<Error> failure_;
};

}  // namespace fathom::registry
