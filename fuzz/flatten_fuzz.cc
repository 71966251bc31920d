// Layers made of bytes, three to an entry: kind, path, link target. Whatever they do to each other,
// every entry is in the tree once and every path is visible at most once.

#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "image/file_tree.h"

namespace {

using namespace fathom;
using namespace fathom::image;

// Few names and three levels, so that entries meet.
std::string path_of(std::uint8_t byte) {
  std::string path(1, static_cast<char>('a' + byte % 4));
  if (byte & 0x10) path += std::string("/") + static_cast<char>('a' + byte / 4 % 4);
  if (byte & 0x40) path += byte & 0x80 ? "/a" : "-/b";
  return path;
}

Entry entry_of(std::uint8_t kind, std::uint8_t path, std::uint8_t target) {
  using archive::TarType;
  static constexpr TarType kTypes[] = {TarType::regular, TarType::directory, TarType::symlink,
                                       TarType::hard_link, TarType::fifo};
  Entry entry;
  entry.path = path_of(path);
  entry.type = kTypes[kind % 5];
  if (entry.type == TarType::symlink || entry.type == TarType::hard_link)
    entry.link_target = (kind & 0x20 ? "../" : "") + path_of(target);
  if (entry.type == TarType::regular) entry.digest = "sha256:" + std::to_string(target);
  entry.whiteout = (kind & 0xc0) == 0x40;
  entry.opaque = (kind & 0xc0) == 0x80;
  return entry;
}

void check(const FileTree& tree, std::size_t entries) {
  if (tree.files().size() != entries) std::abort();
  const TreeFile* before = nullptr;
  for (const TreeFile& file : tree.files()) {
    if (file.shadowed != (file.shadowed_by >= 0) ||
        (file.shadowed && file.shadowed_by < file.layer))
      std::abort();
    if (file.shadowed) continue;
    if (before != nullptr && before->entry.path >= file.entry.path) std::abort();
    before = &file;
    (void)tree.find_link(file.entry.path);
    const TreeFile* found = tree.find(file.entry.path);
    if (found != nullptr && found->entry.type == archive::TarType::symlink) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes{std::span(data, std::min<std::size_t>(size, 3000))};
  std::vector<Layer> layers(1);
  std::size_t entries = 0;
  for (std::uint64_t at = 0; at + 3 <= bytes.size(); at += 3) {
    const std::uint8_t kind = bytes.span()[at];
    if (kind == 0xff) {
      layers.emplace_back();
      continue;
    }
    layers.back().entries.push_back(entry_of(kind, bytes.span()[at + 1], bytes.span()[at + 2]));
    const Entry& entry = layers.back().entries.back();
    if (!entry.whiteout && !entry.opaque) ++entries;
  }
  check(flatten(layers, {}), entries);
  return 0;
}
