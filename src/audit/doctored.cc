// Signs that somebody changed an image so that it looks better or does worse. Each has a legal
// look-alike that must stay quiet: an image that never had a package database (only one that an
// earlier layer had can be removed), a package that was removed with its files, an upgrade that
// changes os-release and the database together, a program that was merely stripped.

#include <algorithm>
#include <map>
#include <set>

#include "audit/rows.h"
#include "base/text.h"
#include "signature/identify.h"

namespace fathom::audit {
namespace {

using image::TreeFile;

std::set<std::string> installed_in(const FileFacts& facts) {
  std::set<std::string> names;
  for (const PackageClaim& claim : facts.packages)
    if (claim.installed && claim.component.kind == ComponentKind::package)
      names.insert(claim.component.name);
  return names;
}

class DatabaseAudit {
 public:
  DatabaseAudit(const Lookup& lookup, Rows& rows) : lookup_(lookup), rows_(rows) {}

  void run() {
    const image::FileTree& tree = lookup_.input().tree;
    std::map<std::string, const TreeFile*> last_hidden;  // by path, of the highest layer
    std::set<std::string> now;                           // packages of all visible databases
    for (const TreeFile& file : tree.files()) {
      if (!is_file(file) || !is_database(file.entry.path)) continue;
      const FileFacts* facts = lookup_.facts_of(file);
      if (facts == nullptr) continue;
      if (!file.shadowed)
        now.merge(installed_in(*facts));
      else
        last_hidden[file.entry.path] = &file;
    }
    for (const auto& [path, hidden] : last_hidden) judge(*hidden, now);
  }

 private:
  bool is_database(std::string_view path) const {
    return std::ranges::any_of(lookup_.input().knowledge.databases,
                               [&](const std::string& pattern) { return fits(path, pattern); });
  }

  void judge(const TreeFile& hidden, const std::set<std::string>& now) {
    const FileFacts& facts = *lookup_.facts_of(hidden);
    const std::set<std::string> before = installed_in(facts);
    std::vector<std::string> lost;
    for (const std::string& name : before)
      if (!now.contains(name) && files_stay(hidden, facts, name)) lost.push_back(name);
    if (lost.empty()) return;
    const bool removed = lookup_.input().tree.find(hidden.entry.path) == nullptr;
    const std::size_t count = lost.size();
    if (lost.size() > 5) lost.resize(5);
    rows_.add(removed ? "package-database-removed" : "package-database-emptied",
              evidence_at(hidden, {},
                          "layer " + std::to_string(hidden.shadowed_by) + " takes away " +
                              with_thousands(count) + " of " + with_thousands(before.size()) +
                              " packages whose files stay: " + join(lost, ", ") +
                              (count > lost.size() ? ", …" : "")));
  }

  // Files as the package installed them, visible still: its list is looked up in any layer, because
  // who hides the database hides the lists beside it.
  bool files_stay(const TreeFile& hidden, const FileFacts& facts, const std::string& name) const {
    for (const PackageClaim& claim : facts.packages)
      if (claim.component.name == name && any_visible(claim.owned)) return true;
    const std::string folder = hidden.entry.path.substr(0, hidden.entry.path.rfind('/') + 1);
    const bool split = folder.ends_with("status.d/");
    const std::string stem = split ? folder + name : folder + "info/" + name;
    for (const TreeFile& file : lookup_.input().tree.files()) {
      const std::string& path = file.entry.path;
      if (!path.starts_with(stem) || !path.ends_with(".md5sums")) continue;
      const char behind = path[stem.size()];
      if (behind != '.' && behind != ':') continue;
      const FileFacts* list = lookup_.facts_of(file);
      if (list != nullptr && any_visible(list->checksum_list)) return true;
    }
    return false;
  }

  bool any_visible(const std::vector<OwnedPath>& owned) const {
    for (const OwnedPath& each : owned) {
      if (each.md5.empty() && each.sha1.empty()) continue;
      const FileFacts* facts = lookup_.facts_at(each.path);
      if (facts == nullptr || facts->size == 0) continue;
      if ((!each.md5.empty() && facts->md5 == each.md5) ||
          (!each.sha1.empty() && facts->sha1 == each.sha1))
        return true;
    }
    return false;
  }

  const Lookup& lookup_;
  Rows& rows_;
};

void audit_changed_files(const Lookup& lookup, Rows& rows) {
  // Ownership has compared the checksums; see analyzer/ownership.h.
  for (const Gap& gap : lookup.input().report.gaps) {
    if (gap.stage != "packages" || !gap.reason.starts_with("changed since it was installed"))
      continue;
    const TreeFile* file = lookup.input().tree.find(gap.file);
    if (file != nullptr) rows.add("owned-file-changed", evidence_at(*file, {}, gap.reason));
  }
}

struct Release {
  std::string id, version;
  auto operator<=>(const Release&) const = default;
};

std::optional<Release> release_in(const FileFacts* facts) {
  if (facts == nullptr) return std::nullopt;
  for (const PackageClaim& claim : facts->packages)
    if (claim.component.ecosystem == "os")
      return Release{claim.component.name, claim.component.version.exact};
  return std::nullopt;
}

void audit_release_text(const Lookup& lookup, Rows& rows) {
  const image::FileTree& tree = lookup.input().tree;
  const TreeFile* now = tree.find("etc/os-release");
  if (now == nullptr) now = tree.find("usr/lib/os-release");
  if (now == nullptr) return;
  const std::optional<Release> release = release_in(lookup.facts_of(*now));
  if (!release) return;
  std::int64_t database_layer = -1;
  for (const TreeFile& file : tree.files())
    for (const std::string& pattern : lookup.input().knowledge.databases)
      if (!file.shadowed && fits(file.entry.path, pattern))
        database_layer = std::max(database_layer, file.layer);
  if (database_layer < 0 || database_layer >= now->layer) return;
  const TreeFile* before = nullptr;
  for (const TreeFile& file : tree.files()) {
    const bool here =
        file.entry.path == "etc/os-release" || file.entry.path == "usr/lib/os-release";
    if (here && file.layer < now->layer && is_file(file)) before = &file;
  }
  const std::optional<Release> was =
      before == nullptr ? std::nullopt : release_in(lookup.facts_of(*before));
  if (was && *was != *release)
    rows.add("release-text-changed",
             evidence_at(*now, {},
                         was->id + " " + was->version + " in layer " +
                             std::to_string(before->layer) + ", " + release->id + " " +
                             release->version + " in layer " + std::to_string(now->layer)));
}

// Identification has held the texts against the code; see signature/identify.h.
void audit_version_texts(const Lookup& lookup, Rows& rows) {
  for (const Mention& mention : lookup.input().report.mentions)
    if (mention.why.ends_with(signature::kContradictedByLines)) {
      Evidence evidence = mention.evidence;
      if (evidence.file.empty()) evidence.file = mention.file;
      evidence.seen += ": " + mention.why;
      rows.add("version-text-contradicted", std::move(evidence));
    }
}

void audit_programs(const Lookup& lookup, Rows& rows) {
  std::set<std::string_view> done;
  for (const TreeFile& file : lookup.input().tree.files()) {
    const FileFacts* facts = file.shadowed || !is_file(file) ? nullptr : lookup.facts_of(file);
    if (facts == nullptr || !facts->elf || !done.insert(file.entry.digest).second) continue;
    const AuditFacts& audit = facts->audit;
    if (!audit.packer.empty())
      rows.add("packed-program", evidence_at(file, Place::at_offset(audit.packer_offset),
                                             audit.packer + ": " + audit.packer_seen));
    // Without it the function table still says which releases of Go write such a one, and no more.
    const bool has_info = std::ranges::any_of(facts->packages, [](const PackageClaim& claim) {
      return claim.component.ecosystem == "Go" &&
             (claim.component.kind == ComponentKind::application ||
              (claim.component.kind == ComponentKind::runtime && claim.component.version.known()));
    });
    if (audit.go_runtime && !has_info && audit.packer.empty() && facts->elf->type != "relocatable")
      rows.add("build-info-removed",
               evidence_at(file, {}, "has Go's runtime but no build information"));
  }
}

}  // namespace

void audit_doctored(const Lookup& lookup, Rows& rows) {
  DatabaseAudit(lookup, rows).run();
  audit_changed_files(lookup, rows);
  audit_release_text(lookup, rows);
  audit_version_texts(lookup, rows);
  audit_programs(lookup, rows);
}

}  // namespace fathom::audit
