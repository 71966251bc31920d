// Rows about files as they lie there: permissions, links that lead nowhere, what a build left
// behind, and bytes that ship though a later layer takes them away.

#include <algorithm>
#include <map>
#include <set>

#include "audit/rows.h"
#include "base/text.h"

namespace fathom::audit {
namespace {

using archive::TarType;
using image::TreeFile;

constexpr std::uint64_t kLeastWaste = 1'000'000;  // bytes; below, a row would only distract

void audit_permissions(const TreeFile& file, Rows& rows) {
  const image::Entry& entry = file.entry;
  const std::string seen = "mode " + octal(entry.mode) + ", uid " + std::to_string(entry.uid);
  if ((entry.mode & 0002) == 0) return;
  if (is_file(file)) rows.add("world-writable-file", evidence_at(file, {}, seen));
  if (entry.type == TarType::directory && (entry.mode & 01000) == 0)
    rows.add("world-writable-folder", evidence_at(file, {}, seen));
}

// The path that a link means, as text: what it leads to may not be there.
std::string target_path(const image::Entry& link) {
  const std::string& target = link.link_target;
  std::string path =
      target.starts_with('/') ? target : link.path.substr(0, link.path.rfind('/') + 1) + target;
  std::vector<std::string> parts;
  for (std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.emplace_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  return join(parts, "/");
}

class LinkAudit {
 public:
  explicit LinkAudit(const Lookup& lookup) : lookup_(lookup) {
    // Folders need no entry of their own.
    for (const TreeFile& file : lookup.input().tree.files()) {
      if (file.shadowed) continue;
      const std::string& path = file.entry.path;
      for (std::size_t slash = path.rfind('/'); slash != path.npos && slash > 0;
           slash = path.rfind('/', slash - 1))
        if (!folders_.insert(path.substr(0, slash)).second) break;
    }
  }
  void add(const TreeFile& file, Rows& rows) const {
    if (file.entry.type != TarType::symlink) return;
    const image::FileTree& tree = lookup_.input().tree;
    if (tree.find(file.entry.path) != nullptr) return;
    const std::string target = target_path(file.entry);
    if (target.empty() || folders_.contains(target)) return;
    if (tree.find(target) != nullptr) return;
    for (const std::string& pattern : lookup_.input().knowledge.dangling_ok)
      if (fits(target, pattern) || fits(file.entry.path, pattern)) return;
    // A package may hold links into packages that are not installed.
    if (!lookup_.owner_of(file.entry.path).empty()) return;
    rows.add("dangling-symlink", evidence_at(file, {}, "to " + file.entry.link_target));
  }

 private:
  const Lookup& lookup_;
  std::set<std::string, std::less<>> folders_;
};

class LeftoverAudit {
 public:
  explicit LeftoverAudit(const Lookup& lookup)
      : lookup_(lookup), found_(lookup.input().knowledge.leftovers.size()) {}

  void add(const TreeFile& file) {
    if (!is_file(file) || file.entry.size == 0) return;
    const std::vector<Leftover>& rows = lookup_.input().knowledge.leftovers;
    const FileFacts* facts = lookup_.facts_of(file);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!fits(file.entry.path, rows[i].path)) continue;
      if (!rows[i].kind.empty() && (facts == nullptr || name_of(facts->kind) != rows[i].kind))
        continue;
      // Object files and the like of an installed package are there to be linked.
      if (!lookup_.owner_of(file.entry.path).empty()) continue;
      found_[i].bytes += file.entry.size;
      found_[i].files.push_back(&file);
      break;
    }
    if (facts != nullptr && facts->elf && facts->elf->type == "core") cores_.push_back(&file);
  }
  void finish(Rows& rows) const {
    for (std::size_t i = 0; i < found_.size(); ++i) {
      const Leftover& leftover = lookup_.input().knowledge.leftovers[i];
      if (found_[i].files.empty() || found_[i].bytes < leftover.least) continue;
      for (const TreeFile* file : found_[i].files)
        rows.add(leftover.rule,
                 evidence_at(*file, {}, leftover.what + ", " + human_bytes(file->entry.size)));
    }
    for (const TreeFile* file : cores_)
      rows.add(
          "core-dump",
          evidence_at(*file, {}, "an ELF file of type core, " + human_bytes(file->entry.size)));
  }

 private:
  struct Found {
    std::uint64_t bytes = 0;
    std::vector<const TreeFile*> files;
  };
  const Lookup& lookup_;
  std::vector<Found> found_;
  std::vector<const TreeFile*> cores_;
};

void audit_waste(const image::FileTree& tree, Rows& rows) {
  std::vector<const TreeFile*> wasted;
  std::uint64_t bytes = 0;
  for (const TreeFile& file : tree.files()) {
    if (!file.shadowed || file.entry.type != TarType::regular || file.shadowed_by == file.layer)
      continue;
    wasted.push_back(&file);
    bytes += file.entry.size;
  }
  if (bytes < kLeastWaste) return;
  std::ranges::stable_sort(wasted, std::greater<>(),
                           [](const TreeFile* f) { return f->entry.size; });
  for (const TreeFile* file : wasted)
    rows.add(
        "wasted-bytes",
        evidence_at(*file, {},
                    human_bytes(file->entry.size) + " in layer " + std::to_string(file->layer) +
                        ", taken away by layer " + std::to_string(file->shadowed_by)));
}

}  // namespace

void audit_files(const Lookup& lookup, Rows& rows) {
  const image::FileTree& tree = lookup.input().tree;
  const LinkAudit links(lookup);
  LeftoverAudit leftovers(lookup);
  for (const TreeFile& file : tree.files()) {
    if (file.shadowed) continue;
    audit_permissions(file, rows);
    links.add(file, rows);
    leftovers.add(file);
  }
  leftovers.finish(rows);
  audit_waste(tree, rows);
}

}  // namespace fathom::audit
