// What the user names: [SCHEME:]PATH[:TAG | @DIGEST], "-" for standard input, or the name of an
// image in a registry.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "oci/reference.h"

namespace fathom {

struct Target {
  std::string text;    // as typed
  std::string scheme;  // a source's name, or empty: found by looking
  std::string path;    // of a file or folder, or "-"; an image's name in a registry
  std::optional<oci::Reference> image;  // in a registry
  std::string reference;                // tag or digest inside it, or empty
  std::string platform;                 // from --platform
};

// Finds the parts by what exists: a path with colons in it is a path before it is a reference.
// What does not exist and does not look like a path is the name of an image in a registry. Errors
// say what was looked for.
Result<Target> parse_target(std::string_view text);

}  // namespace fathom
