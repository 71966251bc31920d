#include "registry/registry.h"

#include <algorithm>
#include <map>

#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include "net/address.h"
#include "registry/download.h"

namespace fathom::registry {
namespace {

constexpr std::uint64_t kMostFetches = 50'000;  // also of a child that was taken over
constexpr std::uint64_t kMostKept = 64 * kMiB;  // small documents, for when they are read again
constexpr std::string_view kDockerHub = "docker.io";
constexpr std::string_view kDockerHubHost = "registry-1.docker.io";
constexpr std::string_view kManifestTypes =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

bool is_loopback_host(const std::string& host) {
  const std::optional<net::Address> address = net::parse_address(host);
  return address ? net::reach_of(*address) == net::Reach::loopback
                 : host == "localhost" || host.ends_with(".localhost");
}

// What a name of Store::fetch asks the server for.
struct Asked {
  std::string path;
  std::optional<Digest> digest;  // of what must come
  bool is_manifest = false;
  bool is_referrers = false;
  std::size_t page = 0;
};

Result<Asked> parse_name(std::string_view name) {
  const Error refused{ErrorCode::usage, "a registry has nothing called " + printable(name)};
  const std::vector<std::string_view> parts = split(name, '/');
  Asked asked;
  if (parts.size() == 2 && parts[0] == "tags") {
    if (!oci::is_tag(parts[1])) return refused;
    asked.path = "manifests/" + std::string(parts[1]);
    asked.is_manifest = true;
    return asked;
  }
  if (parts.size() < 3) return refused;
  Digest digest = TRY(parse_digest(std::string(parts[1]) + ":" + std::string(parts[2])));
  asked.path = std::string(parts[0]) + "/" + digest.text();
  asked.is_manifest = parts[0] == "manifests";
  asked.is_referrers = parts[0] == "referrers";
  if (asked.is_referrers && parts.size() == 4) {
    std::optional<std::uint64_t> page = parse_unsigned(parts[3]);
    if (!page) return refused;
    asked.page = *page;
    return asked;
  }
  if (parts.size() != 3 || (!asked.is_manifest && parts[0] != "blobs")) return refused;
  asked.digest = std::move(digest);
  return asked;
}

class BytesSource : public archive::ByteSource {
 public:
  explicit BytesSource(const Bytes& bytes) : bytes_(bytes) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const std::size_t n = std::min(into.size(), bytes_.size() - at_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), n, into.begin());
    at_ += n;
    return n;
  }

 private:
  const Bytes bytes_;
  std::size_t at_ = 0;
};

class RegistryStore : public image::Store {
 public:
  RegistryStore(const Options& options) : options_(options) {}

  Done open(const oci::Reference& reference) {
    net::Proxies proxies = TRY(net::Proxies::from_environment());
    for (const Mirror& mirror : options_.mirrors)
      if (mirror.registry == reference.registry)
        TRY(add_endpoint(mirror_place(mirror, reference), proxies));
    TRY(add_endpoint(own_place(reference), proxies));
    return Ok{};
  }

  bool is_directory() const override { return false; }
  bool is_registry() const override { return true; }
  Result<std::unique_ptr<image::Blob>> open(std::string_view) override { return no_files(); }
  Result<std::vector<image::DirectoryEntry>> list(std::vector<Gap>&) override { return no_files(); }
  Result<std::unique_ptr<Scratch>> scratch() override { return no_files(); }

  Result<std::unique_ptr<archive::ByteSource>> fetch(const Wanted& wanted) override {
    const std::string& name = wanted.name;
    if (auto kept = kept_.find(name); kept != kept_.end()) return source_of(kept->second);
    const Asked asked = TRY(parse_name(name));
    if (++fetches_ > kMostFetches)
      return Error{ErrorCode::limit_exceeded, "more requests to the registry than the limit"};
    if (asked.is_referrers) return fetch_referrers(name, asked, wanted.most);
    // Documents are read to the end and checked here, so that a mirror's mistake can be made good;
    // layers go on as they come.
    if (!wanted.exact && wanted.most <= options_.limits.manifest_bytes)
      return fetch_document(name, asked, wanted);
    return fetch_stream(asked, wanted);
  }

 private:
  static Error no_files() { return {ErrorCode::usage, "a registry has no files"}; }

  static std::unique_ptr<archive::ByteSource> source_of(const Bytes& bytes) {
    return std::make_unique<BytesSource>(bytes);
  }

  Done add_endpoint(Result<Endpoint::Place> place, const net::Proxies& proxies) {
    if (!place) return std::move(place).error();
    endpoints_.push_back(std::make_unique<Endpoint>(std::move(*place), options_, proxies));
    return Ok{};
  }

  Result<Endpoint::Place> own_place(const oci::Reference& reference) const {
    Endpoint::Place place{reference.registry, reference.path, {}, false, false};
    place.url.scheme = "https";
    const bool hub = reference.registry == kDockerHub;
    TRY(net::parse_authority(hub ? kDockerHubHost : std::string_view(reference.registry),
                             place.url));
    place.is_loopback = is_loopback_host(place.url.host);
    place.may_be_plain = options_.insecure || place.is_loopback;
    return place;
  }

  Result<Endpoint::Place> mirror_place(const Mirror& mirror,
                                       const oci::Reference& reference) const {
    Endpoint::Place place;
    place.url = TRY(net::parse_url(mirror.url).in("the mirror"));
    std::string prefix = place.url.target.substr(1, place.url.target.find('?') - 1);
    while (prefix.ends_with('/')) prefix.pop_back();
    place.url.target = "/";
    place.registry = place.url.authority();
    place.repository = prefix.empty() ? reference.path : prefix + "/" + reference.path;
    return place;  // its address says which scheme it has
  }

  Result<std::unique_ptr<archive::ByteSource>> fetch_stream(const Asked& asked,
                                                            const Wanted& wanted) {
    auto download = std::make_unique<Download>(
        Servers(endpoints_), DownloadRequest{asked.path, "", wanted.most, wanted.exact});
    TRY(download->start());
    return std::unique_ptr<archive::ByteSource>(std::move(download));
  }

  Result<std::unique_ptr<archive::ByteSource>> fetch_document(const std::string& name,
                                                              const Asked& asked,
                                                              const Wanted& wanted) {
    // One server at a time: the next is asked when what came is not what it should be.
    for (std::size_t i = 0;; ++i) {
      Result<Bytes> bytes = read_document(i, asked, wanted);
      const bool last = i + 1 == endpoints_.size();
      if (bytes) return source_of(keep(name, std::move(*bytes)));
      if (last) return std::move(bytes).error();
      if (bytes.error().code != ErrorCode::not_found)
        log::warning("the mirror fails, going on without it: " + bytes.error().message);
    }
  }

  Result<Bytes> read_document(std::size_t index, const Asked& asked, const Wanted& wanted) {
    if (index + 1 < endpoints_.size() && endpoints_[index]->is_dead())
      return Error{ErrorCode::not_found, ""};
    Download download(Servers(endpoints_).subspan(index, 1),
                      {asked.path, asked.is_manifest ? std::string(kManifestTypes) : "",
                       wanted.most, wanted.exact});
    TRY(download.start());
    const std::string stated = download.header("docker-content-digest");
    Bytes bytes = TRY(read_to_end(download, wanted.most));
    TRY(check(bytes, asked, stated, download.server()));
    return bytes;
  }

  static Result<Bytes> read_to_end(archive::ByteSource& source, std::uint64_t most) {
    Bytes bytes, piece(1 << 16);
    while (const std::size_t n = TRY(source.read(piece))) {
      if (n > most - bytes.size())
        return Error{ErrorCode::limit_exceeded, "a document larger than the limit"};
      bytes.insert(bytes.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(n));
    }
    return bytes;
  }

  // What was asked for by digest has it; what was asked for by tag has the one that the server
  // itself states.
  static Done check(const Bytes& bytes, const Asked& asked, const std::string& stated,
                    const std::string& server) {
    std::optional<Digest> wanted = asked.digest;
    if (!wanted)
      if (Result<Digest> digest = parse_digest(stated)) wanted = *digest;
    if (!wanted) return Ok{};
    Hasher hasher(wanted->algorithm);
    hasher.update(ByteView(bytes));
    const std::string actual = wanted->algorithm + ":" + hasher.finish_hex();
    if (actual == wanted->text()) return Ok{};
    return Error{ErrorCode::malformed, "wrong digest: " + server + " sent for " + asked.path +
                                           " the content of " + actual + ", it should be " +
                                           wanted->text()};
  }

  // The first page by the API, the others by the link of the page before.
  Result<std::unique_ptr<archive::ByteSource>> fetch_referrers(const std::string& name,
                                                               const Asked& asked,
                                                               std::uint64_t most) {
    Endpoint& endpoint = *endpoints_.back();
    const std::string base = asked.path;
    Result<net::Response> response = Error{ErrorCode::not_found, "there is no such page"};
    const std::vector<net::Header> accept{{"Accept", std::string(kManifestTypes)}};
    if (asked.page == 0) {
      response = endpoint.get(base, accept);
    } else if (auto link = next_pages_.find({base, asked.page}); link != next_pages_.end()) {
      response = endpoint.get_url(link->second, accept);
    }
    if (!response) return std::move(response).error();
    if (std::optional<net::Url> next = next_page(*response))
      next_pages_.insert_or_assign({base, asked.page + 1}, *next);
    const std::string text =
        TRY(response->read_all(std::min(most, options_.limits.manifest_bytes)));
    return source_of(keep(name, Bytes(text.begin(), text.end())));
  }

  // Link: </v2/…>; rel="next"
  static std::optional<net::Url> next_page(const net::Response& response) {
    const std::string* link = response.head.find("link");
    if (link == nullptr || !link->starts_with('<')) return std::nullopt;
    const std::size_t end = link->find('>');
    if (end == std::string::npos || link->find("rel=\"next\"", end) == std::string::npos)
      return std::nullopt;
    Result<net::Url> url = net::resolve(response.url, std::string_view(*link).substr(1, end - 1));
    if (!url || !url->same_origin(response.url) || !url->target.starts_with("/v2/"))
      return std::nullopt;
    return *url;
  }

  const Bytes& keep(const std::string& name, Bytes bytes) {
    if (kept_bytes_ + bytes.size() > kMostKept) return unkept_ = std::move(bytes);
    kept_bytes_ += bytes.size();
    return kept_[name] = std::move(bytes);
  }

  Options options_;
  Endpoints endpoints_;  // mirrors, then the registry
  std::uint64_t fetches_ = 0;
  std::map<std::string, Bytes> kept_;
  std::uint64_t kept_bytes_ = 0;
  Bytes unkept_;
  std::map<std::pair<std::string, std::size_t>, net::Url> next_pages_;
};

}  // namespace

Result<Mirror> parse_mirror(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.find("://");
  Mirror mirror{"docker.io", std::string(text)};
  if (equals != text.npos && equals < colon) {
    mirror.registry = text.substr(0, equals);
    mirror.url = text.substr(equals + 1);
  }
  Result<net::Url> url = net::parse_url(mirror.url);
  if (!url) return Error{ErrorCode::usage, "the mirror's address is " + url.error().message};
  return mirror;
}

Result<oci::Reference> parse_image_name(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at != text.npos && !text.substr(at + 1).starts_with("sha"))
    return Error{ErrorCode::usage,
                 "the name of an image has no user and no password in it; use docker login"};
  return oci::parse_reference(text);
}

std::string wanted_of(const oci::Reference& reference) {
  if (reference.digest) return reference.digest->text();
  return reference.tag.empty() ? "latest" : reference.tag;
}

Result<std::unique_ptr<image::Store>> open_store(const oci::Reference& reference,
                                                 const Options& options) {
  auto store = std::make_unique<RegistryStore>(options);
  TRY(store->open(reference));
  return std::unique_ptr<image::Store>(std::move(store));
}

}  // namespace fathom::registry
