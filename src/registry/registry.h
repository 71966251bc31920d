// Images in registries: the parent's side. It fetches bytes by name and hands them to the confined
// child; it reads HTTP heads and token responses and nothing else of what a registry sends.
// Source: OCI distribution specification 1.1; Docker registry token authentication.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "image/store.h"
#include "oci/reference.h"

namespace fathom::registry {

// A place that has the images of a registry too, asked before the registry itself.
struct Mirror {
  std::string registry;  // "docker.io"
  std::string url;       // "https://mirror.example:5000/prefix"
};
// "[REGISTRY=]URL"; without a registry it is one of docker.io. ErrorCode::usage.
Result<Mirror> parse_mirror(std::string_view text);

struct Options {
  bool insecure = false;  // plain HTTP, and certificates that are not checked, are fine
  std::string ca_file;
  std::vector<Mirror> mirrors;
  std::uint64_t timeout_seconds = 30;  // of silence; see net::Patience
  Limits limits;
};

// The name of an image as the user types it. ErrorCode::usage; a name with credentials in it is
// refused without being repeated.
Result<oci::Reference> parse_image_name(std::string_view text);

// The tag or digest to ask for: the digest when there is one, else the tag, else "latest".
std::string wanted_of(const oci::Reference& reference);

// The repository of `reference` as a store (see image::Store::fetch). Connects to nothing yet.
//
// Manifests, indexes and configs have the digest that they were asked for by, or fetch() fails; of
// layers the reader checks it. What was read once is the same when it is read again, also by tag.
// A download that is cut goes on where it ended, at the registry or at a mirror.
Result<std::unique_ptr<image::Store>> open_store(const oci::Reference& reference,
                                                 const Options& options);

}  // namespace fathom::registry
