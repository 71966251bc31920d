// The names of tar entries as fathom keeps them, and what a name can mean in a layer.
// Source: OCI image specification, layer.md (whiteouts); AUFS wrote the names first.

#pragma once

#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"

namespace fathom::image {

// No leading "/" or "./", no empty parts; "" is the root itself. An error for what would leave the
// root, holds a NUL or breaks a limit.
Result<std::string> normalise_path(std::string_view path, const Limits& limits);

enum class NameKind {
  plain,
  whiteout,           // ".wh.NAME"
  opaque,             // ".wh..wh..opq"
  bookkeeping,        // other ".wh..wh.": what AUFS kept for itself; runtimes leave it out
  nameless_whiteout,  // ".wh.", ".wh..", ".wh...": names nothing, or a folder outside
};
struct LayerName {
  NameKind kind = NameKind::plain;
  std::string path;  // what it speaks of: the deleted path, the opaque folder, else the path itself
  bool below_whiteout = false;  // a folder above it has a whiteout's name
};
LayerName read_layer_name(std::string_view normalised_path);

}  // namespace fathom::image
