// RPATH and RUNPATH are promises about folders, and PT_INTERP about a program: whether they hold is
// decided by the other files of the image. A folder is a weakness when somebody else can put a
// library there: it is writable for all (sticky or not: a new name is free for all), it does not
// exist but could be made, or it is found from wherever the program is started.

#include "hardening/image_checks.h"

#include <algorithm>

#include "base/text.h"
#include "hardening/hardening.h"
#include "hardening/subject.h"

namespace fathom::hardening {

namespace {

using archive::TarType;
using image::FileTree;
using image::TreeFile;

std::string_view folder_of(std::string_view path) {
  std::size_t slash = path.rfind('/');
  return slash == path.npos ? std::string_view{} : path.substr(0, slash);
}
std::string_view name_of_path(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_regular(const TreeFile& file) {
  return file.entry.type == TarType::regular || file.entry.type == TarType::hard_link;
}

// What one entry of a search path is worth, worst last.
enum class Flaw { none, origin, absolute, absent, foreign_owner, writable, relative };

struct Entry {
  Flaw flaw = Flaw::none;
  std::string why;
};

constexpr std::uint32_t kWorldWritable = 0002;

Entry judge_folder(const FileTree& tree, std::string_view folder, Flaw otherwise) {
  const TreeFile* here = tree.find(folder);
  if (here == nullptr) {
    std::string_view parent = folder;
    while (!parent.empty() && (here = tree.find(parent)) == nullptr) parent = folder_of(parent);
    if (here != nullptr && (here->entry.mode & kWorldWritable) != 0)
      return {Flaw::writable,
              "is not there, and anybody can make it in " + printable(here->entry.path)};
    return {Flaw::absent, "is not in the image"};
  }
  if ((here->entry.mode & kWorldWritable) != 0) return {Flaw::writable, "is writable for all"};
  if (here->entry.uid != 0)
    return {Flaw::foreign_owner, "belongs to user " + std::to_string(here->entry.uid)};
  return {otherwise, ""};
}

std::optional<std::string_view> after_origin(std::string_view entry) {
  for (std::string_view name : {"$ORIGIN", "${ORIGIN}"})
    if (entry.starts_with(name)) return entry.substr(name.size());
  return {};
}

Entry judge_entry(const FileTree& tree, std::string_view file, std::string_view entry) {
  if (std::optional<std::string_view> rest = after_origin(entry)) {
    if (file.find("!/") != file.npos) return {Flaw::origin, ""};
    return judge_folder(tree, std::string(folder_of(file)) + std::string(*rest), Flaw::origin);
  }
  if (!entry.starts_with('/'))
    return {Flaw::relative, entry.empty() ? "is empty: the current folder is searched"
                                          : "is relative to the current folder"};
  return judge_folder(tree, entry.substr(1), Flaw::absolute);
}

std::string_view word_of(Flaw flaw) {
  switch (flaw) {
    case Flaw::none:
      return "none";
    case Flaw::origin:
      return "$ORIGIN";
    case Flaw::absolute:
      return "absolute";
    case Flaw::absent:
      return "absent folder";
    case Flaw::foreign_owner:
      return "foreign owner";
    case Flaw::writable:
      return "writable";
    case Flaw::relative:
      return "relative";
  }
  return {};
}

Rating rating_of(Flaw flaw) {
  switch (flaw) {
    case Flaw::none:
      return Rating::good;
    case Flaw::origin:
    case Flaw::absolute:
    case Flaw::absent:
      return Rating::neutral;
    case Flaw::foreign_owner:
      return Rating::partial;
    case Flaw::writable:
    case Flaw::relative:
      return Rating::bad;
  }
  return Rating::unknown;
}

HardeningCheck check_library_path(const FileTree& tree, const std::string& file,
                                  const ElfFacts& elf) {
  // Where there are both, glibc leaves DT_RPATH alone.
  const bool runpath = !elf.runpath.empty();
  const std::vector<std::string>& paths = runpath ? elf.runpath : elf.rpath;
  const std::string_view tag = runpath ? "DT_RUNPATH" : "DT_RPATH";
  if (paths.empty())
    return check("library_path", "none", Rating::good,
                 {Place::named("dynamic section"), "no DT_RPATH, no DT_RUNPATH"});
  Flaw worst = Flaw::none;
  std::string why;
  for (const std::string& path : paths)
    for (std::string_view entry : split(path, ':')) {
      Entry judged = judge_entry(tree, file, entry);
      if (judged.flaw <= worst) continue;
      worst = judged.flaw;
      why = judged.why.empty() ? "" : "\"" + printable(entry) + "\" " + judged.why;
    }
  return check("library_path", std::string(word_of(worst)), rating_of(worst),
               {Place::named("dynamic section"), std::string(tag) + " " + join(paths, ":")}, why);
}

// Which C library a loader or a library belongs to, by its name.
std::string_view libc_of(std::string_view mark, std::string_view name) {
  for (const LibcMark& row : libc_marks())
    if (row.mark == mark && name.starts_with(row.value)) return row.libc;
  return {};
}

struct Wanted {
  std::string_view libc;
  std::string name;
};
Wanted wanted_libc(const ElfFacts& elf) {
  for (const std::string& needed : elf.needed)
    if (std::string_view libc = libc_of("needed", needed); !libc.empty()) return {libc, needed};
  return {};
}

// A target that is a single file brings nothing along.
bool is_alone(const FileTree& tree) { return std::ranges::count_if(tree.files(), is_regular) <= 1; }

HardeningCheck check_interpreter(const FileTree& tree, const ElfFacts& elf,
                                 const FactsOf& facts_of) {
  constexpr std::string_view kId = "interpreter";
  if (elf.interpreter.empty())
    return check(kId, "none", Rating::neutral, {Place::named("program headers"), "no PT_INTERP"});
  Seen seen{Place::named("PT_INTERP"), elf.interpreter};
  if (is_alone(tree))
    return check(kId, "not in the target", Rating::unknown, seen, "the target is this file alone");
  const TreeFile* loader = tree.find(elf.interpreter);
  if (loader == nullptr || !is_regular(*loader))
    return check(kId, "missing", Rating::bad, seen, "the program cannot start in this image");
  std::string_view libc = libc_of("interpreter", name_of_path(loader->entry.path));
  if (libc.empty()) libc = libc_of("interpreter", name_of_path(elf.interpreter));
  const FileFacts* facts = facts_of(loader->entry.digest);
  if (facts != nullptr &&
      (!facts->elf || facts->elf->machine != elf.machine || facts->elf->bits != elf.bits))
    return check(kId, "mismatch", Rating::bad, seen,
                 printable(loader->entry.path) + " is not a loader of this machine");
  Wanted wanted = wanted_libc(elf);
  if (!wanted.libc.empty() && !libc.empty() && wanted.libc != libc) {
    seen.text += "; DT_NEEDED " + wanted.name;
    return check(kId, "mismatch", Rating::bad, seen,
                 printable(loader->entry.path) + " is " + std::string(libc) + "'s loader, " +
                     printable(wanted.name) + " is " + std::string(wanted.libc) + "'s");
  }
  if ((loader->entry.mode & 0111) == 0)
    return check(kId, "not executable", Rating::bad, seen, "the program cannot start");
  return check(kId, "present", Rating::good, seen);
}

class Joiner {
 public:
  Joiner(const FileTree& tree, const FactsOf& facts_of) : tree_(tree), facts_of_(facts_of) {}

  void add(const TreeFile& file) {
    const FileFacts* facts = facts_of_(file.entry.digest);
    if (facts != nullptr) add(file.entry.path, file.entry.digest, file.layer, *facts);
  }
  std::vector<HardeningRow> take() { return std::move(rows_); }

 private:
  void add(const std::string& path, const std::string& digest, std::int64_t layer,
           const FileFacts& facts) {
    if (facts.elf && is_mapped(*facts.elf)) add_row(path, digest, layer, *facts.elf);
    for (const MemberFacts& member : facts.members)
      add(path + "!/" + member.path, member.digest, layer, member.facts);
  }
  void add_row(const std::string& path, const std::string& digest, std::int64_t layer,
               const ElfFacts& elf) {
    HardeningRow row;
    row.path = path;
    row.digest = digest;
    row.layer = layer;
    row.type = elf.type + (elf.is_static && elf.type == "executable" ? ", static" : "");
    row.machine = elf.machine_name;
    row.language = elf.language;
    row.libc = elf.libc;
    row.checks = elf.hardening;
    row.checks.push_back(check_library_path(tree_, path, elf));
    row.checks.push_back(check_interpreter(tree_, elf, facts_of_));
    rows_.push_back(std::move(row));
  }

  const FileTree& tree_;
  const FactsOf& facts_of_;
  std::vector<HardeningRow> rows_;
};

}  // namespace

std::vector<HardeningRow> rows(const FileTree& tree, const FactsOf& facts_of) {
  Joiner joiner(tree, facts_of);
  for (const TreeFile& file : tree.files())
    if (!file.shadowed && is_regular(file) && !file.entry.digest.empty()) joiner.add(file);
  std::vector<HardeningRow> rows = joiner.take();
  std::ranges::stable_sort(rows, {}, &HardeningRow::path);
  return rows;
}

}  // namespace fathom::hardening
