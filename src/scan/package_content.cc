#include "scan/package_content.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"
#include "model/purl.h"

namespace fathom {
namespace {

using signature::PackageFile;
using signature::PackageFiles;
using signature::PackageRevision;

constexpr std::string_view kAnalyzer = "package-content";
constexpr std::size_t kMostEvidence = 4;
// Files without code that together name a package.
constexpr std::size_t kFewestFiles = 2;
constexpr std::uint64_t kSmallest = 32;  // bytes of a file that says anything

struct Match {
  const image::TreeFile* file = nullptr;
  const PackageFile* known = nullptr;
  bool is_code = false;
  bool is_same = true;  // false: only the build id is
};

class Search {
 public:
  Search(const ImageInput& input, const PackageFiles& known, Inventory& inventory)
      : input_(input), known_(known), inventory_(inventory) {
    for (const Component& component : inventory.components)
      if (component.ecosystem == "deb") present_.emplace(component.name, component.version.exact);
  }

  void run() {
    for (const image::TreeFile& file : input_.tree.files()) look_at(file);
    for (const auto& [package, matches] : matches_) add(package, matches);
  }

 private:
  void look_at(const image::TreeFile& file) {
    if (file.shadowed || file.entry.digest.empty() || file.entry.size < kSmallest) return;
    if (inventory_.owner_of.contains(file.entry.path)) return;
    auto facts = input_.facts.find(file.entry.digest);
    if (facts == input_.facts.end()) return;
    const bool is_code = facts->second.elf.has_value();
    Match match{&file, known_.by_content(facts->second.md5), is_code, true};
    if (match.known == nullptr && is_code) {
      match.known = known_.by_build_id(facts->second.elf->build_id);
      match.is_same = false;
    }
    if (match.known == nullptr) return;
    if (!is_code && known_.path_of(*match.known) != file.entry.path) return;
    if (const std::string* package = only_package(*match.known))
      matches_[*package].push_back(match);
  }

  // The package whose file it is; null when several packages have the same.
  const std::string* only_package(const PackageFile& file) const {
    const std::string* package = nullptr;
    for (auto [first, last] : file.revisions)
      for (std::uint32_t r = first; r <= last; ++r) {
        const std::string& name = known_.revisions()[r].package;
        if (package != nullptr && *package != name) return nullptr;
        package = &name;
      }
    return package;
  }

  // Revisions that have most of the files; ascending.
  std::vector<std::uint32_t> best_of(const std::vector<Match>& matches) const {
    std::map<std::uint32_t, std::size_t> counts;
    for (const Match& match : matches)
      for (auto [first, last] : match.known->revisions)
        for (std::uint32_t r = first; r <= last; ++r) ++counts[r];
    std::size_t most = 0;
    for (auto [revision, count] : counts) most = std::max(most, count);
    std::vector<std::uint32_t> out;
    for (auto [revision, count] : counts)
      if (count == most) out.push_back(revision);
    return out;
  }

  void add(const std::string& package, const std::vector<Match>& matches) {
    const bool has_code = std::ranges::any_of(matches, &Match::is_code);
    if (!has_code && matches.size() < kFewestFiles) return;
    const std::vector<std::uint32_t> best = best_of(matches);
    Component made = component_of(package, best);
    if (present_.contains({made.name, made.version.exact})) return;
    std::vector<const Match*> shown;
    for (const Match& match : matches)
      if (has(*match.known, best.front())) shown.push_back(&match);
    std::ranges::stable_sort(shown, [](const Match* a, const Match* b) {
      return std::tuple(!a->is_code, !a->is_same) < std::tuple(!b->is_code, !b->is_same);
    });
    made.file = shown.front()->file->entry.path;
    made.file_digest = shown.front()->file->entry.digest;
    made.layer = shown.front()->file->layer;
    for (std::size_t i = 0; i < std::min(shown.size(), kMostEvidence); ++i)
      made.evidence.push_back(evidence_of(*shown[i], made));
    const std::size_t index = inventory_.components.size();
    for (const Match* match : shown) {
      made.owned_files.push_back(match->file->entry.path);
      inventory_.owner_of.emplace(match->file->entry.path, index);
    }
    std::ranges::sort(made.owned_files);
    inventory_.components.push_back(std::move(made));
  }

  static bool has(const PackageFile& file, std::uint32_t revision) {
    return std::ranges::any_of(file.revisions, [&](const auto& span) {
      return span.first <= revision && revision <= span.second;
    });
  }

  Component component_of(const std::string& package, const std::vector<std::uint32_t>& best) const {
    const PackageRevision& first = known_.revisions()[best.front()];
    Component made;
    made.kind = ComponentKind::package;
    made.name = package;
    made.ecosystem = "deb";
    std::set<std::string> releases;
    for (std::uint32_t r : best) {
      const PackageRevision& revision = known_.revisions()[r];
      std::vector<std::string>& versions = made.version.candidates;
      if (std::ranges::find(versions, revision.version) == versions.end())
        versions.push_back(revision.version);
      releases.insert(revision.distribution_release);
    }
    const bool is_exact = made.version.candidates.size() == 1;
    made.version.low = made.version.candidates.front();
    made.version.high = made.version.candidates.back();
    if (is_exact) made.version = {.exact = first.version, .low = {}, .high = {}, .candidates = {}};
    if (first.source != package) made.source_name = first.source;
    if (is_exact && first.source_version != first.version)
      made.source_version = first.source_version;
    Purl purl{.type = "deb", .namespace_ = "debian", .name = package};
    if (is_exact) purl.version = first.version;
    purl.qualifiers["arch"] = first.architecture;
    if (releases.size() == 1 && !releases.begin()->empty())
      purl.qualifiers["distro"] = "debian-" + *releases.begin();
    made.purl = purl.text();
    made.confidence = is_exact ? Confidence::high : Confidence::medium;
    return made;
  }

  Evidence evidence_of(const Match& match, const Component& package) const {
    std::string seen = match.is_same ? "the content of " : "the build id of ";
    seen += printable(known_.path_of(*match.known)) + " of package " + printable(package.name);
    if (package.version.known()) seen += " " + printable(package.version.exact);
    return {.analyzer = std::string(kAnalyzer),
            .file = match.file->entry.path,
            .file_digest = match.file->entry.digest,
            .place = {},
            .seen = std::move(seen)};
  }

  const ImageInput& input_;
  const PackageFiles& known_;
  Inventory& inventory_;
  std::set<std::pair<std::string, std::string>> present_;
  std::map<std::string, std::vector<Match>> matches_;  // by package
};

}  // namespace

void add_packages_by_content(const ImageInput& input, const PackageFiles& known,
                             Inventory& inventory) {
  if (known.size() > 0) Search(input, known, inventory).run();
}

}  // namespace fathom
