#include "lineage/provenance.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/text.h"

namespace fathom::lineage {
namespace {

bool is_content(const image::TreeFile& file) {
  return (file.entry.type == archive::TarType::regular ||
          file.entry.type == archive::TarType::hard_link) &&
         file.entry.size > 0;
}

class Tracer {
 public:
  Tracer(const ImageView& view, const Knowledge& knowledge, Report& report)
      : view_(view), knowledge_(knowledge), report_(report) {}

  void run() {
    FoundBase found = find_base(view_, knowledge_.rows);
    report_.origin.base = std::move(found.image);
    for (Component& component : report_.components) component.side = side_of(component, found);
    collect_statements();
    for (FileRow& file : report_.files)
      if (!file.digest.empty()) trace(file);
    count();
    add_image_revision();
    add_updates();
  }

 private:
  BaseImage& base() { return report_.origin.base; }

  // A package is the base's when the base lists it in this version: a database is rewritten as a
  // whole by whoever adds to it.
  Side side_of(const Component& component, const FoundBase& found) {
    const bool is_listed = component.ecosystem == "deb" || component.ecosystem == "apk";
    if (!is_listed) return side_of_layer(base(), component.layer);
    if (found.packages.contains({component.ecosystem, component.name, component.version.exact}))
      return Side::base;
    return base().end_is_known ? Side::yours : Side::unknown;
  }

  void collect_statements() {
    for (const Statement& statement : view_.info.statements)
      add_statement(statement, {"in-toto", "", "", statement.place, statement.where});
    std::set<std::string> seen;
    for (const image::TreeFile& file : view_.tree.files()) {
      const FileFacts* facts =
          file.entry.digest.empty() ? nullptr : view_.facts_of(file.entry.digest);
      if (facts == nullptr || facts->statements.empty() || !seen.insert(file.entry.digest).second)
        continue;
      for (const Statement& statement : facts->statements)
        add_statement(statement, {"in-toto", file.entry.path, file.entry.digest, statement.place,
                                  statement.predicate});
    }
  }

  void add_statement(const Statement& statement, const Evidence& evidence) {
    for (const Statement::Subject& subject : statement.subjects) {
      Attested attested{statement.predicate, subject.name, statement.builder, statement.in_envelope,
                        evidence};
      if (subject.digest == report_.image.digest)
        report_.origin.attested.push_back(std::move(attested));
      else
        attested_[subject.digest].push_back(std::move(attested));
    }
  }

  void trace(FileRow& file) {
    FileOrigin& origin = file.origin;
    origin.side = side_of_layer(base(), file.layer);
    if (auto found = attested_.find(file.digest); found != attested_.end())
      origin.attested = found->second;
    origin.explained = explanation_of(file);
  }

  Explained explanation_of(const FileRow& file) {
    const FileOrigin& origin = file.origin;
    const bool is_intact =
        origin.checksum == Checksum::same || origin.checksum == Checksum::not_recorded;
    if (!file.owner.empty() && is_intact) return Explained::package;
    if (!origin.attested.empty()) return Explained::attested;
    if (std::ranges::any_of(origin.revisions, [](const Revision& r) { return r.of == "program"; }))
      return Explained::revision;
    if (is_database(file)) return Explained::database;
    // What a package says to be changed is explained by digests alone, not by where it lies.
    const bool is_changed = origin.checksum == Checksum::changed;
    if (origin.side == Side::base && (!is_changed || base().by == BaseBy::layers))
      return Explained::base;
    return Explained::no;
  }

  bool is_database(const FileRow& file) const {
    const FileFacts* facts = view_.facts_of(file.digest);
    return facts != nullptr && (facts->kind == FileKind::database || !facts->checksum_list.empty());
  }

  void count() {
    std::map<std::pair<std::string_view, std::int64_t>, bool> regular;
    for (const image::TreeFile& file : view_.tree.files())
      if (is_content(file)) regular[{file.entry.path, file.layer}] = true;
    std::vector<OriginCount>& counts = report_.origin.counts;
    for (Explained explained : {Explained::no, Explained::package, Explained::attested,
                                Explained::revision, Explained::database, Explained::base})
      counts.push_back({explained, 0, 0});
    for (const FileRow& file : report_.files) {
      if (!regular.contains({file.path, file.layer})) continue;
      OriginCount& row = counts[static_cast<std::size_t>(file.origin.explained)];
      ++row.files;
      row.bytes += file.size;
    }
  }

  void add_image_revision() {
    Revision revision{.of = "image",
                      .system = {},
                      .id = {},
                      .time = {},
                      .source = {},
                      .modified = false,
                      .evidence = {}};
    for (const BaseRow& row : knowledge_.rows) {
      if (row.kind != BaseRow::Kind::label) continue;
      std::string* const to = row.key == "revision"  ? &revision.id
                              : row.key == "source"  ? &revision.source
                              : row.key == "created" ? &revision.time
                                                     : nullptr;
      if (to != nullptr && to->empty()) *to = label(row.values[0], to == &revision.id, revision);
    }
    if (!revision.id.empty()) report_.origin.revisions.push_back(std::move(revision));
  }

  std::string label(const std::string& key, bool is_evidence, Revision& revision) const {
    for (const auto* list : {&view_.info.annotations, &view_.info.labels})
      for (const auto& [name, value] : *list) {
        if (name != key) continue;
        if (is_evidence)
          revision.evidence = {"base-image", "", "",
                               Place::named(list == &view_.info.labels ? "label" : "annotation"),
                               name + "=" + value};
        return value;
      }
    return {};
  }

  void add_updates() {
    base().end_of_life = base().by == BaseBy::nothing ? "" : knowledge_.end_of_life;
    for (const EcosystemCoverage& row : report_.coverage.ecosystems)
      base().updates_known |= !row.release.empty() && row.advisories > 0;
    std::map<std::string_view, const Component*> of_base;
    for (const Component& component : report_.components)
      if (component.side == Side::base && component.kind == ComponentKind::package)
        of_base.emplace(component.id, &component);
    std::map<std::string_view, BaseUpdate> updates;
    for (const Finding& finding : report_.findings) {
      auto component = of_base.find(finding.component);
      if (component == of_base.end() || finding.fixed_in.empty() || finding.withdrawn) continue;
      add_fix(updates[component->first], *component->second, finding);
    }
    for (auto& [id, update] : updates) base().updates.push_back(std::move(update));
    std::ranges::sort(base().updates, {},
                      [](const BaseUpdate& u) { return std::tie(u.name, u.component); });
  }

  // The nearest release with each fix, and of these the newest: that has them all.
  void add_fix(BaseUpdate& update, const Component& component, const Finding& finding) const {
    update.component = component.id;
    update.name = component.name;
    update.installed = component.version.exact;
    update.fixes.push_back(finding.id);
    const std::string& release = finding.fixed_in.front();
    if (update.available.empty() ||
        knowledge_.is_older(component.ecosystem, update.available, release))
      update.available = release;
  }

  const ImageView& view_;
  const Knowledge& knowledge_;
  Report& report_;
  std::unordered_map<std::string, std::vector<Attested>> attested_;  // by digest
};

}  // namespace

void trace_origins(const ImageView& view, const Knowledge& knowledge, Report& report) {
  Tracer(view, knowledge, report).run();
}

}  // namespace fathom::lineage
