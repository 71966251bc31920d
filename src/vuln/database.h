// The advisories, read from one mapped, immutable index (the "pack"), made by vuln/pack_writer.h:
// at build time from the text under data/, and by `fathom db import` from what others publish.
// Look-ups touch only the pages they need; nothing is parsed at start-up.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "vuln/advisory.h"

namespace fathom::vuln {

namespace pack {
struct PackageRecord;
}

struct Epss {
  std::uint32_t score_e5 = 0, percentile_e5 = 0;  // times 100,000
};

struct EcosystemInfo {
  std::string name;
  std::uint64_t advisories = 0;
  std::string newest;  // date of the newest advisory
};

// What is known of a CVE whatever package it is in.
struct CveFacts {
  std::string name;
  std::string cvss, cvss_score;
  Severity severity = Severity::unknown;
  bool rejected = false, disputed = false;
};

// One feed, or one part of one, as it was last read.
struct SourceRow {
  std::string name, part;  // "osv" "PyPI"; "alpine" "Alpine:v3.20 main"; "kev" ""
  std::string newest;      // the day of its newest entry, or the one it was made on
  std::string origin;      // file or address it came from
  std::string imported;    // when
  std::string digest;      // of the file
  std::uint64_t records = 0;

  auto operator<=>(const SourceRow&) const = default;
};

// What others call a C or C++ library: CPE "vendor:product" pairs, source packages of
// distributions.
struct LibraryNames {
  std::vector<std::string> cpes, source_packages;
};

// Views `pack`; must not outlive it.
class Database {
 public:
  // Checks the header and the bounds of every section: a few dozen bytes, whatever the size. What
  // lies inside the sections is checked as it is read, so a look-up in a damaged pack finds too
  // little but never reads outside it.
  static Result<Database> open(ByteView pack);

  // PyPI names are compared in their normal form (PEP 503), all others exactly.
  std::vector<Advisory> advisories_for(std::string_view ecosystem, std::string_view package) const;
  bool is_known_exploited(std::string_view cve) const;
  std::optional<Epss> epss(std::string_view cve) const;
  std::optional<CveFacts> cve(std::string_view name) const;
  // Whether any advisory, a withdrawn one included, comes from this record.
  bool has_record(std::string_view record) const;
  std::vector<EcosystemInfo> ecosystems() const;  // sorted by name
  std::optional<EcosystemInfo> ecosystem(std::string_view name) const;
  std::optional<LibraryNames> library(std::string_view id) const;
  std::map<std::string, LibraryNames> libraries() const;
  std::vector<SourceRow> sources() const;  // sorted
  // Named sections that other rooms keep in the pack ("classifiers"). Empty when there is none.
  std::string_view section(std::string_view name) const;
  std::string id() const;      // "sha256:…" of the pack's content, as its writer noted it
  std::string newest() const;  // newest date of any advisory

  // Everything, in the order of the pack; for searching and for writing it again.
  void for_each_advisory(const std::function<void(const Advisory&)>& body) const;
  std::vector<std::string> known_exploited() const;
  std::vector<std::pair<std::string, Epss>> epss_scores() const;
  std::vector<CveFacts> cves() const;

  // Whether the content is what the header's digest was made of. Reads all of it.
  Done verify() const;

 private:
  class Reader;
  void for_each_of(const pack::PackageRecord& package,
                   const std::function<void(Advisory)>& body) const;

  ByteView pack_;
  // Sections with a meaning of their own here.
  ByteView strings_, lists_, ranges_, advisories_, packages_, ecosystems_, libraries_, kev_, epss_,
      cves_, sources_, ids_;
};

}  // namespace fathom::vuln
