// Which shared objects are dead weight. What a program needs is found by resolving every program of
// the image. What it opens by name while it runs (dlopen, NSS, PAM, Apache modules) stands as a
// text in a program or library, in a script, or in a file of etc/: the file is then taken for
// loaded, with all it needs. A name that is put together at run time is not seen, so "nothing
// loads it" is a hint and says so.

#include <algorithm>
#include <map>
#include <set>

#include "loader/loader.h"

namespace fathom::loader {

namespace {

using archive::TarType;
using image::FileTree;
using image::TreeFile;

bool is_regular(const TreeFile& file) {
  return file.entry.type == TarType::regular || file.entry.type == TarType::hard_link;
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

class Census {
 public:
  Census(const FileTree& tree, const FactsOf& facts_of, std::uint64_t places)
      : tree_(tree), facts_of_(facts_of), resolver_(tree, facts_of, {}), budget_(places) {}

  std::vector<UnloadedLibrary> run() {
    collect();
    for (const TreeFile* program : programs_) follow(program->entry.path);
    follow_named();
    std::vector<UnloadedLibrary> out;
    if (is_exhausted()) return out;
    for (const TreeFile* library : libraries_)
      if (!loaded_.contains(library->entry.path)) out.push_back(row_of(*library));
    return out;
  }
  bool is_exhausted() const { return budget_ == 0; }

 private:
  const FileFacts* facts_of(const TreeFile& file) const {
    return file.entry.digest.empty() ? nullptr : facts_of_(file.entry.digest);
  }

  void collect() {
    for (const TreeFile& file : tree_.files()) {
      if (file.shadowed) continue;
      if (file.entry.type == TarType::symlink) links_.push_back(&file);
      if (!is_regular(file)) continue;
      const FileFacts* facts = facts_of(file);
      if (facts == nullptr) continue;
      if (!facts->elf) {
        if (facts->kind == FileKind::script || file.entry.path.starts_with("etc/"))
          names_.insert(facts->named_libraries.begin(), facts->named_libraries.end());
        continue;
      }
      const ElfFacts& elf = *facts->elf;
      for (const std::string& name : facts->named_libraries)
        if (file_name(name) != file_name(file.entry.path) && name != elf.soname)
          names_.insert(name);
      if (!elf.interpreter.empty()) interpreters_.insert(elf.interpreter);
      if (elf.type == "shared object")
        libraries_.push_back(&file);
      else
        programs_.push_back(&file);
    }
    for (const std::string& interpreter : interpreters_)
      if (const TreeFile* file = tree_.find(interpreter)) loaded_.insert(file->entry.path);
  }

  void follow(const std::string& path) {
    LinkRow row = resolver_.resolve(path, budget_);
    for (const LinkedLibrary& library : row.libraries) {
      if (!library.file.empty()) loaded_.insert(library.file);
      for (const std::string& other : library.alternatives)
        if (const TreeFile* file = tree_.find(other)) loaded_.insert(file->entry.path);
    }
  }

  bool is_named(std::string_view path, const std::string& soname) const {
    if (!soname.empty() && base_names_.contains(soname)) return true;
    return base_names_.contains(std::string(file_name(path)));
  }

  // A library that is named is loaded with what it needs, which may be named by nobody.
  void follow_named() {
    for (const std::string& name : names_) base_names_.emplace(file_name(name));
    for (const TreeFile* link : links_) {
      if (!is_named(link->entry.path, "")) continue;
      if (const TreeFile* file = tree_.find(link->entry.path)) load(file->entry.path);
    }
    for (const TreeFile* library : libraries_) {
      const FileFacts* facts = facts_of(*library);
      if (is_named(library->entry.path, facts->elf->soname)) load(library->entry.path);
    }
  }
  void load(const std::string& path) {
    loaded_.insert(path);
    follow(path);
  }

  UnloadedLibrary row_of(const TreeFile& library) const {
    UnloadedLibrary row;
    row.path = library.entry.path;
    row.digest = library.entry.digest;
    row.layer = library.layer;
    row.soname = facts_of(library)->elf->soname;
    row.why =
        "no program of the image needs it, and no program, script or file of etc names it; a name "
        "put together at run time would not be seen";
    return row;
  }

  const FileTree& tree_;
  const FactsOf& facts_of_;
  Resolver resolver_;
  std::uint64_t budget_;
  std::vector<const TreeFile*> programs_, libraries_, links_;
  std::set<std::string> names_, interpreters_, loaded_;
  std::set<std::string, std::less<>> base_names_;
};

}  // namespace

std::vector<UnloadedLibrary> unloaded_libraries(const FileTree& tree, const FactsOf& facts_of,
                                                std::vector<Gap>& gaps, std::uint64_t places) {
  Census census(tree, facts_of, places);
  std::vector<UnloadedLibrary> out = census.run();
  if (census.is_exhausted())
    gaps.push_back(
        {"loader", "", "", -1, ErrorCode::limit_exceeded,
         "which libraries nothing loads is not known: the programs search in more places "
         "than the limit"});
  return out;
}

}  // namespace fathom::loader
