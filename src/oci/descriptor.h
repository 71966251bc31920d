// A reference from one blob to another, as plain values.
// Source: OCI image specification, descriptor.md.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "oci/platform.h"

namespace fathom::oci {

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  std::vector<std::string> urls;
  std::string artifact_type;
  Platform platform;  // canonical; not known() when the descriptor does not say
  std::vector<std::pair<std::string, std::string>> annotations;

  // The annotation's value, or empty.
  std::string_view annotation(std::string_view key) const {
    for (const auto& [name, value] : annotations)
      if (name == key) return value;
    return {};
  }
};

// Where an image layout keeps the blob: "blobs/sha256/<hex>".
inline std::string blob_path(const Digest& digest) {
  return "blobs/" + digest.algorithm + "/" + digest.hex;
}

}  // namespace fathom::oci
