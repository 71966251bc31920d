// Layers are applied in order to a map from path to the entry that is visible there. Deleting or
// replacing a folder shadows everything below it, so the map is ordered: what lies below "a" is the
// run of keys that begin with "a/". Whiteouts of a layer speak of lower layers only, wherever in
// the archive they stand, so they are applied before the layer's own entries.

#include "image/file_tree.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace fathom::image {
namespace {

using archive::TarType;

class Flattener {
 public:
  explicit Flattener(const Limits& limits) : limits_(limits) {}

  void apply(const Layer& layer, std::int64_t index) {
    layer_ = index;
    for (const Entry& entry : layer.entries) {
      if (entry.opaque) hide_below(entry.path);
      if (entry.whiteout) {
        hide(entry.path);
        hide_below(entry.path);
      }
    }
    std::vector<std::size_t> links;
    for (const Entry& entry : layer.entries) {
      if (entry.whiteout || entry.opaque) continue;
      std::size_t here = add(entry);
      if (entry.type == TarType::hard_link) links.push_back(here);
    }
    // Forward links are odd but exist: resolved when the whole layer is there.
    for (std::size_t link : links) resolve(link);
  }

  std::vector<TreeFile> files_;
  std::vector<Gap> gaps_;

 private:
  void shadow(std::size_t file) {
    files_[file].shadowed = true;
    files_[file].shadowed_by = layer_;
  }

  void hide(const std::string& path) {
    auto found = visible_.find(path);
    if (found == visible_.end()) return;
    shadow(found->second);
    visible_.erase(found);
  }

  // '0' is the character after '/': the keys between are those below the folder.
  void hide_below(const std::string& path) {
    auto first = path.empty() ? visible_.begin() : visible_.lower_bound(path + "/");
    auto last = path.empty() ? visible_.end() : visible_.lower_bound(path + "0");
    for (auto at = first; at != last; ++at) shadow(at->second);
    visible_.erase(first, last);
  }

  std::size_t add(const Entry& entry) {
    std::size_t here = files_.size();
    files_.push_back({entry, layer_, false, -1});
    auto [at, is_new] = visible_.emplace(entry.path, here);
    if (!is_new) {
      bool was_folder = files_[at->second].entry.type == TarType::directory;
      shadow(at->second);
      at->second = here;
      if (was_folder && entry.type != TarType::directory) hide_below(entry.path);
    } else if (entry.type != TarType::directory) {
      hide_below(entry.path);
    }
    hide_blocking_parent(entry.path);
    return here;
  }

  // An entry below what was a file: the file gives way, as it does in a runtime that unpacks.
  void hide_blocking_parent(const std::string& path) {
    for (std::size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0;
         slash = path.rfind('/', slash - 1)) {
      auto parent = visible_.find(path.substr(0, slash));
      if (parent == visible_.end()) continue;
      TarType type = files_[parent->second].entry.type;
      if (type == TarType::directory) return;
      if (type == TarType::symlink) continue;  // a linked folder, as usr-merged images have them
      shadow(parent->second);
      visible_.erase(parent);
    }
  }

  void resolve(std::size_t link) {
    std::size_t at = link;
    for (std::uint64_t hops = 0; hops <= limits_.symlink_hops; ++hops) {
      auto target = visible_.find(files_[at].entry.link_target);
      if (target == visible_.end() || target->second == at) break;
      at = target->second;
      const Entry& found = files_[at].entry;
      if (found.type == TarType::hard_link && found.digest.empty()) continue;
      if (found.type != TarType::regular && found.type != TarType::hard_link) break;
      files_[link].entry.digest = found.digest;
      files_[link].entry.size = found.size;
      return;
    }
    const Entry& entry = files_[link].entry;
    gaps_.push_back({"tree", utf8_or_escaped(entry.path), "", layer_, ErrorCode::not_found,
                     "hard link to " + printable(entry.link_target) + ", which is not there"});
  }

  const Limits& limits_;
  std::int64_t layer_ = 0;
  std::map<std::string, std::size_t> visible_;
};

}  // namespace

FileTree flatten(const std::vector<Layer>& layers, const Limits& limits) {
  Flattener flattener(limits);
  for (std::size_t i = 0; i < layers.size(); ++i)
    flattener.apply(layers[i], static_cast<std::int64_t>(i));
  FileTree tree;
  tree.files_ = std::move(flattener.files_);
  tree.gaps_ = std::move(flattener.gaps_);
  std::ranges::stable_sort(tree.files_, [](const TreeFile& a, const TreeFile& b) {
    return std::tie(a.entry.path, a.layer) < std::tie(b.entry.path, b.layer);
  });
  return tree;
}

const TreeFile* FileTree::find_link(std::string_view path) const {
  auto range = std::ranges::equal_range(
      files_, path, {}, [](const TreeFile& file) { return std::string_view(file.entry.path); });
  for (const TreeFile& file : range)
    if (!file.shadowed) return &file;
  return nullptr;
}

const TreeFile* FileTree::find(std::string_view path) const {
  constexpr std::size_t kMostHops = Limits{}.symlink_hops;
  std::vector<std::string> todo;  // components still to walk, last first
  auto push = [&](std::string_view text) {
    std::vector<std::string_view> parts = split(text, '/');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part)
      if (!part->empty() && *part != ".") todo.emplace_back(*part);
  };
  push(path);
  std::string at;
  const TreeFile* found = nullptr;
  for (std::size_t hops = 0; !todo.empty();) {
    std::string part = std::move(todo.back());
    todo.pop_back();
    if (part == "..") {
      std::size_t slash = at.rfind('/');
      at.resize(slash == std::string::npos ? 0 : slash);
      continue;
    }
    std::string next = at.empty() ? part : at + "/" + part;
    found = find_link(next);
    if (found != nullptr && found->entry.type == archive::TarType::symlink) {
      if (++hops > kMostHops) return nullptr;
      if (found->entry.link_target.starts_with('/')) at.clear();
      push(found->entry.link_target);
      continue;
    }
    // Folders need no entry of their own in a layer.
    if (found == nullptr && todo.empty()) return nullptr;
    at = std::move(next);
  }
  return find_link(at);
}

}  // namespace fathom::image
