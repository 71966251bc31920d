#include "oci/media_type.h"

#include <string>

#include "base/text.h"

namespace fathom::oci {
namespace {

struct Known {
  std::string_view text;
  MediaType type;
};

constexpr Known kKnown[] = {
    {"application/vnd.oci.image.index.v1+json", {MediaKind::index, {}}},
    {"application/vnd.docker.distribution.manifest.list.v2+json", {MediaKind::index, {}}},
    {"application/vnd.oci.image.manifest.v1+json", {MediaKind::manifest, {}}},
    {"application/vnd.docker.distribution.manifest.v2+json", {MediaKind::manifest, {}}},
    {"application/vnd.docker.distribution.manifest.v1+json", {MediaKind::manifest_schema1, {}}},
    {"application/vnd.docker.distribution.manifest.v1+prettyjws",
     {MediaKind::manifest_schema1, {}}},
    {"application/vnd.oci.image.config.v1+json", {MediaKind::config, {}}},
    {"application/vnd.docker.container.image.v1+json", {MediaKind::config, {}}},
    {"application/vnd.oci.empty.v1+json", {MediaKind::empty, {}}},
    {"application/vnd.oci.image.layer.v1.tar", {MediaKind::layer, "none"}},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar", {MediaKind::layer, "none", true}},
    {"application/vnd.docker.image.rootfs.diff.tar", {MediaKind::layer, "none"}},
    {"application/vnd.docker.image.rootfs.diff.tar.gzip", {MediaKind::layer, "gzip"}},
    {"application/vnd.docker.image.rootfs.diff.tar.zstd", {MediaKind::layer, "zstd"}},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar", {MediaKind::layer, "none", true}},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", {MediaKind::layer, "gzip", true}},
};

bool drop_suffix(std::string& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.resize(text.size() - suffix.size());
  return true;
}

}  // namespace

MediaType parse_media_type(std::string_view text) {
  std::string name = to_lower(trim(text.substr(0, text.find(';'))));
  const bool encrypted = drop_suffix(name, "+encrypted");
  // OCI writes the compression as a structured suffix, Docker as a part of the name.
  std::string_view suffix;
  if (drop_suffix(name, "+gzip")) suffix = "gzip";
  if (suffix.empty() && drop_suffix(name, "+zstd")) suffix = "zstd";
  for (const Known& known : kKnown) {
    if (name != known.text) continue;
    MediaType type = known.type;
    if (!suffix.empty()) type.compression = suffix;
    type.encrypted = encrypted;
    return type;
  }
  return {};
}

}  // namespace fathom::oci
