#include "vuln/match.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "base/text.h"
#include "model/purl.h"
#include "vuln/distributions.h"
#include "vuln/judge.h"

namespace fathom::vuln {
namespace {

constexpr std::ptrdiff_t kMostProof = 3;

struct Hit {
  Advisory advisory;
  Judgement judgement;
};

bool is_cve(std::string_view name) { return name.starts_with("CVE-"); }

bool has_version(const VersionClaim& v) {
  return v.known() || !v.low.empty() || !v.high.empty() || !v.candidates.empty();
}

using ComponentsById = std::map<std::string_view, const Component*>;

// Distributions carry fixes back and keep the version: what the library's version says is open.
void open_for_backports(Judgement& judgement, const Component& package) {
  const std::string& version = package.version.exact;
  judgement.why += "; but it is the build of package " + printable(package.name) + " " +
                   printable(version) + ", which may have the fix";
  judgement.verdict = Verdict::unknown;
  judgement.uncertain = true;
}

// What advisories speak of: a distribution's of the source package, in the release.
struct Subject {
  std::vector<std::string> ecosystems;
  std::string name;
  VersionClaim version;
};

// What a component was built for; without a word on it, what the image is made from.
std::optional<Release> release_for(const Component& component, const Distributions& distributions,
                                   const std::optional<Release>& of_image) {
  if (!is_of_distribution(component.ecosystem)) return of_image;
  if (component.kind != ComponentKind::embedded_library && of_image) return of_image;
  Result<Purl> purl = parse_purl(component.purl);
  if (!purl) return std::nullopt;
  const std::string distro(purl->qualifier("distro"));
  const std::size_t dash = distro.find('-');
  if (dash == distro.npos) return std::nullopt;
  return distributions.release_of(distro.substr(0, dash), distro.substr(dash + 1));
}

Subject subject_of(const Component& component, const std::optional<Release>& release) {
  if (!is_of_distribution(component.ecosystem))
    return {{component.ecosystem}, component.name, component.version};
  Subject subject{{}, component.name, component.version};
  if (release) subject.ecosystems = release->ecosystems;
  if (component.ecosystem == "rpm") return subject;  // advisories name what is installed
  if (!component.source_name.empty()) subject.name = component.source_name;
  if (!component.source_version.empty()) subject.version.exact = component.source_version;
  return subject;
}

std::vector<Advisory> advisories_for(const Subject& subject, const Databases& databases) {
  std::vector<Advisory> out;
  for (const std::string& ecosystem : subject.ecosystems)
    std::ranges::move(databases.advisories_for(ecosystem, subject.name), std::back_inserter(out));
  return out;
}

// What the data say of the package that a library is the build of.
class PackageJudge {
 public:
  PackageJudge(const Component& package, const std::optional<Release>& release,
               const Databases& databases)
      : package_(package), subject_(subject_of(package, release)) {
    for (Advisory& a : advisories_for(subject_, databases)) {
      by_name_.emplace(a.id, advisories_.size());
      for (const std::string& alias : a.aliases) by_name_.emplace(alias, advisories_.size());
      advisories_.push_back(std::move(a));
    }
  }

  // False when the finding is the package's and needs no second one.
  bool decide(Hit& hit) const {
    std::set<std::size_t> rows = rows_named(hit.advisory.id);
    for (const std::string& alias : hit.advisory.aliases) rows.merge(rows_named(alias));
    bool affected = false, open = rows.empty();
    for (std::size_t row : rows) {
      Judgement judgement = judge(advisories_[row], subject_.version);
      if (!judgement.concerns) continue;
      (judgement.verdict == Verdict::affected_by_version ? affected : open) = true;
    }
    if (affected) return false;
    open ? open_for_backports(hit.judgement, package_) : clear(hit, advisories_[*rows.begin()]);
    return true;
  }

 private:
  std::set<std::size_t> rows_named(const std::string& name) const {
    std::set<std::size_t> rows;
    auto [begin, end] = by_name_.equal_range(name);
    for (auto at = begin; at != end; ++at) rows.insert(at->second);
    return rows;
  }

  void clear(Hit& hit, const Advisory& by) const {
    hit.judgement.verdict = Verdict::patched;
    hit.judgement.uncertain = false;
    hit.judgement.why = "the build of package " + printable(package_.name) + " " +
                        printable(package_.version.exact) +
                        ", which is not affected according to " + printable(by.ecosystem);
    if (!by.fixed_in.empty())
      hit.judgement.why += " (fixed in " + printable(join(by.fixed_in, ", ")) + ")";
  }

  const Component& package_;
  Subject subject_;
  std::vector<Advisory> advisories_;
  std::multimap<std::string, std::size_t> by_name_;
};

// Where components stand: their distributions, and the release of the image.
struct World {
  const ComponentsById& by_id;
  const Distributions& distributions;
  const std::optional<Release>& of_image;
};

std::vector<Hit> hits_of(const Component& component, const World& world,
                         const Databases& databases) {
  std::vector<Hit> hits;
  const std::optional<Release> release =
      release_for(component, world.distributions, world.of_image);
  if (!has_version(component.version)) return hits;
  const Subject subject = subject_of(component, release);
  for (Advisory& advisory : advisories_for(subject, databases)) {
    Judgement judgement = judge(advisory, subject.version);
    if (judgement.concerns) hits.push_back({std::move(advisory), std::move(judgement)});
  }
  auto package = world.by_id.find(component.packaged_as);
  if (package == world.by_id.end() || hits.empty()) return hits;
  const PackageJudge package_judge(
      *package->second, release_for(*package->second, world.distributions, world.of_image),
      databases);
  std::erase_if(hits, [&](Hit& hit) { return !package_judge.decide(hit); });
  return hits;
}

// Hits that share a name, directly or through others, as lists of indexes.
std::vector<std::vector<std::size_t>> group_by_name(const std::vector<Hit>& hits) {
  std::vector<std::size_t> parent(hits.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  auto root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  std::map<std::string_view, std::size_t> first;
  auto join_at = [&](std::string_view name, std::size_t i) {
    auto [at, is_new] = first.try_emplace(name, i);
    if (!is_new) parent[root(i)] = root(at->second);
  };
  for (std::size_t i = 0; i < hits.size(); ++i) {
    join_at(hits[i].advisory.id, i);
    for (const std::string& alias : hits[i].advisory.aliases) join_at(alias, i);
  }
  std::map<std::size_t, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < hits.size(); ++i) groups[root(i)].push_back(i);
  std::vector<std::vector<std::size_t>> out;
  for (auto& [unused, members] : groups) out.push_back(std::move(members));
  return out;
}

// The hit that says most comes first.
bool says_more(const Hit& a, const Hit& b) {
  auto key = [](const Hit& h) {
    return std::tuple(h.judgement.verdict != Verdict::affected_by_version, h.judgement.uncertain,
                      h.advisory.severity == Severity::unknown);
  };
  return key(a) < key(b);
}

std::string decimal_e5(std::uint32_t value) {
  std::string digits = std::to_string(value % 100'000);
  return std::to_string(value / 100'000) + "." + std::string(5 - digits.size(), '0') + digits;
}

void set_names(Finding& finding, const std::vector<const Hit*>& group) {
  std::set<std::string> names;
  for (const Hit* hit : group) {
    names.insert(hit->advisory.id);
    names.insert(hit->advisory.aliases.begin(), hit->advisory.aliases.end());
  }
  auto cve = std::ranges::find_if(names, is_cve);
  finding.id = is_cve(group[0]->advisory.id) || cve == names.end() ? group[0]->advisory.id : *cve;
  names.erase(finding.id);
  finding.aliases.assign(names.begin(), names.end());
}

void set_exploitation(Finding& finding, const Databases& database) {
  std::vector<std::string> names = finding.aliases;
  names.push_back(finding.id);
  std::optional<Epss> highest;
  for (const std::string& name : names) {
    finding.kev = finding.kev || database.is_known_exploited(name);
    std::optional<Epss> epss = database.epss(name);
    if (epss && (!highest || epss->score_e5 > highest->score_e5)) highest = epss;
  }
  if (!highest) return;
  finding.epss = decimal_e5(highest->score_e5);
  finding.epss_percentile = decimal_e5(highest->percentile_e5);
}

// What is known of the CVE itself: a rating where the advisories have none, and whether it stands.
void set_cve_facts(Finding& finding, const Databases& databases) {
  std::optional<CveFacts> facts = databases.cve(finding.id);
  if (!facts) return;
  if (finding.severity == Severity::unknown) finding.severity = facts->severity;
  if (finding.cvss_score.empty() && !facts->cvss_score.empty()) {
    finding.cvss = facts->cvss;
    finding.cvss_score = facts->cvss_score;
  }
  finding.disputed = finding.disputed || facts->disputed;
  if (!facts->rejected) return;
  finding.withdrawn = true;
  finding.verdict = Verdict::unknown;
  finding.range_uncertain = true;
  finding.why += "; but the CVE was rejected by those who assign them";
}

void set_severity(Finding& finding, const std::vector<const Hit*>& group) {
  for (const Hit* hit : group) {
    const Advisory& a = hit->advisory;
    if (finding.severity == Severity::unknown) finding.severity = a.severity;
    if (!finding.cvss_score.empty() || a.cvss_score.empty()) continue;
    finding.cvss = a.cvss;
    finding.cvss_score = a.cvss_score;
  }
}

// The oldest version that the component may be; empty when that is not known.
const std::string& oldest(const VersionClaim& version) {
  if (version.known()) return version.exact;
  return version.low.empty() && !version.candidates.empty() ? version.candidates.front()
                                                            : version.low;
}

// The fixes that an update can reach: an older branch's is none. The first one is the nearest.
void set_fixes(Finding& finding, const std::vector<const Hit*>& group, const std::string& from) {
  Scheme scheme = group[0]->advisory.scheme;
  for (const Hit* hit : group)
    for (const std::string& version : hit->advisory.fixed_in) {
      auto order = compare(scheme, version, from);
      bool is_older = order && *order < 0;
      if (!is_older && std::ranges::find(finding.fixed_in, version) == finding.fixed_in.end())
        finding.fixed_in.push_back(version);
    }
  // What the scheme cannot order goes to the end, as text; the rest is totally ordered.
  auto unordered =
      std::stable_partition(finding.fixed_in.begin(), finding.fixed_in.end(),
                            [&](const std::string& v) { return is_version(scheme, v); });
  std::stable_sort(finding.fixed_in.begin(), unordered,
                   [&](const std::string& a, const std::string& b) {
                     auto order = compare(scheme, a, b).value_or(std::strong_ordering::equal);
                     return order != 0 ? order < 0 : a < b;
                   });
  std::sort(unordered, finding.fixed_in.end());
}

Finding finding_of(const Component& component, std::vector<const Hit*> group,
                   const Databases& database) {
  std::stable_sort(group.begin(), group.end(),
                   [](const Hit* a, const Hit* b) { return says_more(*a, *b); });
  const Hit& best = *group[0];
  Finding finding;
  finding.component = component.id;
  finding.verdict = best.judgement.verdict;
  finding.why = best.judgement.why;
  finding.range_uncertain = best.judgement.uncertain;
  finding.source = best.advisory.source;
  // What shows the version comes first; the component has the rest.
  finding.evidence.assign(
      component.evidence.begin(),
      component.evidence.begin() + std::min(kMostProof, std::ssize(component.evidence)));
  finding.fix = best.advisory.fix;
  if (!best.advisory.note.empty())
    finding.why += "; " + best.advisory.source + " says: " + printable(best.advisory.note);
  for (const Hit* hit : group) {
    finding.disputed = finding.disputed || hit->advisory.disputed;
    const std::string& date = hit->advisory.published;
    if (!date.empty() && (finding.published.empty() || date < finding.published))
      finding.published = date;
  }
  set_names(finding, group);
  set_severity(finding, group);
  set_fixes(finding, group, oldest(component.version));
  set_exploitation(finding, database);
  set_cve_facts(finding, database);
  return finding;
}

bool matters_more(const Finding& a, const Finding& b) {
  auto component_number = [](const Finding& f) {  // "c2" before "c10"
    return std::tuple(f.component.size(), std::string_view(f.component));
  };
  if (a.range_uncertain != b.range_uncertain) return b.range_uncertain;
  if (a.kev != b.kev) return a.kev;
  if (a.severity != b.severity) return a.severity > b.severity;
  if (a.epss != b.epss) return a.epss > b.epss;  // both "0.01234"
  if (a.id != b.id) return a.id < b.id;
  return component_number(a) < component_number(b);
}

// Advisories and their newest day in any of the ecosystems that the release stands in.
void add_release(EcosystemCoverage& row, const Release& release, const Databases& databases) {
  row.release = release.ecosystems.front();
  row.end_of_life = release.end_of_life;
  for (const std::string& ecosystem : release.ecosystems)
    if (std::optional<EcosystemInfo> info = databases.ecosystem(ecosystem)) {
      row.advisories += info->advisories;
      row.newest = std::max(row.newest, info->newest);
    }
}

}  // namespace

std::vector<Finding> match(const std::vector<Component>& components, const Databases& databases) {
  const Distributions distributions = Distributions::parse(databases.section("distributions"));
  const std::optional<Release> release = distributions.release_of(components);
  ComponentsById by_id;
  for (const Component& component : components) by_id.emplace(component.id, &component);
  std::vector<Finding> findings;
  for (const Component& component : components) {
    std::vector<Hit> hits = hits_of(component, {by_id, distributions, release}, databases);
    for (const std::vector<std::size_t>& group : group_by_name(hits)) {
      std::vector<const Hit*> members;
      for (std::size_t i : group) members.push_back(&hits[i]);
      findings.push_back(finding_of(component, std::move(members), databases));
    }
  }
  std::stable_sort(findings.begin(), findings.end(), matters_more);
  return findings;
}

std::optional<std::string> why_affected(const Advisory& advisory, const std::string& version) {
  if (advisory.withdrawn) return std::nullopt;
  VersionClaim claim;
  claim.exact = version;
  Judgement judgement = judge(advisory, claim);
  if (!judgement.concerns) return std::nullopt;
  return std::move(judgement.why);
}

std::vector<EcosystemCoverage> coverage(const std::vector<Component>& components,
                                        const Databases& databases) {
  const Distributions distributions = Distributions::parse(databases.section("distributions"));
  const std::optional<Release> of_image = distributions.release_of(components);
  std::map<std::string, EcosystemCoverage> rows;
  std::map<std::string, std::optional<Release>> releases;  // by ecosystem: the first known
  for (const Component& component : components) {
    std::optional<Release>& known = releases[component.ecosystem];
    if (!known) known = release_for(component, distributions, of_image);
    EcosystemCoverage& row = rows[component.ecosystem];
    row.ecosystem = component.ecosystem;
    ++row.components;
  }
  std::vector<EcosystemCoverage> out;
  for (auto& [name, row] : rows) {
    if (is_of_distribution(name)) {
      if (const auto& release = releases[name]) add_release(row, *release, databases);
    } else if (std::optional<EcosystemInfo> info = databases.ecosystem(name)) {
      row.advisories = info->advisories;
      row.newest = info->newest;
    }
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace fathom::vuln
