// The advisories, read from one mapped, immutable index (the "pack"), made by vuln/pack_writer.h at
// build time from the text under data/. Look-ups touch only the pages they need; nothing is parsed
// at start-up.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/report.h"
#include "vuln/version.h"

namespace fathom::vuln {

// [introduced, end): an empty introduced is "from the start"; no end is "all later ones".
struct Range {
  std::string introduced;
  bool introduced_exclusive = false;  // "after 1.2"
  std::string fixed;                  // first release that is not affected …
  std::string last_affected;          // … or the last one that is
  auto operator<=>(const Range&) const = default;
};

struct Advisory {
  std::string id;
  std::vector<std::string> aliases;
  std::string ecosystem, package;  // "C" "sqlite"; "Go" "golang.org/x/net"; "crates.io" "hyper" …
  Scheme scheme = Scheme::dotted;
  std::vector<Range> ranges;      // affected when any holds; empty = not known
  std::vector<Range> unaffected;  // wins over `ranges`
  std::vector<std::string> fixed_in;
  Severity severity = Severity::unknown;
  std::string cvss;
  std::string published;
  std::string source;
  bool low_confidence = false;
  bool informational = false;  // RustSec "unmaintained" and the like
};

struct Epss {
  std::uint32_t score_e5 = 0, percentile_e5 = 0;  // times 100,000
};

struct EcosystemInfo {
  std::string name;
  std::uint64_t advisories = 0;
  std::string newest;  // date of the newest advisory
};

// Views `pack`; must not outlive it.
class Database {
 public:
  // Checks the header, section bounds and checksum-free invariants needed to be safe on any bytes.
  static Result<Database> open(ByteView pack);

  std::vector<Advisory> advisories_for(std::string_view ecosystem, std::string_view package) const;
  bool is_known_exploited(std::string_view cve) const;
  std::optional<Epss> epss(std::string_view cve) const;
  std::vector<EcosystemInfo> ecosystems() const;  // sorted by name
  // Named sections that other rooms keep in the pack ("classifiers").
  std::string_view section(std::string_view name) const;
  std::string id() const;      // digest of the pack's content
  std::string newest() const;  // newest date of any advisory

 private:
  ByteView pack_;
};

}  // namespace fathom::vuln
