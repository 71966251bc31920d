// Writes a pack: the index that vuln/database.h reads. The same content makes the same bytes, in
// whatever order it is given.

#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "vuln/database.h"

namespace fathom::vuln {

struct PackContent {
  std::vector<Advisory> advisories;                // equal ones are kept once
  std::set<std::string> known_exploited;           // CVE names
  std::vector<std::pair<std::string, Epss>> epss;  // by CVE name; the last of equal names counts
  // Per ecosystem, the day up to which its sources were read. Where it is missing or older than
  // an advisory, the advisory's date counts.
  std::map<std::string, std::string> newest;
  std::vector<CveFacts> cves;                     // the last of equal names counts
  std::vector<SourceRow> sources;                 // the last of equal name and part counts
  std::map<std::string, LibraryNames> libraries;  // by the id the advisories of "C" use
  std::map<std::string, std::string> sections;    // others, by name: at most 16 bytes
};

// Fails on what the format cannot hold: a CVE name out of its range, a table over 4 GiB.
Result<Bytes> write_pack(PackContent content);

// What a pack was written from; writing it again gives the same bytes. `sections` stays empty: only
// their owners know which there are.
PackContent content_of(const Database& database);

// Whether the name fits the pack at all; the writer refuses the others.
bool is_cve_name(std::string_view name);

}  // namespace fathom::vuln
