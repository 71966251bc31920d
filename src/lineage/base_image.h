// Which base image an image was built on, and where it ends.

#pragma once

#include <functional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "facts/facts.h"
#include "image/file_tree.h"
#include "lineage/base_rows.h"
#include "model/report.h"

namespace fathom::lineage {

// Of a content; null when it was not examined.
using FactsOf = std::function<const FileFacts*(const std::string& digest)>;

struct ImageView {
  const image::ImageInfo& info;
  const ImageRow& image;  // its layers
  const image::FileTree& tree;
  FactsOf facts_of;
};

// What the layers of the base list as installed: ecosystem, name, version.
using PackageKey = std::tuple<std::string, std::string, std::string>;

struct FoundBase {
  BaseImage image;  // everything but age, end of life and updates
  std::set<PackageKey> packages;
};

// In the order of what proves most: known digests of layers, what a label states, the exact set of
// packages, the system and how its layer was made. Rows that come later win where two say the same.
FoundBase find_base(const ImageView& view, const std::vector<BaseRow>& rows);

// Whose a layer is. Without a base everything of an image with layers is its author's.
Side side_of_layer(const BaseImage& base, std::int64_t layer);

}  // namespace fathom::lineage
