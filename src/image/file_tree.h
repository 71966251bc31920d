// The file system that a container would see, and what lies hidden below it: every entry of every
// layer, with what shadows it. Source: OCI image specification, layer.md (whiteouts, opaque).

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "image/image.h"

namespace fathom::image {

struct TreeFile {
  // Hard links have the digest and size of what they point to; those to a symlink or device have
  // become one.
  Entry entry;
  std::int64_t layer = -1;
  bool shadowed = false;  // replaced or deleted by a later layer; it still ships
  std::int64_t shadowed_by = -1;
};

class FileTree {
 public:
  // All of them, sorted by (path, layer); whiteouts themselves are left out.
  const std::vector<TreeFile>& files() const { return files_; }
  const std::vector<Gap>& gaps() const { return gaps_; }

  // The visible file at `path`, symlinks of the image followed (absolute ones from the image's
  // root, never outside). Null when there is none or the links run in a circle.
  const TreeFile* find(std::string_view path) const;
  // Without following the last component (links in the folders above it are followed).
  const TreeFile* find_link(std::string_view path) const;

 private:
  friend FileTree flatten(const std::vector<Layer>& layers, const Limits& limits);
  const TreeFile* walk(std::string_view path, bool follow_last) const;
  const TreeFile* at(std::string_view path) const;  // as it stands, no links
  std::vector<TreeFile> files_;
  std::vector<Gap> gaps_;  // hard links to nothing, entries below a file
};

FileTree flatten(const std::vector<Layer>& layers, const Limits& limits);

}  // namespace fathom::image
