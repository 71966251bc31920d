// The files that say who there is: passwd, shadow, and where host names are looked up.

#include <set>

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

// What the C library passes over, or finds twice. An empty file is no file of accounts at all.
void audit_form(const Lookup& lookup, std::string_view path, SettingsKind kind, Rows& rows) {
  const image::TreeFile* file = lookup.input().tree.find(path);
  if (file == nullptr || !is_file(*file) || file->entry.size == 0) return;
  const AuditFacts* facts = lookup.settings_at(path, kind);
  if (facts == nullptr)
    return rows.add("passwd-odd", evidence_at(*file, {}, "has lines of another form"));
  std::set<std::string_view> names;
  for (const Account& account : facts->accounts)
    if (!names.insert(account.name).second)
      rows.add("passwd-odd", evidence_at(*file, Place::at_line(account.line),
                                         account.name + " for the second time"));
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
  audit_form(lookup, "etc/passwd", SettingsKind::passwd, rows);
  audit_form(lookup, "etc/group", SettingsKind::group, rows);
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
    bool accounts_asked = facts.passwd_sources.empty();
    for (std::string_view source : split(facts.passwd_sources, ' '))
      accounts_asked |= source == "files" || source == "compat" || source == "db";
    if (!accounts_asked)
      rows.add("name-service-odd", evidence_at(file, {}, "passwd: " + facts.passwd_sources));
  });
}

}  // namespace fathom::audit
