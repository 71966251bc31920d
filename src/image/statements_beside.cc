#include "image/statements_beside.h"

#include "base/text.h"
#include "image/documents.h"
#include "image/statement.h"

namespace fathom::image {
namespace {

constexpr std::size_t kMostDocuments = 64;  // read of one image
constexpr std::string_view kBundle = "application/vnd.dev.sigstore.bundle";

bool holds_statements(std::string_view media_type) {
  return media_type.starts_with("application/vnd.in-toto") ||
         media_type.starts_with("application/vnd.dsse.envelope") || media_type.starts_with(kBundle);
}

class Reader {
 public:
  Reader(Container& container, const Limits& limits, ImageInfo& info)
      : container_(container), limits_(limits), info_(info) {}

  void read_manifest(const Digest& digest) {
    if (!may_read(digest)) return;
    const Result<Bytes> bytes =
        read_verified(container_.manifest_name(digest), digest, limits_.manifest_bytes);
    if (!bytes) return add_gap(digest, bytes.error());
    const Result<Manifest> manifest = parse_manifest(ByteView(*bytes).as_text(), limits_);
    if (!manifest) return add_gap(digest, manifest.error());
    for (const oci::Descriptor& layer : manifest->layers)
      if (holds_statements(layer.media_type)) read_blob(layer.digest);
  }

  void read_blob(const Digest& digest) {
    if (!may_read(digest)) return;
    const Result<Bytes> bytes = read_verified(oci::blob_path(digest), digest, limits_.audit_bytes);
    if (!bytes) return add_gap(digest, bytes.error());
    Result<Statements> found = parse_statements(ByteView(*bytes).as_text(), limits_);
    // A bundle may also hold a signature alone, which states nothing.
    if (!found && found.error().code == ErrorCode::unsupported) return;
    if (!found) return add_gap(digest, found.error());
    for (const Error& problem : found->problems) add_gap(digest, problem);
    for (Statement& statement : found->list) {
      statement.where = "attestation " + digest.text();
      info_.statements.push_back(std::move(statement));
    }
  }

 private:
  bool may_read(const Digest& digest) {
    if (!seen_.insert(digest.text()).second) return false;
    if (seen_.size() <= kMostDocuments) return true;
    if (seen_.size() == kMostDocuments + 1)
      add_gap(digest, {ErrorCode::limit_exceeded, "more attestations than the limit"});
    return false;
  }

  Result<Bytes> read_verified(const std::string& name, const Digest& digest, std::uint64_t most) {
    Bytes bytes = TRY(container_.read(name, most));
    Hasher hasher(digest.algorithm);
    hasher.update(ByteView(bytes));
    if (hasher.finish_hex() != digest.hex)
      return Error{ErrorCode::malformed, "its content has another digest"};
    return bytes;
  }

  void add_gap(const Digest& digest, const Error& error) {
    info_.gaps.push_back(
        {"attestation", "", "", -1, error.code,
         "the attestation " + digest.text() + " could not be read: " + error.message});
  }

  Container& container_;
  const Limits& limits_;
  ImageInfo& info_;
  std::set<std::string> seen_;
};

}  // namespace

void add_statements(Container& container, const std::vector<oci::Descriptor>& attestations,
                    const Limits& limits, ImageInfo& info) {
  Reader reader(container, limits, info);
  for (const oci::Descriptor& descriptor : attestations)
    if (descriptor.annotation("vnd.docker.reference.digest") == info.digest)
      reader.read_manifest(descriptor.digest);
  for (const Attachment& attached : info.attached) {
    if (attached.kind != "attestation") continue;
    const Result<Digest> digest = parse_digest(attached.digest);
    if (!digest) continue;
    // cosign's older tags list the layers themselves.
    if (attached.found.ends_with(".att"))
      reader.read_blob(*digest);
    else
      reader.read_manifest(*digest);
  }
}

}  // namespace fathom::image
