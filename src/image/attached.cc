// Three conventions live side by side, and registries mix them: the referrers API; an index under
// the tag "sha256-<hex>" where a registry has no such API; and cosign's older tags
// "sha256-<hex>.sig", ".att" and ".sbom", whose layers are the signatures themselves.

#include "image/attached.h"

#include <algorithm>

#include "base/text.h"
#include "image/documents.h"

namespace fathom::image {
namespace {

constexpr std::size_t kMostAttached = 1000;
constexpr std::size_t kMostPages = 10;
constexpr std::size_t kMostLookedInto = 32;  // manifests read to learn what an artifact is

struct Known {
  std::string_view prefix, kind;
};
constexpr Known kKnown[] = {
    {"application/vnd.dev.cosign.simplesigning.", "signature"},
    {"application/vnd.dev.cosign.artifact.sig.", "signature"},
    {"application/vnd.cncf.notary.signature", "signature"},
    {"application/spdx", "sbom"},
    {"text/spdx", "sbom"},
    {"application/vnd.cyclonedx", "sbom"},
    {"application/vnd.syft", "sbom"},
    {"application/vnd.dev.cosign.artifact.sbom.", "sbom"},
    {"application/vnd.in-toto", "attestation"},
    {"application/vnd.dsse.envelope", "attestation"},
    {"application/vnd.dev.sigstore.bundle", "attestation"},
    {"application/vnd.openvex", "vex"},
    {"https://sigstore.dev/cosign/sign/", "signature"},
    {"https://openvex.dev/", "vex"},
};

std::string_view kind_of(std::string_view type) {
  for (const Known& known : kKnown)
    if (type.starts_with(known.prefix)) return known.kind;
  return "artifact";
}

std::string_view predicate_of(const oci::Descriptor& descriptor) {
  for (const char* key :
       {"predicateType", "dev.sigstore.bundle.predicateType", "in-toto.io/predicate-type"})
    if (std::string_view value = descriptor.annotation(key); !value.empty()) return value;
  return {};
}

// A type that says nothing: some registries give that of the empty config in its stead.
bool says_nothing(std::string_view type) {
  return type.empty() || type == "application/vnd.oci.empty.v1+json" ||
         type == "application/vnd.oci.image.config.v1+json";
}

class Finder {
 public:
  Finder(Container& container, const Limits& limits, std::vector<Gap>& gaps)
      : container_(container), limits_(limits), gaps_(gaps) {}

  std::vector<Attachment> run(const std::set<std::string>& digests) {
    for (const std::string& text : digests) {
      Result<Digest> digest = parse_digest(text);
      if (digest) look_for(*digest);
    }
    std::ranges::sort(found_);
    auto twice = std::ranges::unique(found_);
    found_.erase(twice.begin(), twice.end());
    return std::move(found_);
  }

 private:
  void look_for(const Digest& subject) {
    const std::string tag = subject.algorithm + "-" + subject.hex;
    const std::string api = "referrers/" + subject.algorithm + "/" + subject.hex;
    if (!add_pages(api, subject)) add_index("tags/" + tag, subject, "tag " + tag);
    for (const char* ending : {".sig", ".att", ".sbom"}) add_layers_of(tag + ending, subject);
  }

  // False when the registry has no referrers API.
  bool add_pages(const std::string& api, const Digest& subject) {
    for (std::size_t page = 0; page < kMostPages; ++page)
      if (!add_index(api + "/" + std::to_string(page), subject, "referrers API")) return page > 0;
    add_gap({ErrorCode::limit_exceeded, "more pages of referrers than the limit"}, subject);
    return true;
  }

  // False when it is not there.
  bool add_index(const std::string& name, const Digest& subject, const std::string& found) {
    Result<Bytes> bytes = container_.read(name, limits_.manifest_bytes);
    if (!bytes) return !is_absent(bytes.error(), subject);
    Result<Manifest> index = parse_manifest(ByteView(*bytes).as_text(), limits_);
    if (index && !index->is_index) index = Error{ErrorCode::malformed, "is no index"};
    if (!index) {
      add_gap(index.error(), subject);
      return true;
    }
    for (const oci::Descriptor& descriptor : index->manifests) add(descriptor, subject, found);
    return true;
  }

  void add(const oci::Descriptor& descriptor, const Digest& subject, const std::string& found) {
    std::string type = descriptor.artifact_type;
    std::string predicate(predicate_of(descriptor));
    if (says_nothing(type)) learn_type(descriptor, type, predicate);
    keep(descriptor, type, predicate, subject, found);
  }

  void learn_type(const oci::Descriptor& descriptor, std::string& type, std::string& predicate) {
    if (looked_into_ == kMostLookedInto) return;
    ++looked_into_;
    Result<Bytes> bytes =
        container_.read(container_.manifest_name(descriptor.digest), limits_.manifest_bytes);
    if (!bytes) return;
    Result<Manifest> manifest = parse_manifest(ByteView(*bytes).as_text(), limits_);
    if (!manifest || manifest->is_index) return;
    if (!says_nothing(manifest->artifact_type)) type = manifest->artifact_type;
    if (manifest->layers.empty()) return;
    if (says_nothing(type)) type = manifest->layers[0].media_type;
    if (predicate.empty()) predicate = predicate_of(manifest->layers[0]);
  }

  void add_layers_of(const std::string& tag, const Digest& subject) {
    Result<Bytes> bytes = container_.read("tags/" + tag, limits_.manifest_bytes);
    if (!bytes) {
      (void)is_absent(bytes.error(), subject);
      return;
    }
    Result<Manifest> manifest = parse_manifest(ByteView(*bytes).as_text(), limits_);
    if (!manifest) return add_gap(manifest.error(), subject);
    for (const oci::Descriptor& layer : manifest->layers)
      keep(layer, layer.media_type, std::string(predicate_of(layer)), subject, "tag " + tag);
  }

  void keep(const oci::Descriptor& descriptor, const std::string& type,
            const std::string& predicate, const Digest& subject, const std::string& found) {
    if (found_.size() == kMostAttached)
      return add_gap({ErrorCode::limit_exceeded, "more attached artifacts than the limit"},
                     subject);
    found_.push_back({std::string(kind_of_artifact(type, predicate)),
                      predicate.empty() ? type : predicate, descriptor.digest.text(),
                      descriptor.size, subject.text(), found});
  }

  // Anything but "not found" is a gap, told once.
  bool is_absent(const Error& error, const Digest& subject) {
    if (error.code != ErrorCode::not_found) add_gap(error, subject);
    return error.code == ErrorCode::not_found;
  }

  void add_gap(const Error& error, const Digest& subject) {
    if (told_) return;
    told_ = true;
    gaps_.push_back({"referrers", "", "", -1, error.code,
                     "signatures, SBOMs and attestations attached to " + subject.text() +
                         " could not all be listed: " + error.message});
  }

  Container& container_;
  const Limits& limits_;
  std::vector<Gap>& gaps_;
  std::vector<Attachment> found_;
  std::size_t looked_into_ = 0;
  bool told_ = false;
};

}  // namespace

std::string_view kind_of_artifact(std::string_view type, std::string_view predicate) {
  if (!predicate.empty())
    if (std::string_view kind = kind_of(predicate); kind != "artifact") return kind;
  return kind_of(type);
}

std::vector<Attachment> find_attached(Container& container, const std::set<std::string>& digests,
                                      const Limits& limits, std::vector<Gap>& gaps) {
  return Finder(container, limits, gaps).run(digests);
}

}  // namespace fathom::image
