// The names of images: [registry[:port]/]path[:tag][@digest].
// Source: distribution/reference, "Grammar"; OCI distribution specification, "Pulling manifests".

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"

namespace fathom::oci {

struct Reference {
  std::string registry;  // "docker.io" for names without one
  std::string path;      // "library/alpine"
  std::string tag;       // empty when not written
  std::optional<Digest> digest;
};

// A whole name. Names without a registry are those of Docker Hub, one-word paths its library/.
Result<Reference> parse_reference(std::string_view text);

bool is_tag(std::string_view text);  // [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}

// Whether an image that carries `name` (a RepoTag, an image layout's ref.name annotation) is meant
// by `wanted`: the same text, the same name written in full or in short (":latest" may be left
// out), or `wanted` is only its tag.
bool names_the_same(std::string_view wanted, std::string_view name);

}  // namespace fathom::oci
