// docker save: a tar with manifest.json. Old daemons write <id>/layer.tar and <config>.json, new
// ones the blobs of an OCI layout with an index beside; in both, manifest.json names config and
// layers by path, and a path that spells a digest is a claim that is checked.
// Source: moby, image/spec/spec.md.

#include "base/text.h"
#include "image/container_image.h"

namespace fathom::image {
namespace {

// "<64 hex>.json", "blobs/sha256/<64 hex>": the digest that the name claims, or "".
std::string claimed_digest(std::string_view name) {
  name = name.substr(name.rfind('/') == name.npos ? 0 : name.rfind('/') + 1);
  for (std::string_view ending : {".json", ".tar"})
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  std::string digest = "sha256:" + std::string(name);
  return parse_digest(digest) ? digest : "";
}

bool is_tagged(const SavedImage& image, std::string_view reference) {
  for (const std::string& tag : image.tags)
    if (tag == reference || tag.ends_with(":" + std::string(reference))) return true;
  return claimed_digest(image.config) == reference;
}

std::string choices_of(const std::vector<SavedImage>& images) {
  std::vector<std::string> texts;
  for (const SavedImage& image : images)
    texts.push_back(printable(image.tags.empty() ? image.config : join(image.tags, " ")));
  return join(texts, ", ");
}

Result<SavedImage> choose(std::vector<SavedImage> images, const std::string& reference) {
  std::string choices = choices_of(images);
  if (!reference.empty())
    std::erase_if(images, [&](const SavedImage& image) { return !is_tagged(image, reference); });
  if (images.size() == 1) return images[0];
  if (images.empty())
    return Error{ErrorCode::not_found,
                 "no image is called \"" + printable(reference) + "\"; there are: " + choices};
  return Error{ErrorCode::usage, "several images are in it; name one by :TAG: " + choices};
}

Result<Config> read_config(Container& container, const SavedImage& saved, std::string& digest,
                           const Limits& limits) {
  Bytes bytes = TRY(container.read(saved.config, limits.manifest_bytes));
  digest = sha256_of(ByteView(bytes)).text();
  std::string claimed = claimed_digest(saved.config);
  if (!claimed.empty() && claimed != digest)
    return Error{ErrorCode::malformed,
                 "wrong digest: " + printable(saved.config) + " has the content of " + digest};
  return parse_config(ByteView(bytes).as_text(), limits);
}

// Layers in old archives are named by an id that is no digest of their bytes.
LayerInfo layer_info(Container& container, const std::string& name) {
  LayerInfo info;
  if (name.starts_with("blobs/")) info.digest = claimed_digest(name);
  Result<Container::Opened> opened = container.open(name);
  if (opened) info.size = opened->size;
  return info;
}

bool wants(Probe& probe) {
  return probe.container() != nullptr && probe.container()->has("manifest.json");
}

Result<std::unique_ptr<Image>> open(Probe& probe, const OpenOptions& options) {
  const Limits& limits = probe.limits();
  std::unique_ptr<Container> container = TRY(probe.take_container());
  // The index inside knows platforms; manifest.json does not.
  if (!options.platform.empty() && container->has("index.json"))
    return open_oci(std::move(container), "docker-archive", options, limits);

  Bytes bytes = TRY(container->read("manifest.json", limits.manifest_bytes));
  std::vector<SavedImage> images =
      TRY(parse_saved_images(ByteView(bytes).as_text(), limits).in("manifest.json"));
  SavedImage saved = TRY(choose(std::move(images), options.reference));
  std::string digest;
  Config config = TRY(read_config(*container, saved, digest, limits).in("config"));
  if (!options.platform.empty() && !config.platform.starts_with(options.platform))
    return Error{ErrorCode::not_found, "no image for " + printable(options.platform) +
                                           "; there is: " + printable(config.platform)};
  ImageInfo info = info_of(config, "docker-archive");
  info.digest = digest;
  info.names = saved.tags;
  bool counts_agree = config.diff_ids.size() == saved.layers.size();
  if (!counts_agree)
    info.gaps.push_back({"image", "", "", -1, ErrorCode::malformed,
                         "the config names " + std::to_string(config.diff_ids.size()) +
                             " layers, manifest.json " + std::to_string(saved.layers.size())});
  std::vector<std::string> history = layer_history(config, saved.layers.size());
  std::vector<LayerBlob> blobs;
  for (std::size_t i = 0; i < saved.layers.size(); ++i) {
    LayerInfo layer = layer_info(*container, saved.layers[i]);
    if (counts_agree && parse_digest(config.diff_ids[i])) layer.diff_id = config.diff_ids[i];
    layer.created_by = history[i];
    blobs.push_back({saved.layers[i], std::move(layer)});
  }
  return std::unique_ptr<Image>(
      new ContainerImage(std::move(container), std::move(info), std::move(blobs), limits));
}

}  // namespace

extern const Source docker_archive_source{"docker-archive", 1, "a tar written by docker save",
                                          wants, open};

}  // namespace fathom::image
