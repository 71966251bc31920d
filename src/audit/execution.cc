// The programs an attacker could use, and the verdict on shells.
//
// "No shell" is claimed only when every ELF file of the image was excluded by something that was
// seen in it: it cannot start another program, or it has no table of a shell's reserved words. A
// file that is packed, unread or has the words without being known keeps the verdict open, and is
// named. Names of files play no part.

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "audit/audit.h"
#include "audit/lookup.h"
#include "audit/start.h"
#include "base/text.h"

namespace fathom::audit {
namespace {

using archive::TarType;
using image::TreeFile;

constexpr std::size_t kMostNames = 500;  // links to one file
constexpr std::size_t kMostDoubts = 50;  // named in the proof
constexpr std::size_t kMostShells = 20;
constexpr std::string_view kManyCommands = "multi-call", kShell = "shell";
constexpr std::string_view kInterpreter = "interpreter";

bool is_code(const FileFacts& facts) {
  return facts.elf && facts.elf->type != "relocatable" && facts.elf->type != "core";
}

bool is_program(const ElfFacts& elf) {
  return elf.type == "executable" || elf.type == "pie" || elf.type == "static-pie";
}

// Links of the image by what they lead to.
std::map<std::string, std::vector<std::string>> names_by_target(const image::FileTree& tree) {
  std::map<std::string, std::vector<std::string>> names;
  for (const TreeFile& file : tree.files()) {
    if (file.shadowed) continue;
    const bool hard = file.entry.type == TarType::hard_link;
    if (!hard && file.entry.type != TarType::symlink) continue;
    const TreeFile* target = hard ? tree.find(file.entry.link_target) : tree.find(file.entry.path);
    if (target == nullptr || !is_file(*target) || target == &file) continue;
    std::vector<std::string>& list = names[target->entry.path];
    if (list.size() < kMostNames) list.push_back(file.entry.path);
  }
  return names;
}

class ToolFinder {
 public:
  ToolFinder(const Lookup& lookup, const Start& start, std::vector<ToolRow>& out)
      : lookup_(lookup), out_(out), names_(names_by_target(lookup.input().tree)) {
    for (const StartStep& step : start.steps) needed_.insert(step.path);
  }

  void run() {
    for (const TreeFile& file : lookup_.input().tree.files()) {
      if (file.shadowed || !is_file(file)) continue;
      const FileFacts* facts = lookup_.facts_of(file);
      if (facts == nullptr) continue;
      add_elevation(file, *facts);
      // A hard link is a name of its target, which has its own turn.
      if (file.entry.type == TarType::hard_link &&
          lookup_.input().tree.find(file.entry.link_target) != nullptr)
        continue;
      add_tools(file);
      if (is_code(*facts)) add_writable(file);
    }
    for (const auto& [folder, why] : writable_folders_) add_folder(*folder, why);
    std::ranges::sort(
        out_, {}, [](const ToolRow& row) { return std::tie(row.category, row.tool, row.path); });
  }

 private:
  ToolRow row_of(const TreeFile& file) const {
    ToolRow row;
    row.path = file.entry.path;
    row.digest = file.entry.digest;
    row.layer = file.layer;
    row.bytes = file.entry.size;
    row.owner = lookup_.owner_of(file.entry.path);
    row.executable = (file.entry.mode & 0111) != 0;
    row.needed = needed_.contains(file.entry.path);
    auto names = names_.find(file.entry.path);
    if (names != names_.end()) row.names = names->second;
    std::ranges::sort(row.names);
    return row;
  }

  void add_tools(const TreeFile& file) {
    auto profile = lookup_.input().profiles.find(file.entry.digest);
    if (profile == lookup_.input().profiles.end()) return;
    for (const Hit& hit : profile->second.hits) {
      const Tool& tool = lookup_.input().knowledge.tools[hit.tool];
      ToolRow row = row_of(file);
      row.tool = tool.id;
      row.category = tool.category;
      row.what = tool.what;
      if (tool.category == kManyCommands)
        if (const FileFacts* facts = lookup_.facts_of(file)) row.commands = facts->audit.commands;
      for (Evidence evidence : hit.evidence) {
        evidence.file = file.entry.path;
        evidence.file_digest = file.entry.digest;
        row.evidence.push_back(std::move(evidence));
      }
      out_.push_back(std::move(row));
    }
  }

  void add_elevation(const TreeFile& file, const FileFacts& facts) {
    const image::Entry& entry = file.entry;
    if ((entry.mode & 0111) == 0 || !(is_code(facts) || entry.has_capabilities)) return;
    if ((entry.mode & 04000) != 0)
      add_simple(file, "setuid", "elevation", "runs as uid " + std::to_string(entry.uid),
                 "mode " + octal(entry.mode));
    if ((entry.mode & 02000) != 0)
      add_simple(file, "setgid", "elevation", "runs as gid " + std::to_string(entry.gid),
                 "mode " + octal(entry.mode));
    if (entry.has_capabilities)
      add_simple(file, "file-capabilities", "elevation", "gets capabilities when it is started",
                 "security.capability " + capabilities_text(entry.capabilities));
  }

  // Who can change a program that others run owns them. For root everything is writable, which is
  // the row "user-root" of the audit and not repeated for each file.
  void add_writable(const TreeFile& file) {
    const bool anybody = (file.entry.mode & 0002) != 0;
    const bool user = !lookup_.user().is_root() && lookup_.may_write(file.entry);
    if (anybody || user)
      add_simple(file, "writable-program", "writable",
                 anybody ? "anybody may overwrite it" : "the configured user may overwrite it",
                 "mode " + octal(file.entry.mode) + ", uid " + std::to_string(file.entry.uid));
    const std::size_t slash = file.entry.path.rfind('/');
    if (slash == std::string::npos) return;
    const TreeFile* folder = lookup_.input().tree.find(file.entry.path.substr(0, slash));
    if (folder == nullptr || folder->entry.type != TarType::directory) return;
    const bool sticky = (folder->entry.mode & 01000) != 0;
    if ((folder->entry.mode & 0002) != 0 && !sticky)
      writable_folders_.emplace(folder, "anybody may replace the programs and libraries in it");
    else if (!lookup_.user().is_root() && lookup_.may_write(folder->entry) &&
             (!sticky || folder->entry.uid == lookup_.user().uid))
      writable_folders_.emplace(folder,
                                "the configured user may replace the programs and libraries in it");
  }

  void add_simple(const TreeFile& file, std::string tool, std::string category, std::string what,
                  std::string seen) {
    ToolRow row = row_of(file);
    row.tool = std::move(tool);
    row.category = std::move(category);
    row.what = std::move(what);
    row.evidence.push_back(evidence_at(file, {}, std::move(seen)));
    out_.push_back(std::move(row));
  }

  void add_folder(const TreeFile& folder, const std::string& why) {
    ToolRow row;
    row.tool = "writable-folder";
    row.category = "writable";
    row.what = why;
    row.path = folder.entry.path;
    row.layer = folder.layer;
    row.evidence.push_back(evidence_at(
        folder, {},
        "mode " + octal(folder.entry.mode) + ", uid " + std::to_string(folder.entry.uid)));
    out_.push_back(std::move(row));
  }

  const Lookup& lookup_;
  std::vector<ToolRow>& out_;
  std::set<std::string, std::less<>> needed_;
  std::map<std::string, std::vector<std::string>> names_;
  struct ByPath {
    bool operator()(const TreeFile* a, const TreeFile* b) const {
      return a->entry.path < b->entry.path;
    }
  };
  std::map<const TreeFile*, std::string, ByPath> writable_folders_;
};

// ---- Shells

class ShellSearch {
 public:
  explicit ShellSearch(const Lookup& lookup) : lookup_(lookup) {}

  ShellProof run() {
    std::set<std::string_view> known;
    for (const TreeFile& file : lookup_.input().tree.files()) {
      if (file.shadowed || !is_file(file)) continue;
      if (file.entry.size == 0 || !known.insert(file.entry.digest).second) continue;
      judge(file);
    }
    for (auto& [why, count] : excluded_) proof_.excluded.push_back({why, count});
    proof_.verdict = !proof_.shells.empty()  ? ShellVerdict::present
                     : proof_.doubts.empty() ? ShellVerdict::absent
                                             : ShellVerdict::not_excluded;
    if (lookup_.input().report.incomplete && proof_.verdict == ShellVerdict::absent)
      proof_.verdict = ShellVerdict::not_excluded;
    return std::move(proof_);
  }

 private:
  void judge(const TreeFile& file) {
    const FileFacts* facts = lookup_.facts_of(file);
    if (facts == nullptr) return doubt(file, "it was not examined");
    // What the kernel cannot start by itself needs an interpreter, which is judged.
    if (facts->kind == FileKind::unknown && (file.entry.mode & 0111) != 0)
      return doubt(file, "its type is not known");
    if (!is_code(*facts)) return;
    ++proof_.programs;
    auto profile = lookup_.input().profiles.find(file.entry.digest);
    if (profile == lookup_.input().profiles.end()) return doubt(file, "it was not examined");
    if (is_shell(file, *facts, profile->second)) return;
    note_interpreter(file, profile->second);
    const AuditFacts& audit = facts->audit;
    if (!audit.packer.empty()) return doubt(file, "its code is packed (" + audit.packer + ")");
    if (!profile->second.can_start_programs) return exclude("cannot start another program");
    if (!audit.grammars.empty())
      return doubt(file, "it has the reserved words of " + join(audit.grammars, ", ") +
                             " and can start programs");
    exclude("has no table of a shell's reserved words");
  }

  bool is_shell(const TreeFile& file, const FileFacts& facts, const Profile& profile) {
    for (const Hit& hit : profile.hits) {
      const Tool& tool = lookup_.input().knowledge.tools[hit.tool];
      const bool many = tool.category == kManyCommands && !facts.audit.grammars.empty();
      if (tool.category != kShell && !many) continue;
      Evidence evidence = hit.evidence.front();
      evidence.file = file.entry.path;
      evidence.file_digest = file.entry.digest;
      evidence.seen = tool.id + ": " + evidence.seen;
      if (proof_.shells.size() < kMostShells) proof_.shells.push_back(std::move(evidence));
      return true;
    }
    return false;
  }

  void note_interpreter(const TreeFile& file, const Profile& profile) {
    for (const Hit& hit : profile.hits) {
      const Tool& tool = lookup_.input().knowledge.tools[hit.tool];
      if (tool.category != kInterpreter || proof_.interpreters.size() >= kMostShells) continue;
      Evidence evidence = hit.evidence.front();
      evidence.file = file.entry.path;
      evidence.file_digest = file.entry.digest;
      evidence.seen = tool.id + ": " + evidence.seen;
      proof_.interpreters.push_back(std::move(evidence));
      return;
    }
  }

  void exclude(const std::string& why) { ++excluded_[why]; }

  void doubt(const TreeFile& file, std::string why) {
    if (proof_.doubts.size() < kMostDoubts)
      proof_.doubts.push_back(evidence_at(file, {}, std::move(why)));
  }

  const Lookup& lookup_;
  ShellProof proof_;
  std::map<std::string, std::uint64_t> excluded_;
};

void add_programs(const Lookup& lookup, std::vector<ProgramRow>& out) {
  for (const TreeFile& file : lookup.input().tree.files()) {
    if (file.shadowed || file.entry.type != TarType::regular) continue;
    const FileFacts* facts = lookup.facts_of(file);
    auto profile = lookup.input().profiles.find(file.entry.digest);
    if (facts == nullptr || !facts->elf || profile == lookup.input().profiles.end()) continue;
    // A target that is one file is what was asked about, library or not.
    if (!is_program(*facts->elf) && lookup.input().info.source != "file") continue;
    ProgramRow row;
    row.path = file.entry.path;
    row.digest = file.entry.digest;
    row.layer = file.layer;
    row.bytes = file.entry.size;
    row.libraries = facts->elf->needed;
    row.abilities = profile->second.abilities;
    for (Ability& ability : row.abilities)
      for (Evidence& evidence : ability.evidence) {
        evidence.file = row.path;
        evidence.file_digest = row.digest;
      }
    out.push_back(std::move(row));
  }
}

}  // namespace

Execution examine_execution(const Input& input) {
  const Lookup lookup(input);
  Execution out;
  out.user = input.info.user;
  // Folders and files have no configuration that could be wrong.
  const bool has_config =
      input.info.source != "dir" && input.info.source != "file" && input.info.source != "tar";
  if (has_config) out.start = resolve_start(lookup);
  ToolFinder(lookup, out.start, out.tools).run();
  out.shell = ShellSearch(lookup).run();
  add_programs(lookup, out.programs);
  return out;
}

}  // namespace fathom::audit
