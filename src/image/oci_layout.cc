// OCI image layouts, as folder and as tar, and docker archives that have one inside.
// Source: OCI image specification 1.1, image-layout.md, image-index.md.
//
// Which manifest? A reference names a tag or a digest. Without one there must be one image, or one
// for the platform that was asked for; anything else is an error that lists the choices, never a
// guess.

#include <set>

#include "base/text.h"
#include "image/container_image.h"

namespace fathom::image {
namespace {

std::string blob_name(const Digest& digest) {
  return "blobs/" + digest.algorithm + "/" + digest.hex;
}

Result<Bytes> read_verified(Container& container, const Descriptor& what, const Limits& limits) {
  Bytes bytes = TRY(container.read(blob_name(what.digest), limits.manifest_bytes));
  if (bytes.size() != what.size)
    return Error{ErrorCode::malformed,
                 "blob " + what.digest.text() + " has " + std::to_string(bytes.size()) +
                     " bytes, its descriptor says " + std::to_string(what.size)};
  Hasher hasher(what.digest.algorithm);
  hasher.update(ByteView(bytes));
  std::string actual = what.digest.algorithm + ":" + hasher.finish_hex();
  if (actual != what.digest.text())
    return Error{ErrorCode::malformed,
                 "wrong digest: blob " + what.digest.text() + " has the content of " + actual};
  return bytes;
}

bool platform_matches(std::string_view has, std::string_view wanted) {
  return has == wanted || (has.starts_with(wanted) && has.substr(wanted.size()).starts_with('/'));
}

std::string choices_of(const std::vector<Descriptor>& manifests) {
  std::vector<std::string> texts;
  for (const Descriptor& manifest : manifests) {
    std::string text = printable(manifest.name.empty() ? manifest.digest.text() : manifest.name);
    if (!manifest.platform.empty()) text += " (" + printable(manifest.platform) + ")";
    texts.push_back(std::move(text));
  }
  return join(texts, ", ");
}

bool is_named(const Descriptor& manifest, std::string_view reference) {
  if (manifest.digest.text() == reference || manifest.name == reference) return true;
  // "registry/app:v1" is also "v1", which is what people type.
  return manifest.name.ends_with(":" + std::string(reference));
}

class Chooser {
 public:
  Chooser(Container& container, const OpenOptions& options, const Limits& limits)
      : container_(container), options_(options), limits_(limits) {}

  struct Choice {
    Descriptor descriptor;
    Manifest manifest;
    std::vector<std::string> names;
  };

  Result<Choice> run(const Manifest& index) {
    std::vector<Descriptor> candidates = without_attestations(index.manifests);
    if (!options_.reference.empty()) {
      std::erase_if(candidates,
                    [&](const Descriptor& m) { return !is_named(m, options_.reference); });
      if (candidates.empty())
        return Error{ErrorCode::not_found, "no image is called \"" + printable(options_.reference) +
                                               "\"; there are: " + choices_of(index.manifests)};
    }
    return choose(candidates, 0);
  }

 private:
  static std::vector<Descriptor> without_attestations(std::vector<Descriptor> manifests) {
    std::erase_if(manifests, [](const Descriptor& m) { return m.attestation; });
    return manifests;
  }

  Result<Choice> choose(std::vector<Descriptor> candidates, std::uint64_t depth) {
    if (depth > limits_.index_depth)
      return Error{ErrorCode::limit_exceeded, "indexes inside indexes, deeper than the limit"};
    if (candidates.empty()) return Error{ErrorCode::not_found, "the index names no image"};
    const Descriptor chosen = TRY(by_platform(candidates));
    if (!chosen.name.empty()) names_.push_back(chosen.name);
    if (!seen_.insert(chosen.digest.text()).second)
      return Error{ErrorCode::malformed, "the index " + chosen.digest.text() + " contains itself"};
    Bytes bytes = TRY(read_verified(container_, chosen, limits_));
    Manifest manifest = TRY(
        parse_manifest(ByteView(bytes).as_text(), limits_).in("manifest " + chosen.digest.text()));
    if (manifest.is_index) return choose(without_attestations(manifest.manifests), depth + 1);
    return Choice{chosen, std::move(manifest), names_};
  }

  Result<Descriptor> by_platform(const std::vector<Descriptor>& candidates) {
    std::vector<Descriptor> fitting;
    std::string wanted = options_.platform.empty() ? "linux/amd64" : options_.platform;
    for (const Descriptor& m : candidates)
      if (platform_matches(m.platform, wanted)) fitting.push_back(m);
    // Layouts written by skopeo and umoci name no platform in their index: the config does.
    if (fitting.empty() && candidates.size() == 1 &&
        (options_.platform.empty() || candidates[0].platform.empty()))
      return candidates[0];
    if (fitting.size() == 1) return fitting[0];
    if (fitting.empty() && !options_.platform.empty())
      return Error{ErrorCode::not_found,
                   "no image for " + printable(wanted) + "; there are: " + choices_of(candidates)};
    return Error{ErrorCode::usage,
                 "several images are in it; name one by :TAG, @DIGEST or "
                 "--platform: " +
                     choices_of(candidates)};
  }

  Container& container_;
  const OpenOptions& options_;
  const Limits& limits_;
  std::set<std::string> seen_;
  std::vector<std::string> names_;
};

std::vector<LayerBlob> layer_blobs(const Manifest& manifest, const Config& config,
                                   std::vector<Gap>& gaps) {
  std::vector<std::string> history = layer_history(config, manifest.layers.size());
  bool counts_agree = config.diff_ids.size() == manifest.layers.size();
  if (!counts_agree)
    gaps.push_back({"image", "", "", -1, ErrorCode::malformed,
                    "the config names " + std::to_string(config.diff_ids.size()) +
                        " layers, the manifest " + std::to_string(manifest.layers.size())});
  std::vector<LayerBlob> blobs;
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    const Descriptor& layer = manifest.layers[i];
    LayerInfo info;
    info.digest = layer.digest.text();
    info.diff_id = counts_agree ? config.diff_ids[i] : "";
    info.media_type = layer.media_type;
    info.size = layer.size;
    info.created_by = history[i];
    if (!info.diff_id.empty() && !parse_digest(info.diff_id)) {
      gaps.push_back({"image", "", "", static_cast<std::int64_t>(i), ErrorCode::malformed,
                      "the diff_id " + printable(info.diff_id) + " is no digest"});
      info.diff_id.clear();
    }
    blobs.push_back({blob_name(layer.digest), std::move(info)});
  }
  return blobs;
}

bool in_oci_layout(Container& container) {
  return container.has("index.json") && container.has("oci-layout");
}

bool wants_folder(Probe& probe) {
  return probe.is_directory() && in_oci_layout(*folder_container(probe.store()));
}

bool wants_archive(Probe& probe) {
  return probe.container() != nullptr && in_oci_layout(*probe.container());
}

Result<std::unique_ptr<Image>> open_folder(Probe& probe, const OpenOptions& options) {
  if (!probe.is_directory()) return Error{ErrorCode::usage, "is not a folder"};
  return open_oci(folder_container(probe.store()), "oci-dir", options, probe.limits());
}

Result<std::unique_ptr<Image>> open_archive(Probe& probe, const OpenOptions& options) {
  return open_oci(TRY(probe.take_container()), "oci-archive", options, probe.limits());
}

}  // namespace

Result<std::unique_ptr<Image>> open_oci(std::unique_ptr<Container> container,
                                        std::string_view source, const OpenOptions& options,
                                        const Limits& limits) {
  Bytes bytes = TRY(container->read("index.json", limits.manifest_bytes));
  Manifest index = TRY(parse_manifest(ByteView(bytes).as_text(), limits).in("index.json"));
  if (!index.is_index) return Error{ErrorCode::malformed, "index.json is not an index"};
  Chooser::Choice choice = TRY(Chooser(*container, options, limits).run(index));

  std::string_view config_type = choice.manifest.config.media_type;
  if (config_type.find("image.config") == config_type.npos &&
      config_type.find("container.image") == config_type.npos)
    return Error{ErrorCode::unsupported, "the manifest " + choice.descriptor.digest.text() +
                                             " is no container image (its config is " +
                                             printable(config_type) + ")"};
  Bytes config_bytes = TRY(read_verified(*container, choice.manifest.config, limits).in("config"));
  Config config = TRY(parse_config(ByteView(config_bytes).as_text(), limits).in("config"));
  ImageInfo info = info_of(config, source);
  info.digest = choice.descriptor.digest.text();
  info.names = choice.names;
  std::vector<LayerBlob> blobs = layer_blobs(choice.manifest, config, info.gaps);
  return std::unique_ptr<Image>(
      new ContainerImage(std::move(container), std::move(info), std::move(blobs), limits));
}

extern const Source oci_dir_source{"oci-dir", 1, "a folder in OCI image layout", wants_folder,
                                   open_folder};
extern const Source oci_archive_source{"oci-archive", 1, "a tar of an OCI image layout",
                                       wants_archive, open_archive};

}  // namespace fathom::image
