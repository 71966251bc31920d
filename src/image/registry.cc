// An image in a registry. What the parent fetches over the network is read here as if it were an
// OCI layout whose index has one entry: the manifest or index that the reference names.
// Source: OCI distribution specification 1.1, "Pulling manifests", "Pulling blobs".

#include "base/text.h"
#include "image/attached.h"
#include "image/container_image.h"

namespace fathom::image {
namespace {

class RegistryContainer : public Container {
 public:
  RegistryContainer(Store& store, const Limits& limits) : store_(store), limits_(limits) {}

  bool has(std::string_view name) override {
    return read(name, limits_.manifest_bytes).has_value();
  }

  Result<Opened> open(std::string_view name) override {
    std::unique_ptr<archive::ByteSource> source =
        TRY(store_.fetch({std::string(name), limits_.image_inflated, false}));
    return Opened{0, std::move(source)};
  }

  Result<Opened> open_blob(std::string_view name, std::uint64_t size) override {
    if (size > limits_.image_inflated)
      return Error{ErrorCode::limit_exceeded, "a layer of " + human_bytes(size)};
    std::unique_ptr<archive::ByteSource> source =
        TRY(store_.fetch({std::string(name), size, true}));
    return Opened{size, std::move(source)};
  }

  std::string manifest_name(const Digest& digest) const override {
    return "manifests/" + digest.algorithm + "/" + digest.hex;
  }

  Result<Bytes> read(std::string_view name, std::uint64_t most) override {
    std::unique_ptr<archive::ByteSource> source =
        TRY(store_.fetch({std::string(name), most, false}));
    Bytes bytes, piece(1 << 16);
    while (const std::size_t n = TRY(source->read(piece))) {
      if (n > most - bytes.size())
        return Error{ErrorCode::limit_exceeded, printable(name) + " is larger than the limit"};
      bytes.insert(bytes.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(n));
    }
    return bytes;
  }

  void complete(ImageInfo& info, const std::set<std::string>& digests) override {
    info.asked_for_attached = true;
    info.attached = find_attached(*this, digests, limits_, info.gaps);
  }

 private:
  Store& store_;
  Limits limits_;
};

bool wants(Probe&) { return false; }  // never found by looking: a registry is asked for by name

Result<std::unique_ptr<Image>> open(Probe& probe, const OpenOptions& options) {
  if (!probe.store().is_registry()) return Error{ErrorCode::usage, "is no registry"};
  std::unique_ptr<Container> container = registry_container(probe.store(), probe.limits());
  const Manifest index = TRY(read_registry_index(*container, options, probe.limits()));
  OpenOptions inside = options;
  inside.reference.clear();  // has been followed
  return open_index(std::move(container), index, "registry", inside, probe.limits());
}

}  // namespace

Result<Manifest> read_registry_index(Container& container, const OpenOptions& options,
                                     const Limits& limits) {
  Result<Digest> digest = parse_digest(options.reference);
  const std::string name = digest ? container.manifest_name(*digest) : "tags/" + options.reference;
  const Bytes bytes = TRY(container.read(name, limits.manifest_bytes));
  const Manifest top = TRY(parse_manifest(ByteView(bytes).as_text(), limits).in("manifest"));
  oci::Descriptor entry;
  entry.media_type = top.is_index ? "application/vnd.oci.image.index.v1+json"
                                  : "application/vnd.oci.image.manifest.v1+json";
  entry.digest = digest ? *digest : sha256_of(ByteView(bytes));
  entry.size = bytes.size();
  entry.annotations.emplace_back("org.opencontainers.image.ref.name", options.file_name);
  Manifest index;
  index.is_index = true;
  index.manifests.push_back(std::move(entry));
  return index;
}

std::unique_ptr<Container> registry_container(Store& store, const Limits& limits) {
  return std::make_unique<RegistryContainer>(store, limits);
}

extern const Source registry_source{
    "registry", 1, "an image in a registry: registry:NAME[:TAG|@DIGEST]", wants, open};

}  // namespace fathom::image
