// Whom the programs of the image trust, and how old its clock's rules are.
//
// A file is a bundle when it has many authorities; what stands alone is a server's own certificate
// or a test's. Authorities in files that an unchanged package owns are the distribution's choice. A
// distribution that ships each authority in a file of its own makes the bundle from them when it is
// installed (update-ca-certificates), so what the files have and the bundle lacks was left out by
// somebody.

#include <algorithm>
#include <map>
#include <set>

#include "audit/rows.h"
#include "base/text.h"

namespace fathom::audit {
namespace {

using image::TreeFile;

constexpr std::size_t kLeastBundle = 20;  // authorities
constexpr std::uint64_t kOldYears = 2;

class BundleAudit {
 public:
  BundleAudit(const Lookup& lookup, Rows& rows, std::vector<BundleRow>& bundles)
      : lookup_(lookup), rows_(rows), bundles_(bundles) {
    for (const DistrustedRoot& root : lookup.input().knowledge.distrusted)
      distrusted_.emplace(root.sha256, &root);
    for (const TreeFile& file : lookup.input().tree.files()) {
      const FileFacts* facts = is_visible_file(file) ? lookup.facts_of(file) : nullptr;
      if (facts == nullptr || lookup.owner_of(file.entry.path).empty()) continue;
      const bool alone = facts->audit.certificates.size() == 1;
      for (const Certificate& certificate : facts->audit.certificates) {
        packaged_.insert(certificate.sha256);
        if (alone && certificate.authority) single_.emplace(certificate.sha256, &certificate);
      }
    }
  }

  void run() {
    for (const TreeFile& file : lookup_.input().tree.files()) {
      const FileFacts* facts = is_visible_file(file) ? lookup_.facts_of(file) : nullptr;
      if (facts == nullptr || !done_.insert(file.entry.digest).second) continue;
      const auto authorities = static_cast<std::size_t>(
          std::ranges::count_if(facts->audit.certificates, &Certificate::authority));
      if (authorities < kLeastBundle) continue;
      add(file, facts->audit);
    }
    if (bundles_.empty()) add_missing();
  }

 private:
  static bool is_visible_file(const TreeFile& file) { return !file.shadowed && is_file(file); }

  void add(const TreeFile& file, const AuditFacts& facts) {
    const std::string& now = lookup_.input().report.now;
    BundleRow row;
    row.path = file.entry.path;
    row.digest = file.entry.digest;
    row.layer = file.layer;
    row.owner = lookup_.owner_of(file.entry.path);
    row.unreadable = facts.unread_certificates;
    for (const Certificate& certificate : facts.certificates) {
      const auto evidence = [&](const std::string& seen) {
        return evidence_at(file, Place::at_line(certificate.line), certificate.subject + seen);
      };
      if (certificate.authority) ++row.authorities;
      if (!certificate.not_after.empty() && certificate.not_after < now) {
        ++row.expired;
        rows_.add("ca-expired", evidence(", until " + certificate.not_after.substr(0, 10)));
      }
      if (auto bad = distrusted_.find(certificate.sha256); bad != distrusted_.end()) {
        ++row.distrusted;
        rows_.add("ca-distrusted",
                  evidence(", since " + bad->second->since + ": " + bad->second->why));
      }
      if (certificate.authority && !is_known(certificate.sha256)) {
        ++row.unknown;
        rows_.add("ca-unknown", evidence(", SHA-256 " + certificate.sha256));
      }
    }
    add_left_out(file, facts, row);
    if (facts.unread_certificates > 0)
      rows_.add("ca-unreadable", evidence_at(file, {},
                                             with_thousands(facts.unread_certificates) + " of " +
                                                 with_thousands(facts.unread_certificates +
                                                                facts.certificates.size()) +
                                                 " certificates cannot be read"));
    bundles_.push_back(std::move(row));
  }

  // Of a bundle that is made from the packages' files; one that has nothing to do with them (of a
  // Python package, say) has few of them.
  void add_left_out(const TreeFile& file, const AuditFacts& facts, BundleRow& row) {
    std::set<std::string_view> has;
    for (const Certificate& certificate : facts.certificates) has.insert(certificate.sha256);
    std::vector<const Certificate*> left_out;
    for (const auto& [sha256, certificate] : single_)
      if (!has.contains(sha256)) left_out.push_back(certificate);
    if (left_out.size() > single_.size() / 2 || !row.owner.empty()) return;
    row.missing = left_out.size();
    for (const Certificate* certificate : left_out)
      rows_.add("ca-left-out", evidence_at(file, {}, certificate->subject + " is not in it"));
  }

  bool is_known(const std::string& sha256) const {
    return packaged_.contains(sha256) ||
           std::ranges::binary_search(lookup_.input().knowledge.known_roots, sha256);
  }

  // Only for programs that link a TLS library and connect: others need no bundle.
  void add_missing() {
    const Input& in = lookup_.input();
    if (in.info.source == "file") return;
    const auto speaks_tls = [&](const std::string& library) {
      return std::ranges::any_of(in.knowledge.tls_libraries, [&](const std::string& name) {
        return library.starts_with(name);
      });
    };
    for (const ProgramRow& program : in.report.execution.programs) {
      const auto library = std::ranges::find_if(program.libraries, speaks_tls);
      const bool connects =
          std::ranges::find(program.abilities, "connect", &Ability::id) != program.abilities.end();
      const TreeFile* file = in.tree.find(program.path);
      if (library == program.libraries.end() || !connects || file == nullptr) continue;
      rows_.add("ca-missing", evidence_at(*file, Place::named("DT_NEEDED"), *library));
    }
  }

  const Lookup& lookup_;
  Rows& rows_;
  std::map<std::string, const DistrustedRoot*> distrusted_;
  std::set<std::string> packaged_, done_;
  std::map<std::string_view, const Certificate*> single_;  // of packages, in files of their own
  std::vector<BundleRow>& bundles_;
};

// What the data says of itself; where it does not, what the package is called that brought it:
// "2024a-0+deb12u1", "2024a-r0".
std::vector<TimeZoneRow> time_zones_of(const Lookup& lookup) {
  std::vector<TimeZoneRow> out;
  for (const TreeFile& file : lookup.input().tree.files()) {
    const FileFacts* facts = file.shadowed || !is_file(file) ? nullptr : lookup.facts_of(file);
    if (facts == nullptr || facts->audit.settings != SettingsKind::time_zones) continue;
    const std::string& release = facts->audit.time_zone_release;
    out.push_back({release, evidence_at(file, {}, "release " + release)});
  }
  if (!out.empty()) return out;
  for (const Component& component : lookup.input().report.components) {
    if (component.kind != ComponentKind::package || component.name != "tzdata") continue;
    const std::string release = component.version.exact.substr(0, 5);
    const bool form = release.size() == 5 && parse_unsigned(release.substr(0, 4)) &&
                      release[4] >= 'a' && release[4] <= 'z';
    if (!form || component.evidence.empty()) continue;
    Evidence evidence = component.evidence.front();
    evidence.seen = "package tzdata " + component.version.exact;
    out.push_back({release, std::move(evidence)});
  }
  return out;
}

void audit_time_zones(const Lookup& lookup, const std::vector<TimeZoneRow>& zones, Rows& rows) {
  const auto year_of = [](std::string_view text) { return parse_unsigned(text.substr(0, 4)); };
  const auto now = year_of(lookup.input().report.now);
  for (const TimeZoneRow& zone : zones) {
    const auto year = year_of(zone.release);
    if (now && year && *now >= *year + kOldYears) rows.add("time-zones-old", zone.evidence);
  }
}

}  // namespace

Trust audit_trust(const Lookup& lookup, Rows& rows) {
  Trust trust;
  BundleAudit(lookup, rows, trust.bundles).run();
  trust.time_zones = time_zones_of(lookup);
  audit_time_zones(lookup, trust.time_zones, rows);
  return trust;
}

}  // namespace fathom::audit
