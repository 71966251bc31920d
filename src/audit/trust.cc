// Whom the programs of the image trust, and how old its clock's rules are.
//
// A file is a bundle when it has many authorities; what stands alone is a server's own certificate
// or a test's. Authorities in files that an unchanged package owns are the distribution's choice.

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
  BundleAudit(const Lookup& lookup, Rows& rows) : lookup_(lookup), rows_(rows) {
    for (const DistrustedRoot& root : lookup.input().knowledge.distrusted)
      distrusted_.emplace(root.sha256, &root);
    for (const TreeFile& file : lookup.input().tree.files()) {
      const FileFacts* facts = is_visible_file(file) ? lookup.facts_of(file) : nullptr;
      if (facts == nullptr || lookup.owner_of(file.entry.path).empty()) continue;
      for (const Certificate& certificate : facts->audit.certificates)
        packaged_.insert(certificate.sha256);
    }
  }

  void run() {
    for (const TreeFile& file : lookup_.input().tree.files()) {
      const FileFacts* facts = is_visible_file(file) ? lookup_.facts_of(file) : nullptr;
      if (facts == nullptr || !done_.insert(file.entry.digest).second) continue;
      const auto authorities = static_cast<std::size_t>(
          std::ranges::count_if(facts->audit.certificates, &Certificate::authority));
      if (authorities < kLeastBundle) continue;
      ++bundles_;
      add(file, facts->audit);
    }
    if (bundles_ == 0) add_missing();
  }

 private:
  static bool is_visible_file(const TreeFile& file) { return !file.shadowed && is_file(file); }

  void add(const TreeFile& file, const AuditFacts& facts) {
    const std::string& now = lookup_.input().report.now;
    for (const Certificate& certificate : facts.certificates) {
      const auto evidence = [&](const std::string& seen) {
        return evidence_at(file, Place::at_line(certificate.line), certificate.subject + seen);
      };
      if (!certificate.not_after.empty() && certificate.not_after < now)
        rows_.add("ca-expired", evidence(", until " + certificate.not_after.substr(0, 10)));
      if (auto bad = distrusted_.find(certificate.sha256); bad != distrusted_.end())
        rows_.add("ca-distrusted",
                  evidence(", since " + bad->second->since + ": " + bad->second->why));
      if (certificate.authority && !is_known(certificate.sha256))
        rows_.add("ca-unknown", evidence(", SHA-256 " + certificate.sha256));
    }
    if (facts.unread_certificates > 0)
      rows_.add("ca-unreadable", evidence_at(file, {},
                                             with_thousands(facts.unread_certificates) + " of " +
                                                 with_thousands(facts.unread_certificates +
                                                                facts.certificates.size()) +
                                                 " certificates cannot be read"));
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
  std::size_t bundles_ = 0;
};

void audit_time_zones(const Lookup& lookup, Rows& rows) {
  const auto year_of = [](std::string_view text) { return parse_unsigned(text.substr(0, 4)); };
  const auto now = year_of(lookup.input().report.now);
  for (const TreeFile& file : lookup.input().tree.files()) {
    const FileFacts* facts = file.shadowed || !is_file(file) ? nullptr : lookup.facts_of(file);
    if (facts == nullptr || facts->audit.settings != SettingsKind::time_zones) continue;
    const auto year = year_of(facts->audit.time_zone_release);
    if (now && year && *now >= *year + kOldYears)
      rows.add("time-zones-old",
               evidence_at(file, {}, "release " + facts->audit.time_zone_release));
  }
}

}  // namespace

void audit_trust(const Lookup& lookup, Rows& rows) {
  BundleAudit(lookup, rows).run();
  audit_time_zones(lookup, rows);
}

}  // namespace fathom::audit
