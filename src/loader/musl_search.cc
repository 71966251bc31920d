// musl's order (load_library): its own names are itself; a name with a slash is a path;
// LD_LIBRARY_PATH; DT_RUNPATH, else DT_RPATH, of the file that needs the library and of those that
// loaded it (musl passes both on); the folders of /etc/ld-musl-ARCH.path, else three that are
// compiled in. The first file of the name is taken, whatever it is.

#include <array>

#include "base/text.h"
#include "loader/search.h"

namespace fathom::loader {

namespace {

constexpr std::string_view kDefaultFolders = "/lib:/usr/local/lib:/usr/lib";

// "/lib/ld-musl-x86_64.so.1" → "/etc/ld-musl-x86_64.path", below the same prefix.
std::string path_file_of(std::string_view interpreter) {
  std::string folder = folder_of(interpreter);
  std::string prefix = folder_of(folder);
  if (prefix == "/") prefix.clear();
  std::string_view name = interpreter.substr(interpreter.rfind('/') + 1);
  return prefix + "/etc/" + std::string(name.substr(0, name.find(".so"))) + ".path";
}

std::optional<Found> in_folder(const Context& context, std::string_view folder,
                               const std::string& name, std::string how) {
  if (!folder.starts_with('/')) return {};
  std::string path(folder);
  std::optional<Candidate> candidate = context.open(path + "/" + name);
  if (!candidate) return {};
  return Found{*candidate, std::move(how), {}};
}

std::vector<std::string> system_folders(const Context& context, std::string& how) {
  std::string path_file = path_file_of(context.program.interpreter);
  const image::TreeFile* file = context.tree.find(path_file);
  const FileFacts* facts = file == nullptr ? nullptr : context.facts_of(file->entry.digest);
  if (facts != nullptr && !facts->folder_list.empty()) {
    how = path_file.substr(1);
    return facts->folder_list;
  }
  how = "default folder";
  std::vector<std::string> out;
  for (std::string_view folder : split(kDefaultFolders, ':')) out.emplace_back(folder);
  return out;
}

}  // namespace

bool is_musl_itself(std::string_view name) {
  constexpr auto kReserved = std::to_array<std::string_view>(
      {"libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet."});
  for (std::string_view start : kReserved)
    if (name.starts_with(start)) return true;
  return false;
}

std::optional<Found> find_musl(const Context& context, const std::string& name, std::size_t by) {
  if (name.find('/') != name.npos) {
    if (!name.starts_with('/')) return {};
    std::optional<Candidate> candidate = context.open(name);
    if (!candidate) return {};
    return Found{*candidate, "path in DT_NEEDED", {}};
  }
  for (std::string_view folder : split(context.options.library_path, ':'))
    if (auto found = in_folder(context, folder, name, "LD_LIBRARY_PATH")) return found;
  for (std::size_t at = by;; at = context.objects[at].loader) {
    const Object& object = context.objects[at];
    const bool runpath = !object.elf->runpath.empty();
    for (const std::string& path : runpath ? object.elf->runpath : object.elf->rpath)
      for (std::string_view entry : split(path, ':')) {
        std::optional<std::string> folder =
            expand(entry, folder_of(object.path), context.program, "lib");
        if (!folder) continue;
        if (auto found = in_folder(context, *folder, name,
                                   (runpath ? "RUNPATH of " : "RPATH of ") + object.path.substr(1)))
          return found;
      }
    if (at == 0) break;
  }
  std::string how;
  for (const std::string& folder : system_folders(context, how))
    if (auto found = in_folder(context, folder, name, how)) return found;
  return {};
}

}  // namespace fathom::loader
