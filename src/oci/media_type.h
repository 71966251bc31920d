// What a descriptor says its blob is. The text is a claim: readers look at the blob and report
// where the two disagree.
// Source: OCI image specification, media-types.md; Docker "Image Manifest Version 2, Schema 2".

#pragma once

#include <string_view>

namespace fathom::oci {

enum class MediaKind {
  unknown,
  index,     // OCI image index, Docker manifest list
  manifest,  // OCI image manifest, Docker schema 2
  manifest_schema1,
  config,
  layer,
  empty,  // application/vnd.oci.empty.v1+json, what artifacts use for a config
};

struct MediaType {
  MediaKind kind = MediaKind::unknown;
  // Layers: "none", "gzip", "zstd", or "" when the type does not say.
  std::string_view compression;
  bool foreign = false;    // may be left out of a copy of the image
  bool encrypted = false;  // ocicrypt
};

// Parameters ("; charset=…") and case do not count.
MediaType parse_media_type(std::string_view text);

}  // namespace fathom::oci
