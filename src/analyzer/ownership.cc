// dpkg keeps the list of a package's files beside its database: info/<package>.list has every path
// but no checksums, info/<package>.md5sums has the checksums but neither configuration files (these
// are in the status file, with theirs) nor symlinks. The three together are what was installed.
// apk and rpm have everything in their databases.

#include "analyzer/ownership.h"

#include <algorithm>
#include <map>

#include "base/digest.h"

namespace fathom {

namespace {

constexpr std::string_view kStage = "packages";

enum class Match { absent, same, changed, unknown };

class Join {
 public:
  Join(const ImageInput& in, Inventory& inventory) : in_(in), inventory_(inventory) {}

  void add(const InstalledPackage& package) {
    for (const auto& [path, recorded] : paths_of(package)) {
      const image::TreeFile* file = in_.tree.find_link(path);
      if (!file || file->shadowed) continue;
      Match match = compare(*file, recorded);
      if (match == Match::absent) continue;
      record(package, *file, recorded, match);
      if (match == Match::same) own(package, *file);
      if (match == Match::changed) changed_.emplace_back(file, package.component);
    }
  }

  void finish() {
    for (auto [file, component] : changed_)
      if (!inventory_.owner_of.contains(file->entry.path) && is_code(*file))
        add_gap(*file, inventory_.components[component]);
  }

 private:
  using Paths = std::map<std::string, OwnedPath>;

  Paths paths_of(const InstalledPackage& package) const {
    Paths paths;
    merge(paths, package.claim->owned);
    if (inventory_.components[package.component].ecosystem == "deb")
      for (const std::string& list : list_paths(package))
        if (const FileFacts* facts = facts_at(list)) merge(paths, facts->checksum_list);
    if (inventory_.components[package.component].ecosystem == "PyPI")
      merge(paths, recorded_by_python(inventory_.components[package.component].file));
    return paths;
  }

  // RECORD beside METADATA names files relative to the folder of the distribution's own, some of
  // them in folders above ("../../../bin/pip").
  std::vector<OwnedPath> recorded_by_python(const std::string& metadata) const {
    std::vector<OwnedPath> out;
    const std::string folder = metadata.substr(0, metadata.rfind('/') + 1);
    const FileFacts* record = facts_at(folder + "RECORD");
    if (!record || folder.empty()) return out;
    const std::string base = folder.substr(0, folder.rfind('/', folder.size() - 2) + 1);
    for (OwnedPath owned : record->checksum_list) {
      owned.path = owned.path.starts_with('/') ? owned.path.substr(1) : below(base, owned.path);
      if (!owned.path.empty()) out.push_back(std::move(owned));
    }
    return out;
  }

  // "usr/lib/python3/site-packages/" and "../../../bin/pip" → "usr/bin/pip".
  static std::string below(std::string base, std::string_view path) {
    while (path.starts_with("../")) {
      path.remove_prefix(3);
      if (base.empty()) return {};
      base.erase(base.size() == 1 ? 0 : base.rfind('/', base.size() - 2) + 1);
    }
    return base + std::string(path);
  }

  // A checksum of one list completes the bare path of another.
  static void merge(Paths& paths, const std::vector<OwnedPath>& list) {
    for (const OwnedPath& owned : list) {
      OwnedPath& slot = paths[owned.path];
      if (slot.md5.empty()) slot.md5 = owned.md5;
      if (slot.sha1.empty()) slot.sha1 = owned.sha1;
      if (slot.sha256.empty()) slot.sha256 = owned.sha256;
    }
  }

  std::vector<std::string> list_paths(const InstalledPackage& package) const {
    const Component& component = inventory_.components[package.component];
    if (component.name.find('/') != component.name.npos) return {};
    std::string folder = component.file.substr(0, component.file.rfind('/') + 1);
    if (folder.ends_with("status.d/"))
      return {component.file + ".md5sums", folder + component.name + ".md5sums"};
    // Packages that may be installed for several architectures have theirs in the name.
    std::string base = folder + "info/" + component.name;
    std::vector<std::string> out;
    for (const std::string& stem : {base, base + ":" + package.arch})
      for (const char* extension : {".md5sums", ".list"}) out.push_back(stem + extension);
    return out;
  }

  const FileFacts* facts_at(const std::string& path) const {
    const image::TreeFile* file = in_.tree.find(path);
    return file ? facts_of(*file) : nullptr;
  }
  const FileFacts* facts_of(const image::TreeFile& file) const {
    auto at = in_.facts.find(file.entry.digest);
    return at == in_.facts.end() ? nullptr : &at->second;
  }

  Match compare(const image::TreeFile& file, const OwnedPath& recorded) const {
    using archive::TarType;
    TarType type = file.entry.type;
    if (type == TarType::symlink) return compare_link(file, recorded);
    if (type != TarType::regular && type != TarType::hard_link) return Match::absent;
    if (!recorded.sha256.empty())
      return file.entry.digest.empty()                          ? Match::unknown
             : file.entry.digest == "sha256:" + recorded.sha256 ? Match::same
                                                                : Match::changed;
    if (recorded.md5.empty() && recorded.sha1.empty()) return Match::same;
    const FileFacts* facts = facts_of(file);
    if (!facts) return Match::unknown;
    const std::string& have = recorded.md5.empty() ? facts->sha1 : facts->md5;
    if (have.empty()) return Match::unknown;
    return have == (recorded.md5.empty() ? recorded.sha1 : recorded.md5) ? Match::same
                                                                         : Match::changed;
  }

  // apk records the SHA-1 of a link's target; dpkg records nothing, and a link where a file with a
  // checksum was installed is not that file.
  static Match compare_link(const image::TreeFile& file, const OwnedPath& recorded) {
    if (!recorded.md5.empty() || !recorded.sha256.empty()) return Match::changed;
    if (recorded.sha1.empty()) return Match::same;
    Hasher hasher("sha1");
    hasher.update(ByteView::of(file.entry.link_target));
    return hasher.finish_hex() == recorded.sha1 ? Match::same : Match::changed;
  }

  // The owner's word counts; without an owner, that of the first package.
  void record(const InstalledPackage& package, const image::TreeFile& file,
              const OwnedPath& recorded, Match match) {
    const bool is_owner = match == Match::same && !inventory_.owner_of.contains(file.entry.path);
    if (!is_owner && inventory_.recorded.contains(file.entry.path)) return;
    const bool has_checksum = !recorded.md5.empty() || !recorded.sha1.empty();
    const Checksum state = match == Match::changed   ? Checksum::changed
                           : match == Match::unknown ? Checksum::unread
                           : has_checksum            ? Checksum::same
                                                     : Checksum::not_recorded;
    inventory_.recorded[file.entry.path] = {package.component, state};
  }

  void own(const InstalledPackage& package, const image::TreeFile& file) {
    inventory_.owner_of.emplace(file.entry.path, package.component);
    inventory_.components[package.component].owned_files.push_back(file.entry.path);
  }

  bool is_code(const image::TreeFile& file) const {
    const FileFacts* facts = facts_of(file);
    if (!facts) return false;
    switch (facts->kind) {
      case FileKind::elf:
      case FileKind::script:
      case FileKind::bytecode:
      case FileKind::executable:
        return true;
      default:
        return false;
    }
  }

  void add_gap(const image::TreeFile& file, const Component& package) {
    Gap gap;
    gap.stage = kStage;
    gap.file = file.entry.path;
    gap.file_digest = file.entry.digest;
    gap.layer = file.layer;
    gap.code = ErrorCode::malformed;
    gap.reason = "changed since it was installed by " + package.name;
    inventory_.gaps.push_back(std::move(gap));
  }

  const ImageInput& in_;
  Inventory& inventory_;
  std::vector<std::pair<const image::TreeFile*, std::size_t>> changed_;
};

}  // namespace

void join_ownership(const ImageInput& in, const std::vector<InstalledPackage>& packages,
                    Inventory& inventory) {
  Join join(in, inventory);
  for (const InstalledPackage& package : packages) join.add(package);
  join.finish();
  for (const InstalledPackage& package : packages) {
    std::vector<std::string>& owned = inventory.components[package.component].owned_files;
    std::sort(owned.begin(), owned.end());
    owned.erase(std::unique(owned.begin(), owned.end()), owned.end());
  }
}

}  // namespace fathom
