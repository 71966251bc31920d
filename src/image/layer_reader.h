// Streams one layer: decompress, check both digests, read the tar, normalise its entries.

#pragma once

#include "archive/stream.h"
#include "image/entry_path.h"
#include "image/image.h"

namespace fathom::image {

// What is left of the limits that hold for all layers of an image together.
struct Budget {
  explicit Budget(const Limits& limits)
      : inflated(limits.image_inflated), content(limits.image_inflated), entries(limits.entries) {}
  std::uint64_t inflated;  // bytes that come out of decompressors
  std::uint64_t content;  // bytes of files, with holes filled: a sparse file costs nothing to write
  std::uint64_t entries;
};

struct LayerRequest {
  // `digest` and `diff_id` are claims to check; an empty digest is filled in. `size` is checked
  // when there is a digest.
  LayerInfo info;
  bool whiteouts = true;  // false: a root file system, in which ".wh.x" is a file called ".wh.x"
};

// `blob` is the layer as it ships.
Layer read_tar_layer(std::unique_ptr<archive::ByteSource> blob, LayerRequest request,
                     Budget& budget, const Limits& limits, const EntryVisitor& visit);

}  // namespace fathom::image
