// The JSON documents of OCI and Docker images, read within limits into plain values.
// Source: OCI image specification 1.1 (manifest.md, image-index.md, config.md, descriptor.md);
// moby, image/spec (manifest.json of docker save).

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/limits.h"
#include "base/result.h"

namespace fathom::image {

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  std::string platform;      // "linux/arm64/v8"
  std::string name;          // org.opencontainers.image.ref.name, else io.containerd.image.name
  bool attestation = false;  // vnd.docker.reference.type, or platform unknown/unknown
  bool foreign = false;      // has "urls": the bytes may lie elsewhere
};

// A document is an index (of manifests) or a manifest (config and layers); one that could be read
// as both is refused, because two tools would see two images in it.
struct Manifest {
  bool is_index = false;
  std::vector<Descriptor> manifests;  // index
  Descriptor config;                  // manifest
  std::vector<Descriptor> layers;     // manifest
};
Result<Manifest> parse_manifest(std::string_view json, const Limits& limits);

struct HistoryLine {
  std::string created_by;
  bool empty_layer = false;
};

struct Config {
  std::string platform, created, user, working_dir;
  std::vector<std::string> entrypoint, command, env;
  std::vector<std::string> diff_ids;
  std::vector<HistoryLine> history;
};
Result<Config> parse_config(std::string_view json, const Limits& limits);

// One image of docker save's manifest.json.
struct SavedImage {
  std::string config;
  std::vector<std::string> tags, layers;
};
Result<std::vector<SavedImage>> parse_saved_images(std::string_view json, const Limits& limits);

// created_by of the layers, matched to the history by skipping its empty lines.
std::vector<std::string> layer_history(const Config& config, std::size_t layers);

}  // namespace fathom::image
