// The files that say who there is: passwd, shadow, and where host names are looked up.

#include "audit/rows.h"
#include "base/text.h"

namespace fathom::audit {
namespace {

void audit_passwd(const image::TreeFile& file, const AuditFacts& facts, Rows& rows) {
  for (const Account& account : facts.accounts) {
    const Place place = Place::at_line(account.line);
    if (account.uid == 0 && account.name != "root")
      rows.add("second-root", evidence_at(file, place, account.name + ", uid 0"));
    if (account.no_password)
      rows.add("empty-password",
               evidence_at(file, place, account.name + " has an empty password field"));
    if (account.has_hash)
      rows.add("password-hash", evidence_at(file, place, account.name + " has a password hash"));
  }
}

void audit_shadow(const image::TreeFile& file, const AuditFacts& facts, Rows& rows) {
  for (const Account& account : facts.accounts) {
    const Place place = Place::at_line(account.line);
    if (account.no_password)
      rows.add("empty-password",
               evidence_at(file, place, account.name + " has an empty password field"));
    if (account.has_hash)
      rows.add("password-hash", evidence_at(file, place, account.name + " has a password hash"));
  }
}

}  // namespace

void audit_accounts(const Lookup& lookup, Rows& rows) {
  const image::FileTree& tree = lookup.input().tree;
  const auto look = [&](std::string_view path, SettingsKind kind, auto audit) {
    const image::TreeFile* file = tree.find(path);
    const AuditFacts* facts = lookup.settings_at(path, kind);
    if (file != nullptr && facts != nullptr) audit(*file, *facts);
  };
  look("etc/passwd", SettingsKind::passwd,
       [&](const auto& file, const auto& facts) { audit_passwd(file, facts, rows); });
  look("etc/shadow", SettingsKind::shadow,
       [&](const auto& file, const auto& facts) { audit_shadow(file, facts, rows); });
  look("etc/nsswitch.conf", SettingsKind::name_service, [&](const auto& file, const auto& facts) {
    bool files_asked = false;
    for (std::string_view source : split(facts.hosts_sources, ' '))
      files_asked |= source == "files";
    if (!facts.hosts_sources.empty() && !files_asked)
      rows.add("name-service-odd", evidence_at(file, {}, "hosts: " + facts.hosts_sources));
  });
}

}  // namespace fathom::audit
