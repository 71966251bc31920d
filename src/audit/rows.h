// Rows of the configuration audit while they are collected: one per rule, with all its evidence.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/lookup.h"

namespace fathom::audit {

class Rows {
 public:
  explicit Rows(const Knowledge& knowledge) : knowledge_(knowledge) {}

  // One more thing that the rule speaks of. A rule that the data lacks is our own mistake.
  void add(std::string_view rule, Evidence evidence);
  // A note in the image's configuration: a JSON pointer, RFC 6901, and what stands there.
  void add_setting(std::string_view rule, std::string pointer, std::string seen);
  std::vector<ConfigurationRow> take();

 private:
  const Knowledge& knowledge_;
  std::map<std::string, ConfigurationRow, std::less<>> rows_;
};

// The parts of the audit, each in a file of its own.
void audit_settings(const Lookup& lookup, Rows& rows);  // what the configuration says
void audit_files(const Lookup& lookup, Rows& rows);     // permissions, links, leftovers, waste
void audit_accounts(const Lookup& lookup, Rows& rows);  // passwd, shadow, nsswitch
void audit_secrets(const Lookup& lookup, Rows& rows);
Trust audit_trust(const Lookup& lookup, Rows& rows);     // certificates, time zones
void audit_doctored(const Lookup& lookup, Rows& rows);   // signs that the image was tampered with
void audit_go_builds(const Lookup& lookup, Rows& rows);  // what cgo brings in

}  // namespace fathom::audit
