// glibc's order (_dl_map_object): a name with a slash is a path. Else DT_RPATH of the file that
// needs the library and of those that loaded it, up to the program, unless that file has
// DT_RUNPATH; LD_LIBRARY_PATH; DT_RUNPATH of the file alone; ld.so.cache; the default folders,
// which are compiled into ld.so. In every folder the active glibc-hwcaps subfolders come first. A
// file of another machine or class is passed over, wherever it stands.

#include <algorithm>
#include <array>

#include "base/text.h"
#include "loader/search.h"

namespace fathom::loader {

namespace {

// Subfolders that some release of glibc looks into; not active unless asked for.
constexpr auto kKnownHwcaps = std::to_array<std::string_view>(
    {"x86-64-v4", "x86-64-v3", "x86-64-v2", "power10", "power9", "z16", "z15", "z14", "z13"});

bool is_active(const Options& options, std::string_view name) {
  return std::ranges::find(options.hwcaps, name) != options.hwcaps.end();
}

std::string below(std::string_view folder, std::string_view rest) {
  std::string out(folder);
  if (!out.ends_with('/')) out += '/';
  return out + std::string(rest);
}

class Search {
 public:
  Search(const Context& context, const std::string& name, std::size_t by)
      : context_(context), name_(name), by_(by) {}

  std::optional<Found> run() {
    if (name_.find('/') != name_.npos) return by_path();
    if (std::optional<Found> found = by_rpaths()) return found;
    for (const std::string_view folder : split(context_.options.library_path, ':'))
      if (!folder.empty())
        if (auto found = in_folder(std::string(folder), "LD_LIBRARY_PATH")) return found;
    const Object& object = context_.objects[by_];
    if (auto found = in_paths(object.elf->runpath, object, "RUNPATH")) return found;
    if (auto found = in_cache()) return found;
    if (object.elf->no_default_folders) return {};
    for (const std::string& folder : default_folders())
      if (auto found = in_folder(folder, "default folder")) return found;
    return {};
  }

 private:
  std::optional<Found> by_path() {
    const Object& object = context_.objects[by_];
    std::optional<std::string> path =
        expand(name_, folder_of(object.path), context_.program, lib());
    // A relative one depends on where the program is started.
    if (!path || !path->starts_with('/')) return {};
    std::optional<Candidate> candidate = context_.open(*path);
    if (!candidate) return {};
    return Found{*candidate, "path in DT_NEEDED", {}};
  }

  std::optional<Found> by_rpaths() {
    if (!context_.objects[by_].elf->runpath.empty()) return {};
    for (std::size_t at = by_;; at = context_.objects[at].loader) {
      const Object& object = context_.objects[at];
      if (object.elf->runpath.empty())
        if (auto found = in_paths(object.elf->rpath, object, "RPATH")) return found;
      if (at == 0) return {};
    }
  }

  std::optional<Found> in_paths(const std::vector<std::string>& paths, const Object& object,
                                std::string_view tag) {
    for (const std::string& path : paths)
      for (std::string_view entry : split(path, ':')) {
        std::optional<std::string> folder =
            expand(entry, folder_of(object.path), context_.program, lib());
        if (!folder || !folder->starts_with('/')) continue;
        if (auto found = in_folder(*folder, std::string(tag) + " of " + object.path.substr(1)))
          return found;
      }
    return {};
  }

  std::optional<Found> in_folder(const std::string& folder, std::string how) {
    std::optional<Found> found;
    auto try_path = [&](const std::string& path) {
      if (found) return;
      if (std::optional<Candidate> candidate = context_.open(path))
        found = Found{*candidate, how, {}};
    };
    for (const std::string& hwcap : context_.options.hwcaps)
      try_path(below(folder, "glibc-hwcaps/" + hwcap + "/" + name_));
    try_path(below(folder, name_));
    if (!found) return {};
    for (std::string_view hwcap : kKnownHwcaps) {
      if (is_active(context_.options, hwcap)) continue;
      std::string path = below(folder, "glibc-hwcaps/" + std::string(hwcap) + "/" + name_);
      if (context_.tree.find(path) != nullptr) found->alternatives.push_back(path);
    }
    return found;
  }

  const FileFacts* cache() const {
    const image::TreeFile* file = context_.tree.find("etc/ld.so.cache");
    return file == nullptr ? nullptr : context_.facts_of(file->entry.digest);
  }

  // How much glibc likes an entry, the most first; nothing for one that this processor cannot use.
  std::optional<std::size_t> rank(const LoaderCacheEntry& entry) const {
    const std::vector<std::string>& active = context_.options.hwcaps;
    if (entry.hwcaps.empty()) {
      if (entry.hwcap != 0) return {};  // the bits of older releases: no baseline processor
      return active.size();
    }
    auto found = std::ranges::find(active, entry.hwcaps);
    if (found == active.end()) return {};
    return static_cast<std::size_t>(found - active.begin());
  }

  std::optional<Found> in_cache() {
    const FileFacts* facts = cache();
    if (facts == nullptr) return {};
    std::optional<Found> best;
    std::size_t best_rank = 0;
    std::vector<std::string> others;
    for (const LoaderCacheEntry& entry : facts->loader_cache) {
      if (entry.name != name_) continue;
      std::optional<std::size_t> here = rank(entry);
      std::optional<Candidate> candidate = context_.open(entry.path);
      if (!candidate) continue;
      if (!here) {
        others.push_back(entry.path);
        continue;
      }
      if (best && *here >= best_rank) continue;
      best = Found{*candidate, "ld.so.cache", {}};
      best_rank = *here;
    }
    if (best && context_.objects[by_].elf->no_default_folders && is_default(best->candidate.path))
      return {};
    if (best) best->alternatives = std::move(others);
    return best;
  }

  std::vector<std::string> default_folders() const {
    if (context_.interpreter_elf != nullptr && !context_.interpreter_elf->loader_folders.empty())
      return context_.interpreter_elf->loader_folders;
    if (context_.program.bits == 64) return {"/lib64", "/usr/lib64", "/lib", "/usr/lib"};
    return {"/lib", "/usr/lib"};
  }

  bool is_default(const std::string& path) const {
    return std::ranges::any_of(default_folders(), [&](const std::string& folder) {
      return folder_of(path) == folder_of(below(folder, "x"));
    });
  }

  // $LIB is the first default folder: "lib/x86_64-linux-gnu" on Debian, "lib64" elsewhere.
  std::string lib() const {
    std::string folder = default_folders().front();
    while (folder.ends_with('/')) folder.pop_back();
    while (folder.starts_with('/')) folder.erase(0, 1);
    return folder;
  }

  const Context& context_;
  const std::string& name_;
  std::size_t by_;
};

}  // namespace

std::optional<Found> find_glibc(const Context& context, const std::string& name, std::size_t by) {
  return Search(context, name, by).run();
}

std::vector<std::string> hwcaps_of(std::string_view level) {
  constexpr std::string_view kX86 = "x86-64-v";
  if (!level.starts_with(kX86) || level.size() != kX86.size() + 1)
    return level.empty() ? std::vector<std::string>{}
                         : std::vector<std::string>{std::string(level)};
  std::vector<std::string> out;
  for (char digit = level.back(); digit >= '2' && digit <= '4'; --digit)
    out.push_back(std::string(kX86) + digit);
  return out;
}

}  // namespace fathom::loader
