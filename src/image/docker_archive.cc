// docker save: a tar with manifest.json. Old daemons write <id>/layer.tar and <config>.json, new
// ones the blobs of an OCI layout with an index beside; in both, manifest.json names config and
// layers by path, and a path that spells a digest is a claim that is checked. Where both documents
// are there, a tool may go by either: that they speak of the same image is checked too.
// Source: moby, image/spec/spec.md.

#include <algorithm>

#include "base/text.h"
#include "image/container_image.h"
#include "oci/reference.h"

namespace fathom::image {
namespace {

// "<64 hex>.json", "blobs/sha256/<64 hex>": the digest that the name claims, or "".
std::string claimed_digest(std::string_view name) {
  name = name.substr(name.rfind('/') == name.npos ? 0 : name.rfind('/') + 1);
  for (std::string_view ending : {".json", ".tar"})
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  for (std::string_view algorithm : {"sha256:", "sha512:"})
    if (Result<Digest> digest = parse_digest(std::string(algorithm) + std::string(name)))
      return digest->text();
  return "";
}

struct Loaded {
  SavedImage saved;
  std::string digest;  // of the config
  Config config;
};

std::string digest_like(const std::string& claimed, ByteView bytes) {
  Hasher hasher(claimed.starts_with("sha512:") ? "sha512" : "sha256");
  hasher.update(bytes);
  return (claimed.starts_with("sha512:") ? "sha512:" : "sha256:") + hasher.finish_hex();
}

Result<Loaded> load(Container& container, const SavedImage& saved, const Limits& limits) {
  Bytes bytes = TRY(container.read(saved.config, limits.manifest_bytes));
  const std::string claimed = claimed_digest(saved.config);
  const std::string actual = digest_like(claimed, ByteView(bytes));
  if (!claimed.empty() && claimed != actual)
    return Error{ErrorCode::malformed,
                 "wrong digest: " + printable(saved.config) + " has the content of " + actual};
  Config config = TRY(parse_config(ByteView(bytes).as_text(), limits));
  return Loaded{saved, actual, std::move(config)};
}

bool is_meant(const SavedImage& image, std::string_view reference) {
  return claimed_digest(image.config) == reference ||
         std::ranges::any_of(image.tags, [&](const std::string& tag) {
           return oci::names_the_same(reference, tag);
         });
}

std::string choices_of(const std::vector<SavedImage>& images) {
  constexpr std::size_t kMostChoices = 20;
  std::vector<std::string> texts;
  for (const SavedImage& image : images) {
    if (texts.size() == kMostChoices) {
      texts.push_back("and " + with_thousands(images.size() - kMostChoices) + " more");
      break;
    }
    texts.push_back(printable(image.tags.empty() ? image.config : join(image.tags, " ")));
  }
  return join(texts, ", ");
}

// The image that is meant, by name and platform; manifest.json itself knows no platforms.
Result<Loaded> choose(Container& container, const std::vector<SavedImage>& images,
                      const OpenOptions& options, const Limits& limits) {
  const std::optional<oci::Platform> wanted = TRY(wanted_platform(options));
  std::vector<SavedImage> named;
  for (const SavedImage& image : images)
    if (options.reference.empty() || is_meant(image, options.reference)) named.push_back(image);
  if (named.empty())
    return Error{ErrorCode::not_found, "no image is called \"" + printable(options.reference) +
                                           "\"; there are: " + choices_of(images)};
  if (named.size() == 1) {
    Loaded only = TRY(load(container, named[0], limits).in("config"));
    if (wanted && only.config.platform.known() && !oci::satisfies(only.config.platform, *wanted))
      return Error{ErrorCode::not_found, "no image for " + oci::text_of(*wanted) + "; there is: " +
                                             printable(oci::text_of(only.config.platform))};
    return only;
  }
  std::vector<Loaded> fitting;
  for (const SavedImage& image : named) {
    Result<Loaded> loaded = load(container, image, limits);
    if (loaded && oci::satisfies(loaded->config.platform, wanted.value_or(oci::this_machine())))
      fitting.push_back(std::move(*loaded));
  }
  if (fitting.size() == 1) return std::move(fitting[0]);
  if (fitting.empty() && wanted)
    return Error{ErrorCode::not_found,
                 "no image for " + oci::text_of(*wanted) + "; there are: " + choices_of(named)};
  return Error{ErrorCode::usage,
               "several images are in it; name one by :TAG or --platform: " + choices_of(named)};
}

// Layers in old archives are named by an id that is no digest of their bytes.
LayerInfo layer_info(Container& container, const std::string& name) {
  LayerInfo info;
  if (name.starts_with("blobs/")) info.digest = claimed_digest(name);
  Result<Container::Opened> opened = container.open(name);
  if (opened) info.size = opened->size;
  return info;
}

// Newer archives have the manifest too; then its digest is the image's, and it must name the
// layers that manifest.json names.
void compare_with_index(Container& container, const Loaded& image, const Limits& limits,
                        ImageInfo& info, std::vector<LayerBlob>& blobs) {
  std::optional<FoundManifest> found = find_manifest_of(container, image.digest, limits);
  bool same = found && found->manifest.layers.size() == blobs.size();
  for (std::size_t i = 0; same && i < blobs.size(); ++i) {
    const oci::Descriptor& layer = found->manifest.layers[i];
    const std::string& claimed = blobs[i].info.digest;
    same = claimed.empty() || claimed == layer.digest.text();
    blobs[i].info.media_type = same ? layer.media_type : "";
    blobs[i].foreign = !layer.urls.empty();
  }
  if (same)
    info.digest = found->digest;
  else
    info.gaps.push_back({"image", "", "", -1, ErrorCode::malformed,
                         "manifest.json and index.json speak of different images, so two tools "
                         "would see two images in it; this is the one of manifest.json"});
}

// A root file system can have a manifest.json of its own; docker's is a list.
bool wants(Probe& probe) {
  if (probe.container() == nullptr) return false;
  Result<Container::Opened> opened = probe.container()->open("manifest.json");
  if (!opened) return false;
  Bytes first(64);
  Result<std::size_t> size = archive::read_fully(*opened->source, first);
  return size && trim(ByteView(first).clamped(0, *size).as_text()).starts_with('[');
}

Result<std::unique_ptr<Image>> open(Probe& probe, const OpenOptions& options) {
  const Limits& limits = probe.limits();
  std::unique_ptr<Container> container = TRY(probe.take_container());
  Bytes bytes = TRY(container->read("manifest.json", limits.manifest_bytes));
  std::vector<SavedImage> images =
      TRY(parse_saved_images(ByteView(bytes).as_text(), limits).in("manifest.json"));
  Result<Loaded> image = choose(*container, images, options, limits);
  // The index can name more: other platforms, manifests by their digest.
  if (!image && image.error().code == ErrorCode::not_found && has_oci_layout(*container))
    return open_oci(std::move(container), "docker-archive", options, limits);
  if (!image) return std::move(image).error();

  ImageInfo info = info_of(image->config, "docker-archive");
  info.digest = image->digest;
  info.names = image->saved.tags;
  std::vector<LayerBlob> blobs;
  for (const std::string& name : image->saved.layers)
    blobs.push_back({name, layer_info(*container, name), false});
  if (has_oci_layout(*container)) compare_with_index(*container, *image, limits, info, blobs);
  describe_layers(image->config, blobs, info.gaps);
  return std::unique_ptr<Image>(
      new ContainerImage(std::move(container), std::move(info), std::move(blobs), limits));
}

}  // namespace

extern const Source docker_archive_source{"docker-archive", 1, "a tar written by docker save",
                                          wants, open};

}  // namespace fathom::image
