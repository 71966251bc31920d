#include "scan/assemble.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "analyzer/analyzer.h"
#include "analyzer/file_type.h"
#include "base/text.h"
#include "hardening/image_checks.h"
#include "hardening/own_code.h"
#include "loader/loader.h"
#include "scan/package_content.h"
#include "signature/java_classes.h"
#include "vuln/distributions.h"
#include "vuln/match.h"

namespace fathom {
namespace {

bool is_file(const image::TreeFile& file) {
  return file.entry.type == archive::TarType::regular ||
         file.entry.type == archive::TarType::hard_link;
}

// One place where a distinct content stands: the first visible path, else the first path.
struct Location {
  std::string path;
  std::int64_t layer = -1;
  bool shadowed = false;
};

void note_location(std::map<std::string, Location>& locations, const std::string& digest,
                   Location here) {
  auto [known, is_new] = locations.emplace(digest, here);
  if (!is_new && known->second.shadowed && !here.shadowed) known->second = std::move(here);
}

void note_members(std::map<std::string, Location>& locations, const FileFacts& facts,
                  const Location& outer) {
  for (const MemberFacts& member : facts.members) {
    Location here{outer.path + "!/" + member.path, outer.layer, outer.shadowed};
    note_location(locations, member.digest, here);
    note_members(locations, member.facts, here);
  }
}

std::map<std::string, Location> locate(const ImageInput& input) {
  std::map<std::string, Location> locations;
  for (const image::TreeFile& file : input.tree.files()) {
    if (!is_file(file) || file.entry.digest.empty()) continue;
    Location here{file.entry.path, file.layer, file.shadowed};
    note_location(locations, file.entry.digest, here);
    auto facts = input.facts.find(file.entry.digest);
    if (facts != input.facts.end()) note_members(locations, facts->second, here);
  }
  return locations;
}

void place_evidence(Evidence& evidence, const Location& where, const std::string& digest) {
  evidence.file = where.path;
  evidence.file_digest = digest;
}

// Turns the facts of files into rows and counts them.
class FileAccount {
 public:
  FileAccount(Report& report, const FactsByDigest& facts, const Inventory& inventory)
      : report_(report), facts_(facts), inventory_(inventory) {
    for (const Component& component : report.components) {
      identified_.insert(component.file_digest);
      for (const Evidence& evidence : component.evidence) identified_.insert(evidence.file_digest);
    }
    for (const Gap& gap : report.gaps) explained_.emplace(gap.file, gap.layer);
  }

  // One gap for each language that has source which belongs to no component. Last.
  void add_source_gaps() {
    for (auto& [language, sources] : sources_) {
      sources.folder.erase(sources.folder.rfind('/') + 1);  // npos + 1 is 0
      report_.gaps.push_back({"identify", "", "", -1, ErrorCode::not_found,
                              "no component recognised in " + with_thousands(sources.files) +
                                  (sources.files == 1 ? " file" : " files") + " of " + language +
                                  (sources.folder.empty() ? "" : " below " + sources.folder)});
    }
  }

  void add(const image::TreeFile& file) {
    FileRow row;
    row.path = file.entry.path;
    row.layer = file.layer;
    row.shadowed = file.shadowed;
    row.shadowed_by = file.shadowed_by;
    row.size = file.entry.size;
    if (!is_file(file)) {
      row.kind = name_of(file.entry.type);
      row.state = FileState::inert;
      if (file.entry.type == archive::TarType::symlink) row.type = "to " + file.entry.link_target;
      report_.files.push_back(std::move(row));
      return;
    }
    row.digest = file.entry.digest;
    if (!file.shadowed) set_owner(row);
    auto facts = facts_.find(row.digest);
    if (facts == facts_.end())
      add_unexamined(std::move(row), file.entry);
    else
      add_examined(std::move(row), facts->second);
  }

 private:
  void set_owner(FileRow& row) {
    auto owner = inventory_.owner_of.find(row.path);
    if (owner != inventory_.owner_of.end()) row.owner = inventory_.components[owner->second].id;
    auto recorded = inventory_.recorded.find(row.path);
    if (recorded != inventory_.recorded.end()) {
      row.origin.checksum = recorded->second.checksum;
      if (row.owner.empty())
        row.origin.claimed_by = inventory_.components[recorded->second.component].id;
    } else if (!row.owner.empty()) {
      row.origin.checksum = Checksum::not_recorded;
    }
  }

  // What the file says of its own making.
  static void set_making(FileRow& row, const FileFacts& facts) {
    row.origin.revisions = facts.revisions;
    for (Revision& revision : row.origin.revisions) {
      revision.evidence.file = row.path;
      revision.evidence.file_digest = row.digest;
    }
    if (!facts.elf) return;
    row.origin.compilers = facts.elf->comments;
    row.origin.build_id =
        facts.elf->build_id.empty() ? facts.elf->go_build_id : facts.elf->build_id;
  }

  // A file without content is nothing to identify; any other one is missing for a reason.
  void add_unexamined(FileRow row, const image::Entry& entry) {
    row.kind = "unread";
    row.state = entry.size == 0 ? FileState::inert : FileState::gap;
    if (row.state == FileState::gap && !row.owner.empty()) row.state = FileState::identified;
    if (row.state == FileState::gap && !explained_.contains({row.path, row.layer}))
      report_.gaps.push_back({"identify", row.path, row.digest, row.layer, ErrorCode::not_found,
                              "the content of this file was not examined"});
    count(row);
    report_.files.push_back(std::move(row));
  }

  FileState add_examined(FileRow row, const FileFacts& facts, bool in_java_archive = false) {
    row.kind = name_of(facts.kind);
    row.type = facts.type;
    if (facts.kind == FileKind::text) set_language(row);
    attribute(row, facts);
    set_making(row, facts);
    std::size_t index = report_.files.size();
    report_.files.push_back(row);
    row.state = state_of(row, facts);
    // The classes of an archive are what its component is made of.
    if (in_java_archive && is_java_class(facts) && facts.gaps.empty())
      row.state = FileState::identified;
    report_.files[index].state = row.state;
    add_gaps(row, facts);
    count(row);
    return row.state;
  }

  static bool is_java_class(const FileFacts& facts) {
    return facts.java && !facts.java->class_name.empty();
  }

  // What an interpreter runs is a script, also where no #! line says so.
  static void set_language(FileRow& row) {
    const std::string_view language = source_language(row.path);
    if (language.empty()) return;
    row.kind = name_of(FileKind::script);
    row.type = language;
  }

  // An archive is what its members are: a gap when one of them is (which then says why).
  FileState state_of(const FileRow& row, const FileFacts& facts) {
    bool any_gap = false, any_identified = false;
    const bool is_java = facts.java && facts.java->is_archive && identified_.contains(row.digest);
    for (const MemberFacts& member : facts.members) {
      FileState state = add_member(row, member, is_java);
      any_gap |= state == FileState::gap;
      any_identified |= state == FileState::identified;
    }
    if (identified_.contains(row.digest) || !row.owner.empty()) return FileState::identified;
    const bool source = facts.kind == FileKind::text && row.kind != name_of(facts.kind);
    if (facts.inert && !source && !any_gap) return FileState::inert;
    return any_identified && !any_gap && facts.gaps.empty() ? FileState::identified
                                                            : FileState::gap;
  }

  FileState add_member(const FileRow& outer, const MemberFacts& member, bool in_java_archive) {
    FileRow row;
    row.path = outer.path + "!/" + member.path;
    row.digest = member.digest;
    row.size = member.facts.size;
    row.layer = outer.layer;
    row.shadowed = outer.shadowed;
    row.shadowed_by = outer.shadowed_by;
    row.owner = outer.owner;  // whoever installed the archive installed its members
    row.origin.checksum = outer.origin.checksum;
    row.origin.claimed_by = outer.origin.claimed_by;
    return add_examined(std::move(row), member.facts, in_java_archive);
  }

  void attribute(FileRow& row, const FileFacts& facts) {
    if (!facts.elf) return;
    row.executable_bytes = facts.elf->executable_bytes;
    std::uint64_t explained = row.owner.empty() ? 0 : row.executable_bytes;
    for (const Attribution& attribution : facts.attributions) explained += attribution.bytes;
    auto known = inventory_.known_code.find(row.digest);
    if (known != inventory_.known_code.end()) explained += known->second;
    row.attributed_bytes = std::min(explained, row.executable_bytes);
  }

  // What the file itself says was unreadable, and at least one reason for every gap.
  void add_gaps(const FileRow& row, const FileFacts& facts) {
    for (const Gap& gap : facts.gaps) {
      Gap placed = gap;
      placed.file = row.path;
      placed.file_digest = row.digest;
      placed.layer = row.layer;
      report_.gaps.push_back(std::move(placed));
    }
    if (facts.gaps_not_kept > 0)
      report_.gaps.push_back(
          {"identify", row.path, row.digest, row.layer, ErrorCode::limit_exceeded,
           with_thousands(facts.gaps_not_kept) + " further problems not listed"});
    if (row.state == FileState::gap && facts.inert && facts.members.empty())
      return note_source(row);
    if (row.state == FileState::gap && is_java_class(facts) && facts.gaps.empty())
      return note_source(row);
    // An archive that is a gap because of a member needs no reason of its own.
    bool explained = !facts.gaps.empty() || facts.gaps_not_kept > 0 || !facts.members.empty();
    if (row.state == FileState::gap && !explained)
      report_.gaps.push_back(
          {"identify", row.path, row.digest, row.layer, ErrorCode::not_found,
           "no component recognised (" + (facts.type.empty() ? row.kind : facts.type) + ")"});
  }

  // Source comes by the thousand: one reason for all of a language.
  void note_source(const FileRow& row) {
    auto [known, is_new] = sources_.emplace(row.type, Sources{row.path, 0});
    Sources& sources = known->second;
    ++sources.files;
    auto [end, unused] = std::ranges::mismatch(sources.folder, row.path);
    sources.folder.erase(end, sources.folder.end());
  }

  void count(const FileRow& row) {
    Coverage& coverage = report_.coverage;
    ++coverage.files;
    ++(row.state == FileState::identified ? coverage.identified
       : row.state == FileState::inert    ? coverage.inert
                                          : coverage.gaps);
    if (row.executable_bytes == 0) return;
    ++coverage.executable_files;
    coverage.executable_bytes += row.executable_bytes;
    coverage.attributed_bytes += row.attributed_bytes;
  }

  Report& report_;
  const FactsByDigest& facts_;
  const Inventory& inventory_;
  std::set<std::string> identified_;
  std::set<std::pair<std::string, std::int64_t>> explained_;

  struct Sources {
    std::string folder;  // what their paths have in common
    std::uint64_t files = 0;
  };
  std::map<std::string, Sources> sources_;  // by language
};

ImageRow image_row(const image::ImageInfo& info, const std::vector<image::Layer>& layers) {
  ImageRow row;
  row.digest = info.digest;
  row.platform = info.platform;
  row.source = info.source;
  row.created = info.created;
  row.names = info.names;
  row.entrypoint = info.entrypoint;
  row.command = info.command;
  row.asked_for_attached = info.asked_for_attached;
  row.attached = info.attached;
  for (const image::Layer& layer : layers)
    row.layers.push_back({layer.info.digest, layer.info.diff_id, layer.info.size,
                          layer.info.created_by, layer.entries.size(), layer.info.created});
  return row;
}

// Sorted by what a reader looks for, then numbered; owner_of follows.
void settle_components(Inventory& inventory) {
  std::vector<std::size_t> order(inventory.components.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  auto key = [&](std::size_t i) {
    const Component& c = inventory.components[i];
    return std::tie(c.file, c.ecosystem, c.name, c.version, c.layer, c.purl, c.evidence);
  };
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return key(a) < key(b); });

  std::vector<Component> sorted;
  std::vector<std::size_t> new_index(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    new_index[order[i]] = i;
    sorted.push_back(std::move(inventory.components[order[i]]));
    sorted.back().id = "c" + std::to_string(i + 1);
  }
  inventory.components = std::move(sorted);
  for (auto& [path, index] : inventory.owner_of) index = new_index[index];
  for (auto& [path, recorded] : inventory.recorded)
    recorded.component = new_index[recorded.component];
}

template <class T>
void sort_and_deduplicate(std::vector<T>& list) {
  std::ranges::sort(list);
  auto repeated = std::ranges::unique(list);
  list.erase(repeated.begin(), repeated.end());
}

// The component that a text of the same archive states for what its classes show: of the same
// name, or of the same artifact in a group that was only guessed.
Component* stated_java(Inventory& inventory, const Component& by_classes) {
  if (by_classes.ecosystem != "Maven") return nullptr;
  auto artifact = [](const Component& c) {
    return std::string_view(c.name).substr(c.name.find(':') + 1);
  };
  Component* found = nullptr;
  for (Component& c : inventory.components) {
    if (c.ecosystem != "Maven" || c.file_digest != by_classes.file_digest) continue;
    if (c.name == by_classes.name) return &c;
    if (artifact(c) == artifact(by_classes) && c.confidence == Confidence::low) found = &c;
  }
  return found;
}

void collect_gaps(Report& report, const Examined& examined, const image::FileTree& tree) {
  auto append = [&](const std::vector<Gap>& gaps, std::int64_t layer) {
    for (Gap gap : gaps) {
      if (gap.layer < 0) gap.layer = layer;
      report.gaps.push_back(std::move(gap));
    }
  };
  append(examined.info.gaps, -1);
  for (std::size_t i = 0; i < examined.layers.size(); ++i)
    append(examined.layers[i].gaps, static_cast<std::int64_t>(i));
  append(examined.gaps, -1);
  append(tree.gaps(), -1);
}

const std::string& source_of(const Component& package) {
  return package.source_name.empty() ? package.name : package.source_name;
}

// Code of a package in a file that a package of the same source installed: nothing new.
bool is_owners_own(const Inventory& inventory, const Component& component) {
  if (!vuln::is_of_distribution(component.ecosystem)) return false;
  auto owner = inventory.owner_of.find(component.file.substr(0, component.file.find("!/")));
  return owner != inventory.owner_of.end() &&
         source_of(inventory.components[owner->second]) == source_of(component);
}

}  // namespace

Inventory take_inventory(const ImageInput& input, const Identified& identified,
                         const signature::PackageFiles& packages) {
  Inventory inventory;
  for (const ImageAnalyzer* analyzer : image_analyzers()) analyzer->run(input, inventory);
  add_packages_by_content(input, packages, inventory);
  std::map<std::string, Location> locations = locate(input);
  for (const auto& [digest, found] : identified) {
    auto location = locations.find(digest);
    if (location == locations.end()) continue;  // of a layer that was read again without it
    const Location& where = location->second;
    for (const signature::NamedFunction& function : found.functions)
      if (function.by <= signature::NamedBy::loose && !function.library.empty())
        inventory.known_code[digest] += function.bytes;
    for (Component component : found.components) {
      component.file = where.path;
      component.file_digest = digest;
      component.layer = where.layer;
      for (Evidence& evidence : component.evidence) place_evidence(evidence, where, digest);
      if (is_owners_own(inventory, component)) continue;
      if (Component* stated = stated_java(inventory, component)) {
        auto known = found.known_versions.find(component.name);
        signature::reconcile(
            *stated, std::move(component),
            known == found.known_versions.end() ? std::vector<std::string>() : known->second);
        continue;
      }
      inventory.components.push_back(std::move(component));
    }
    for (Mention mention : found.mentions) {
      mention.file = where.path;
      place_evidence(mention.evidence, where, digest);
      inventory.mentions.push_back(std::move(mention));
    }
  }
  return inventory;
}

Report assemble(const Target& target, const Examined& examined, const image::FileTree& tree,
                const FactsByDigest& facts, Inventory inventory) {
  settle_components(inventory);
  Report report;
  report.target = target.text;
  report.image = image_row(examined.info, examined.layers);
  report.incomplete = examined.incomplete;
  report.notes = examined.notes;
  report.components = inventory.components;
  report.mentions = inventory.mentions;
  collect_gaps(report, examined, tree);
  report.gaps.insert(report.gaps.end(), inventory.gaps.begin(), inventory.gaps.end());

  FileAccount account(report, facts, inventory);
  for (const image::TreeFile& file : tree.files()) account.add(file);
  account.add_source_gaps();

  auto facts_of = [&](const std::string& digest) {
    auto found = facts.find(digest);
    return found == facts.end() ? nullptr : &found->second;
  };
  report.hardening = hardening::rows(tree, facts_of);
  report.unloaded = loader::unloaded_libraries(tree, facts_of, report.gaps);

  std::ranges::stable_sort(report.files, {},
                           [](const FileRow& row) { return std::tie(row.path, row.layer); });
  std::ranges::sort(report.mentions, {}, [](const Mention& m) {
    return std::tie(m.file, m.library, m.version, m.evidence, m.why);
  });
  sort_and_deduplicate(report.gaps);
  return report;
}

void name_distribution_builds(Report& report, const vuln::Databases& databases) {
  std::map<std::string_view, const Component*> by_id;
  for (const Component& component : report.components) by_id.emplace(component.id, &component);
  std::map<std::string_view, const Component*> owner_of;
  for (const FileRow& row : report.files)
    if (!row.owner.empty()) owner_of.emplace(row.path, by_id.at(row.owner));
  std::multimap<std::string_view, const Component*> compiled_in;  // by digest
  for (const Component& component : report.components)
    if (vuln::is_of_distribution(component.ecosystem) &&
        component.kind == ComponentKind::embedded_library)
      compiled_in.emplace(component.file_digest, &component);
  for (Component& component : report.components) {
    if (component.ecosystem != "C") continue;
    std::optional<vuln::LibraryNames> names = databases.library(component.name);
    if (!names) continue;
    auto is_build = [&](const Component& package) {
      return std::ranges::find(names->source_packages, source_of(package)) !=
             names->source_packages.end();
    };
    auto owner = owner_of.find(component.file);
    if (owner != owner_of.end() && is_build(*owner->second))
      component.packaged_as = owner->second->id;
    auto [first, last] = compiled_in.equal_range(component.file_digest);
    for (auto package = first; package != last; ++package)
      if (is_build(*package->second)) component.packaged_as = package->second->id;
  }
}

void settle_static_hardening(Report& report, const Identified& identified) {
  for (HardeningRow& row : report.hardening) {
    auto found = identified.find(row.digest);
    if (found == identified.end()) continue;
    const signature::Identified& file = found->second;
    if (std::ranges::find(file.objects, row.libc, &signature::ObjectMatch::name) ==
        file.objects.end())
      continue;
    std::vector<hardening::NamedCall> calls;
    for (const signature::OwnCall& call : file.own_calls)
      calls.push_back({call.name, call.caller, call.callers});
    const bool protector_is_there =
        std::ranges::any_of(file.functions, [](const signature::NamedFunction& function) {
          return function.name == "__stack_chk_fail";
        });
    hardening::settle_by_own_calls(row, calls, protector_is_there);
  }
}

void add_advisory_coverage(Report& report, const vuln::Databases& databases) {
  report.coverage.ecosystems = vuln::coverage(report.components, databases);
  for (const EcosystemCoverage& ecosystem : report.coverage.ecosystems)
    if (ecosystem.advisories == 0)
      report.gaps.push_back({"advisories", "", "", -1, ErrorCode::not_found,
                             "not assessed: the data has no advisories for " +
                                 with_thousands(ecosystem.components) + " component" +
                                 (ecosystem.components == 1 ? "" : "s") + " of ecosystem " +
                                 ecosystem.ecosystem});
  for (const Component& component : report.components)
    if (!component.version.known() && component.version.low.empty())
      report.gaps.push_back({"advisories", component.file, component.file_digest, component.layer,
                             ErrorCode::not_found,
                             "not assessed: the version of " + component.name + " is not known"});
  report.data.push_back({"advisories", databases.built_in().id(), databases.built_in().newest()});
  if (databases.user())
    report.data.push_back(
        {"imported advisories", databases.user()->id(), databases.user()->newest()});
  sort_and_deduplicate(report.gaps);
}

}  // namespace fathom
