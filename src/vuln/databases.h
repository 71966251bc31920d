// What a scan asks: the pack in the program and, laid over it, the user's own. Which of two answers
// counts is decided here and nowhere else; docs/database.md says it in words.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vuln/database.h"

namespace fathom::vuln {

// Views both packs; must not outlive them.
class Databases {
 public:
  Databases(const Database& built_in)
      : built_in_(built_in) {}  // NOLINT: one pack is a stack of one
  Databases(const Database& built_in, std::optional<Database> user)
      : built_in_(built_in), user_(std::move(user)) {}

  // Of records that both packs have, those of the pack whose data on the ecosystem are newer; of
  // equally old ones the user's. Records that one of them has alone count. Withdrawn advisories are
  // left out, and secondary ones where another source speaks of the same vulnerability.
  std::vector<Advisory> advisories_for(std::string_view ecosystem, std::string_view package) const;

  // KEV and EPSS come whole from the pack whose catalogue is newer.
  bool is_known_exploited(std::string_view cve) const;
  std::optional<Epss> epss(std::string_view cve) const;
  std::optional<CveFacts> cve(std::string_view name) const;  // the user's, else the built-in's

  // Counts of both; the newer date.
  std::optional<EcosystemInfo> ecosystem(std::string_view name) const;
  std::vector<EcosystemInfo> ecosystems() const;
  std::optional<LibraryNames> library(std::string_view id) const { return built_in_.library(id); }
  // Knowledge that comes with the program only: classifiers, features, distributions.
  std::string_view section(std::string_view name) const { return built_in_.section(name); }

  const Database& built_in() const { return built_in_; }
  const std::optional<Database>& user() const { return user_; }
  std::string newest() const;

 private:
  bool user_has_newer(std::string_view source) const;

  Database built_in_;
  std::optional<Database> user_;
};

}  // namespace fathom::vuln
