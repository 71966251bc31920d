// The binary form of audit facts; included by codec.cc, which has the list helper.

#pragma once

#include "base/limits.h"
#include "facts/audit_facts.h"
#include "model/codec.h"

namespace fathom {

template <class Codec>
void describe(Codec& codec, SystemCall& c) {
  codec(c.number, c.offset);
}
template <class Codec>
void describe(Codec& codec, SecretSighting& s) {
  codec(s.rule, s.place, s.seen, s.checked, s.sealed);
}
template <class Codec>
void describe(Codec& codec, Certificate& c) {
  codec(c.subject, c.sha256, c.not_after, c.not_before, c.authority, c.line);
}
template <class Codec>
void describe(Codec& codec, Account& a) {
  codec(a.name, a.uid, a.gid, a.home, a.shell, a.no_password, a.has_hash, a.line);
}

// `list(codec, values, most)` describes a list of at most `most` values.
template <class Codec, class List>
void describe_audit(Codec& codec, AuditFacts& a, List list) {
  list(codec, a.imports, AuditFacts::kMostImports);
  codec(a.imports_unread);
  list(codec, a.system_calls, AuditFacts::kMostSystemCalls);
  codec(a.undetermined_calls);
  list(codec, a.grammars, AuditFacts::kMostGrammars);
  list(codec, a.commands, AuditFacts::kMostCommands);
  codec(a.packer, a.packer_seen, a.packer_offset, a.go_runtime, a.shebang);
  list(codec, a.secrets, AuditFacts::kMostSecrets);
  list(codec, a.certificates, AuditFacts::kMostCertificates);
  codec(a.unread_certificates, a.settings);
  list(codec, a.accounts, AuditFacts::kMostAccounts);
  list(codec, a.group_names, AuditFacts::kMostAccounts);
  codec(a.hosts_sources, a.passwd_sources, a.time_zone_release);
}

inline bool possible(const AuditFacts& a) {
  if (a.settings < SettingsKind::none || a.settings > SettingsKind::time_zones) return false;
  for (const SecretSighting& s : a.secrets)
    if (s.place.kind < Place::Kind::whole_file || s.place.kind > Place::Kind::name) return false;
  return true;
}

}  // namespace fathom
