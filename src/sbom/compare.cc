// Claims are looked up by what they name: the package in its package database, the module in the
// build information, the library by any name that distributions and CPEs have for it. A claim about
// a package that no database of the image lists may still be true of its code, as for libraries
// that a wheel brings along: then the code is looked for.

#include "sbom/compare.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/text.h"
#include "sbom/names.h"
#include "sbom/scope.h"

namespace fathom::sbom {
namespace {

constexpr std::size_t kMostEvidence = 3;

struct Hashes {
  std::string path, owner, sha256, sha1, md5;
  const FileFacts* facts = nullptr;
  const FileRow* row = nullptr;
};

bool is_comparable(std::string_view digest) {
  return digest.starts_with("sha256:") || digest.starts_with("sha1:") || digest.starts_with("md5:");
}

// Without the archives that it is in, which the scope names.
std::string short_path(std::string_view path) {
  const std::size_t inner = path.rfind("!/");
  return printable(inner == path.npos ? path : path.substr(inner + 2));
}

std::string version_words(const VersionClaim& version) {
  if (version.known()) return version.exact;
  if (version.low.empty() && version.high.empty()) return "an unknown version";
  return version.low + " to " + version.high;
}

}  // namespace

struct Holder::Index {
  std::multimap<std::pair<std::string, std::string>, std::size_t> components;  // (ecosystem, name)
  std::set<std::string, std::less<>> ecosystems;
  std::set<std::string, std::less<>> databases;  // ecosystems that a package database was read of
  std::map<std::string, std::string, std::less<>> owner_of;       // path → Component::id
  std::map<std::string, std::vector<const FileFacts*>> facts_of;  // digest →
  std::vector<Hashes> files;                                      // in report order
  std::multimap<std::string, std::size_t, std::less<>> by_path, by_digest;
};

namespace {

// A package whose code was recognised is no sign of a database; one that stands in a text is.
bool is_listed(const Component& component) {
  return !component.evidence.empty() && component.evidence.front().place.kind == Place::Kind::line;
}

// PyPI's names are compared in their normal form, Go's without case, which package URLs lose.
std::string key_name(std::string_view ecosystem, std::string_view name) {
  std::string key(name);
  if (ecosystem == "Go") key = to_lower(name);
  if (ecosystem == "PyPI") {
    key = to_lower(name);
    for (char& c : key)
      if (c == '_' || c == '.') c = '-';
  }
  return key;
}

void note_facts(const FileFacts& facts, const std::string& digest,
                std::map<std::string, std::vector<const FileFacts*>>& out) {
  out[digest].push_back(&facts);
  for (const MemberFacts& member : facts.members) note_facts(member.facts, member.digest, out);
}

}  // namespace

Holder::Holder(const Truth& truth) : truth_(truth), index_(std::make_unique<Index>()) {
  Index& index = *index_;
  for (std::size_t i = 0; i < truth.report.components.size(); ++i) {
    const Component& component = truth.report.components[i];
    index.components.emplace(
        std::pair(component.ecosystem, key_name(component.ecosystem, component.name)), i);
    index.ecosystems.insert(component.ecosystem);
    if (component.kind == ComponentKind::package && is_listed(component))
      index.databases.insert(component.ecosystem);
  }
  for (const auto& [digest, facts] : truth.facts) {
    note_facts(facts, digest, index.facts_of);
  }
  for (const FileRow& row : truth.report.files) {
    if (row.shadowed || row.digest.empty()) continue;
    Hashes file{row.path, row.owner, row.digest, {}, {}, nullptr, &row};
    if (const auto facts = index.facts_of.find(row.digest); facts != index.facts_of.end()) {
      file.facts = facts->second.front();
      file.sha1 = file.facts->sha1;
      file.md5 = file.facts->md5;
    }
    const std::size_t at = index.files.size();
    index.by_path.emplace(row.path, at);
    index.by_digest.emplace(row.digest, at);
    if (!file.sha1.empty()) index.by_digest.emplace("sha1:" + file.sha1, at);
    if (!file.md5.empty()) index.by_digest.emplace("md5:" + file.md5, at);
    if (!row.owner.empty()) index.owner_of.emplace(row.path, row.owner);
    index.files.push_back(std::move(file));
  }
}

Holder::~Holder() = default;

namespace {

template <class Index>
class Comparison {
 public:
  Comparison(const Truth& truth, const Index& index, const Scope& scope)
      : truth_(truth), index_(index), scope_(scope) {}

  ClaimRow judge(const SbomEntry& entry) {
    ClaimRow row;
    row.entry = entry;
    if (entry.is_file())
      judge_file(row);
    else
      judge_component(row);
    return row;
  }

  bool is_claimed_in_another_version(const Component& component) const {
    return claimed_wrongly_.contains(component.id);
  }
  bool is_claimed(const Component& component) const {
    return claimed_.contains(component.id) ||
           (!component.packaged_as.empty() && claimed_.contains(component.packaged_as));
  }
  bool in_scope(const Component& component) const {
    if (!scope_.package.empty() && component.id == scope_.package) return true;
    const auto owner = index_.owner_of.find(component.file);
    return scope_.has(component.file, owner == index_.owner_of.end() ? "" : owner->second);
  }

 private:
  using Candidates = std::vector<const Component*>;

  // ---- Files

  void judge_file(ClaimRow& row) {
    const SbomEntry& entry = row.entry;
    const Hashes* there = nullptr;
    for (const std::string& path : entry.files)
      if (there = file_at(path); there != nullptr) break;
    const Hashes* same = file_with_digest(entry);
    if (same != nullptr) return confirm_file(row, *same, there == same);
    const bool can_compare = std::ranges::any_of(entry.digests, is_comparable);
    if (there == nullptr)
      return set(row, ClaimState::not_found, "there is no such file in the " + scope_words());
    if (can_compare) {
      row.evidence = {seen(*there, "content " + there->sha256)};
      return set(row, ClaimState::other_digest, "the file is there with another content");
    }
    row.evidence = {seen(*there, "content " + there->sha256)};
    if (!entry.digests.empty())
      return set(row, ClaimState::not_checked, "its digest is of a kind that is not computed here");
    set(row, ClaimState::confirmed, "the file is there; no digest is claimed");
  }

  void confirm_file(ClaimRow& row, const Hashes& file, bool at_its_path) {
    row.evidence = {seen(file, "content " + file.sha256)};
    set(row, ClaimState::confirmed,
        at_its_path || row.entry.files.empty() ? "a file has the digest"
                                               : "a file at another path has the digest");
  }

  const Hashes* file_at(const std::string& path) const {
    auto [begin, end] = index_.by_path.equal_range(path);
    for (auto at = begin; at != end; ++at)
      if (in_scope(index_.files[at->second])) return &index_.files[at->second];
    return nullptr;
  }
  const Hashes* file_with_digest(const SbomEntry& entry) const {
    for (const std::string& digest : entry.digests) {
      auto [begin, end] = index_.by_digest.equal_range(digest);
      for (auto at = begin; at != end; ++at)
        if (in_scope(index_.files[at->second])) return &index_.files[at->second];
    }
    return nullptr;
  }
  bool in_scope(const Hashes& file) const { return scope_.has(file.path, file.owner); }

  static Evidence seen(const Hashes& file, std::string text) {
    return {"sbom", file.path, file.sha256, {}, std::move(text)};
  }

  // ---- Components

  void judge_component(ClaimRow& row) {
    const Claimed claimed = claimed_of(row.entry);
    Candidates named = candidates(claimed.ecosystem, claimed.name);
    if (named.empty() && claimed.ecosystem == "Go")  // the package URL had a folder of the module
      named = candidates("Go", row.entry.name);
    if (claimed.ecosystem != "C" && !named.empty())
      return compare(row, named, plain_version(claimed.ecosystem, claimed.version),
                     claimed.ecosystem);
    if (const Hashes* file = file_with_digest(row.entry)) return confirm_file(row, *file, false);
    const std::string_view library = library_of(claimed);
    const Candidates code = library.empty() ? Candidates{} : candidates("C", library);
    if (is_of_another_database(claimed)) return set_unlisted(row, library, code);
    if (!code.empty())
      return compare(row, code, upstream_release(claimed.purl_type, claimed.version), "C");
    set_absent(row, claimed, library);
  }

  std::string_view library_of(const Claimed& claimed) const {
    constexpr std::string_view kOfOtherLanguages[] = {
        "Go", "crates.io", "npm", "PyPI", "RubyGems", "Maven", "NuGet", "Packagist", "os"};
    if (std::ranges::find(kOfOtherLanguages, claimed.ecosystem) != std::end(kOfOtherLanguages))
      return {};
    // What was recognised here by data of other kinds counts as known.
    const auto here = index_.components.find(std::pair(std::string("C"), to_lower(claimed.name)));
    if (here != index_.components.end()) return here->first.second;
    if (const std::string_view id = truth_.libraries.of(claimed.name); !id.empty()) return id;
    return claimed.product.empty() ? std::string_view() : truth_.libraries.of(claimed.product);
  }

  Candidates candidates(std::string_view ecosystem, std::string_view name) const {
    Candidates out;
    auto [begin, end] =
        index_.components.equal_range(std::pair(std::string(ecosystem), key_name(ecosystem, name)));
    for (auto at = begin; at != end; ++at) {
      const Component& component = truth_.report.components[at->second];
      if (in_scope(component)) out.push_back(&component);
    }
    return out;
  }

  // 3 the same, 2 it may be, 1 it does not say, 0 another.
  int fits(const Component& component, const std::string& version,
           std::string_view ecosystem) const {
    const VersionClaim& have = component.version;
    if (version.empty()) return 3;
    if (have.known()) return same_version(have.exact, version, ecosystem) ? 3 : 0;
    if (std::ranges::any_of(have.candidates, [&](const std::string& candidate) {
          return same_version(candidate, version, ecosystem);
        }))
      return 2;
    if (have.low.empty() && have.high.empty()) return 1;
    const bool below = !have.low.empty() && truth_.compare_releases(version, have.low) < 0;
    const bool above = !have.high.empty() && truth_.compare_releases(version, have.high) > 0;
    return below || above ? 0 : 2;
  }

  bool same_version(std::string_view have, std::string_view claimed,
                    std::string_view ecosystem) const {
    if (have == claimed) return true;
    const std::string plain = plain_version(ecosystem, have);
    if (plain == claimed) return true;
    return ecosystem == "C" && truth_.compare_releases(plain, claimed) == 0;
  }

  void compare(ClaimRow& row, const Candidates& found, const std::string& version,
               std::string_view ecosystem) {
    const Component* best = nullptr;
    int best_fit = -1;
    for (const Component* component : found) {
      const int fit = fits(*component, version, ecosystem);
      if (fit > best_fit) best = component, best_fit = fit;
    }
    row.component = best->id;
    row.evidence.assign(best->evidence.begin(),
                        best->evidence.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                     best->evidence.size(), kMostEvidence)));
    const std::string where = " in " + short_path(best->file);
    const bool is_code = best->ecosystem == "C";
    // Every copy that the claim fits is claimed by it.
    for (const Component* component : found)
      if (fits(*component, version, ecosystem) > 0) claimed_.insert(component->id);
    if (best_fit == 3)
      set(row, ClaimState::confirmed,
          (is_code ? "code of it was recognised" : "it is listed") + where +
              (version.empty() ? "; the claim names no version" : ""));
    else if (best_fit == 2)
      set(row, ClaimState::confirmed,
          "code of " + version_words(best->version) + " was recognised" + where);
    else if (best_fit == 1)
      set(row, ClaimState::version_unknown,
          "code of it was recognised" + where + ", which does not tell the version");
    else
      set_other_version(row, *best, where);
  }

  void set_other_version(ClaimRow& row, const Component& found, const std::string& where) {
    claimed_wrongly_.insert(found.id);
    set(row, ClaimState::other_version,
        "found in version " + printable(version_words(found.version)) + where);
  }

  // ---- What is not there

  static bool is_of_distribution(std::string_view ecosystem) {
    return ecosystem == "deb" || ecosystem == "apk" || ecosystem == "rpm";
  }

  // A package of the kind that the image has a database of: only that can tell of it.
  bool is_of_another_database(const Claimed& claimed) const {
    return is_of_distribution(claimed.ecosystem) && scope_.whole() &&
           index_.databases.contains(claimed.ecosystem);
  }

  static void set_unlisted(ClaimRow& row, std::string_view library, const Candidates& code) {
    std::string why = "the package database does not list it";
    if (!code.empty())
      why += "; code of " + std::string(library) + " is in " + short_path(code[0]->file);
    set(row, ClaimState::not_found, std::move(why));
  }

  void set_absent(ClaimRow& row, const Claimed& claimed, std::string_view library) {
    const std::string& ecosystem = claimed.ecosystem;
    const bool is_distribution = is_of_distribution(ecosystem);
    if (ecosystem == "C" || is_distribution || ecosystem.empty()) {
      if (!library.empty())
        return set(
            row, ClaimState::not_found,
            "no code of " + std::string(library) + " was recognised in the " + scope_words());
      return set(row, ClaimState::not_checked,
                 is_distribution ? "there is no package database that could list it, and fathom "
                                   "knows no library of that name"
                                 : "fathom knows no library of that name");
    }
    if (ecosystem == "os")
      return set(row, ClaimState::not_checked, "no os-release names this distribution");
    if (ecosystem == "Go")
      return set(row, ClaimState::not_found,
                 index_.ecosystems.contains("Go") ? "no program lists it in its build information"
                                                  : "there is no Go program");
    if (ecosystem == "crates.io" && any_program_without_crates())
      return set(row, ClaimState::not_checked,
                 "a program is there that does not list its crates; code does not tell them");
    if (index_.ecosystems.contains(ecosystem) || ecosystem == "crates.io")
      return set(row, ClaimState::not_found, "nothing that was read lists it");
    set(row, ClaimState::not_checked, "fathom has recognised no package of " + ecosystem + " here");
  }

  // Whether Rust may be in some program that has no list of its crates (cargo auditable). Go and C
  // are told apart from it by what lists them; anything else may be Rust.
  bool any_program_without_crates() {
    if (!without_crates_) {
      std::set<std::string_view> listed;
      for (const Component& component : truth_.report.components)
        if (component.ecosystem == "crates.io" || component.ecosystem == "Go")
          listed.insert(component.file);
      without_crates_ = std::ranges::any_of(index_.files, [&](const Hashes& file) {
        return file.row->executable_bytes > 0 && in_scope(file) && !listed.contains(file.path);
      });
    }
    return *without_crates_;
  }

  std::string scope_words() const { return scope_.whole() ? "image" : "scope"; }

  static void set(ClaimRow& row, ClaimState state, std::string why) {
    row.state = state;
    row.why = std::move(why);
  }

  const Truth& truth_;
  const Index& index_;
  const Scope& scope_;
  std::set<std::string, std::less<>> claimed_;          // Component::id
  std::set<std::string, std::less<>> claimed_wrongly_;  // … in another version
  std::optional<bool> without_crates_;
};

// ---- What is there and not claimed

using Distinct = std::tuple<std::string_view, std::string_view, std::string>;

Distinct distinct_of(const Component& c) { return {c.ecosystem, c.name, version_words(c.version)}; }

template <class Comparison>
void add_unclaimed(const Comparison& comparison, const Report& report, SbomRow& row) {
  // A copy that is claimed claims the others of the same name and version.
  std::map<Distinct, const Component*> unclaimed;
  std::set<Distinct> claimed;
  std::vector<Distinct> order;
  for (const Component& component : report.components) {
    if (component.ecosystem == "os" || component.claimed || !comparison.in_scope(component))
      continue;
    const Distinct key = distinct_of(component);
    if (comparison.is_claimed(component) || comparison.is_claimed_in_another_version(component))
      claimed.insert(key);
    if (unclaimed.emplace(key, &component).second) order.push_back(key);
  }
  row.found = order.size();
  for (const Distinct& key : order)
    if (!claimed.contains(key)) row.unclaimed.push_back(unclaimed.at(key)->id);
}

template <class Index, class Comparison>
void add_bytes(const Index& index, const Comparison& comparison, const Scope& scope,
               const Report& report, SbomRow& row) {
  std::map<std::string_view, std::vector<const Component*>> in_file;
  std::map<std::string_view, const Component*> by_id;
  for (const Component& component : report.components) {
    in_file[component.file].push_back(&component);
    by_id.emplace(component.id, &component);
  }
  for (const Hashes& file : index.files) {
    if (file.row->executable_bytes == 0 || !scope.has(file.path, file.owner)) continue;
    row.executable_bytes += file.row->executable_bytes;
    const auto owner = by_id.find(file.owner);
    if (owner != by_id.end() && comparison.is_claimed(*owner->second)) {
      row.explained_bytes += file.row->executable_bytes;
      continue;
    }
    if (file.facts == nullptr) continue;
    std::uint64_t explained = 0;
    for (const Attribution& part : file.facts->attributions)
      for (const Component* component : in_file[file.path])
        if (component->ecosystem == part.ecosystem &&
            (part.component.empty() || component->name == part.component) &&
            comparison.is_claimed(*component)) {
          explained += part.bytes;
          break;
        }
    row.explained_bytes += std::min(explained, file.row->executable_bytes);
  }
}

}  // namespace

SbomRow Holder::hold(const SbomDocument& document, const Origin& origin) const {
  SbomRow row;
  row.origin = origin.kind;
  row.file = origin.file;
  row.digest = origin.digest;
  row.layer = origin.layer;
  row.form = document.form;
  row.tool = document.tool;
  row.subject = document.subject;
  const Scope scope = scope_of(origin, truth_.report);
  row.scope = scope.text;
  Comparison<Index> comparison(truth_, *index_, scope);
  for (const SbomEntry& entry : document.entries) row.claims.push_back(comparison.judge(entry));
  add_unclaimed(comparison, truth_.report, row);
  add_bytes(*index_, comparison, scope, truth_.report, row);
  return row;
}

}  // namespace fathom::sbom
