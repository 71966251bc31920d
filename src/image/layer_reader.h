// Streams one layer: decompress, check both digests, read the tar, normalise its entries.

#pragma once

#include "archive/stream.h"
#include "image/image.h"

namespace fathom::image {

// The path of a tar entry as fathom keeps it: no leading "/" or "./", no empty parts. An error for
// what would leave the root, holds a NUL or breaks a limit. "" is the root itself.
Result<std::string> normalise_path(std::string_view path, const Limits& limits);

// Reads `info.digest` and `info.diff_id` as claims to check; an empty one is not checked. `blob` is
// the layer as it ships, of `info.size` bytes.
Layer read_tar_layer(std::unique_ptr<archive::ByteSource> blob, const LayerInfo& info,
                     const Limits& limits, const EntryVisitor& visit);

}  // namespace fathom::image
