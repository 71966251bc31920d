// Layers are applied in order to a map from path to the entry that is visible there. Deleting or
// replacing a folder shadows everything below it, so the map is ordered: what lies below "a" is the
// run of keys that begin with "a/". Whiteouts of a layer speak of lower layers only, wherever in
// the archive they stand, so they are applied before the layer's own entries.

#include "image/file_tree.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "base/text.h"
#include "image/gap_list.h"

namespace fathom::image {
namespace {

using archive::TarType;

class Flattener {
 public:
  Flattener(const Limits& limits, std::size_t entries)
      : limits_(limits), gaps_("tree", limits.problems) {
    files_.reserve(entries);  // keys of the map are views of the paths in it
  }

  void apply(const Layer& layer, std::int64_t index) {
    layer_ = index;
    checked_folder_.reset();
    for (const Entry& entry : layer.entries) {
      if (entry.whiteout) hide(entry.path);
      if (entry.whiteout || entry.opaque) hide_below(entry.path);
    }
    std::vector<std::size_t> forward;
    for (const Entry& entry : layer.entries)
      if (!entry.whiteout && !entry.opaque && !add(entry)) forward.push_back(files_.size() - 1);
    // Links to what comes later are odd but exist: resolved when the whole layer is there.
    for (std::size_t link : forward) resolve_forward(link);
  }

  std::vector<TreeFile> take_files() { return std::move(files_); }
  std::vector<Gap> take_gaps() { return gaps_.take(); }

 private:
  using Visible = std::map<std::string_view, std::size_t>;  // index into files_

  void shadow(std::size_t file) {
    files_[file].shadowed = true;
    files_[file].shadowed_by = layer_;
  }

  void hide(std::string_view path) {
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

  // False for a hard link to something that is not there (yet).
  bool add(const Entry& entry) {
    const std::size_t here = files_.size();
    files_.push_back({entry, layer_, false, -1});
    // Before the entry takes its place: a link means what was there when it was made.
    const bool resolved = entry.type != TarType::hard_link || resolve(here);
    const std::string& path = files_[here].entry.path;
    auto [at, is_new] = visible_.emplace(path, here);
    if (!is_new) {
      shadow(at->second);
      at->second = here;
    }
    if (entry.type != TarType::directory) {
      auto next = std::next(at);
      if (next != visible_.end() && next->first.starts_with(path)) hide_below(path);
      if (checked_folder_ && checked_folder_->starts_with(path)) checked_folder_.reset();
    }
    hide_blocking_parent(path);
    return resolved;
  }

  // An entry below what was a file: the file gives way, as it does where a runtime stacks layers.
  // Archives list the files of a folder in a row: what was found for one holds for the next.
  void hide_blocking_parent(std::string_view path) {
    std::size_t slash = path.rfind('/');
    if (slash == path.npos || path.substr(0, slash) == checked_folder_) return;
    checked_folder_ = path.substr(0, slash);
    for (; slash != path.npos; slash = slash == 0 ? path.npos : path.rfind('/', slash - 1)) {
      auto parent = visible_.find(path.substr(0, slash));
      if (parent == visible_.end()) continue;
      const TarType type = files_[parent->second].entry.type;
      if (type == TarType::directory) return;
      if (type == TarType::symlink) continue;  // a linked folder, as usr-merged images have them
      gaps_.add(ErrorCode::malformed,
                "lies below " + printable(parent->first) + ", which is no folder", path, layer_);
      shadow(parent->second);
      visible_.erase(parent);
    }
  }

  bool resolve(std::size_t link) {
    const std::string& target = files_[link].entry.link_target;
    auto found = target == files_[link].entry.path ? visible_.end() : visible_.find(target);
    if (found != visible_.end() && !unresolved_.contains(found->second) &&
        copy_content(files_[found->second].entry, files_[link].entry))
      return true;
    unresolved_.insert(link);
    return false;
  }

  // What a hard link is, is what it links to: that may be a symlink or a device too.
  static bool copy_content(const Entry& from, Entry& to) {
    if (from.type == TarType::directory) return false;
    if (from.type != TarType::regular && from.type != TarType::hard_link) {
      to.type = from.type;
      to.link_target = from.link_target;
    }
    to.digest = from.digest;
    to.size = from.size;
    return true;
  }

  void resolve_forward(std::size_t link) {
    std::size_t at = link;
    for (std::uint64_t hops = 0; hops <= limits_.symlink_hops; ++hops) {
      auto target = visible_.find(files_[at].entry.link_target);
      if (target == visible_.end() || target->second == at) break;
      at = target->second;
      if (unresolved_.contains(at)) continue;
      if (!copy_content(files_[at].entry, files_[link].entry)) break;
      unresolved_.erase(link);
      return;
    }
    const Entry& entry = files_[link].entry;
    gaps_.add(ErrorCode::not_found,
              "hard link to " + printable(entry.link_target) + ", which is not there", entry.path,
              layer_);
  }

  const Limits& limits_;
  GapList gaps_;
  std::int64_t layer_ = 0;
  std::vector<TreeFile> files_;
  Visible visible_;
  std::set<std::size_t> unresolved_;                // hard links, by index into files_
  std::optional<std::string_view> checked_folder_;  // nothing above or at it is in the way
};

std::size_t count_entries(const std::vector<Layer>& layers) {
  std::size_t count = 0;
  for (const Layer& layer : layers) count += layer.entries.size();
  return count;
}

}  // namespace

FileTree flatten(const std::vector<Layer>& layers, const Limits& limits) {
  Flattener flattener(limits, count_entries(layers));
  for (std::size_t i = 0; i < layers.size(); ++i)
    flattener.apply(layers[i], static_cast<std::int64_t>(i));
  FileTree tree;
  tree.files_ = flattener.take_files();
  tree.gaps_ = flattener.take_gaps();
  std::ranges::stable_sort(tree.files_, [](const TreeFile& a, const TreeFile& b) {
    return std::tie(a.entry.path, a.layer) < std::tie(b.entry.path, b.layer);
  });
  return tree;
}

const TreeFile* FileTree::find(std::string_view path) const { return walk(path, true); }

const TreeFile* FileTree::find_link(std::string_view path) const { return walk(path, false); }

const TreeFile* FileTree::walk(std::string_view path, bool follow_last) const {
  constexpr std::size_t kMostHops = Limits{}.symlink_hops;
  std::vector<std::string> todo;  // components still to walk, last first
  auto push = [&](std::string_view text) {
    std::vector<std::string_view> parts = split(text, '/');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part)
      if (!part->empty() && *part != ".") todo.emplace_back(*part);
  };
  push(path);
  std::string here;
  for (std::size_t hops = 0; !todo.empty();) {
    std::string part = std::move(todo.back());
    todo.pop_back();
    if (part == "..") {
      std::size_t slash = here.rfind('/');
      here.resize(slash == std::string::npos ? 0 : slash);
      continue;
    }
    std::string next = here.empty() ? std::move(part) : here + "/" + part;
    // Folders need no entry of their own in a layer.
    const TreeFile* found = at(next);
    const bool is_link = found != nullptr && found->entry.type == TarType::symlink;
    if (!is_link || (todo.empty() && !follow_last)) {
      here = std::move(next);
      continue;
    }
    if (++hops > kMostHops) return nullptr;
    if (found->entry.link_target.starts_with('/')) here.clear();
    push(found->entry.link_target);
  }
  return at(here);
}

const TreeFile* FileTree::at(std::string_view path) const {
  auto range = std::ranges::equal_range(
      files_, path, {}, [](const TreeFile& file) { return std::string_view(file.entry.path); });
  for (const TreeFile& file : range)
    if (!file.shadowed) return &file;
  return nullptr;
}

}  // namespace fathom::image
