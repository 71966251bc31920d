// The JSON documents of OCI and Docker images, read within limits into plain values.
// Source: OCI image specification 1.1 (manifest.md, image-index.md, config.md, descriptor.md);
// moby, image/spec (manifest.json of docker save).

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "oci/descriptor.h"

namespace fathom::image {

// A document is an index (of manifests) or a manifest (config and layers); one that could be read
// as both is refused, because two tools would see two images in it.
struct Manifest {
  bool is_index = false;
  std::vector<oci::Descriptor> manifests;                        // index
  oci::Descriptor config;                                        // manifest
  std::vector<oci::Descriptor> layers;                           // manifest
  std::string artifact_type;                                     // manifest
  std::vector<std::pair<std::string, std::string>> annotations;  // of the document itself
};
Result<Manifest> parse_manifest(std::string_view json, const Limits& limits);

// Not an image but something said about one: Docker's vnd.docker.reference.type, or the platform
// unknown/unknown that hides it from older tools.
bool is_attestation(const oci::Descriptor& descriptor);

// The tags that an index gives to a manifest: org.opencontainers.image.ref.name and containerd's
// full name.
std::vector<std::string> names_of(const oci::Descriptor& descriptor);

struct HistoryLine {
  std::string created_by, created;
  bool empty_layer = false;
};

struct Config {
  oci::Platform platform;
  std::string created, user, working_dir;
  std::vector<std::string> entrypoint, command, env;
  std::vector<std::string> diff_ids;
  std::vector<HistoryLine> history;
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::string> exposed_ports;
};
Result<Config> parse_config(std::string_view json, const Limits& limits);

// One image of docker save's manifest.json.
struct SavedImage {
  std::string config;
  std::vector<std::string> tags, layers;
};
Result<std::vector<SavedImage>> parse_saved_images(std::string_view json, const Limits& limits);

// The lines of the layers, matched to the history by skipping its empty lines.
std::vector<HistoryLine> layer_history(const Config& config, std::size_t layers);

}  // namespace fathom::image
