// An advisory: which versions of one package of one ecosystem have a vulnerability. Plain values.

#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

// ">= 1.2, < 1.4", "<= 2.0", "all versions".
std::string text_of(const Range& range);

struct Advisory {
  std::string id;
  std::vector<std::string> aliases;
  std::string ecosystem, package;  // "C" "sqlite"; "Go" "golang.org/x/net"; "crates.io" "hyper" …
  Scheme scheme = Scheme::dotted;
  std::vector<Range> ranges;      // affected when any holds; empty = not known
  std::vector<Range> unaffected;  // wins over `ranges`
  // Ranges of the source that could not be read, as they stand there. A version outside `ranges`
  // may be inside one of these.
  std::vector<std::string> unreadable;
  std::vector<std::string> fixed_in;
  Severity severity = Severity::unknown;
  std::string cvss;                 // vector
  std::string cvss_score;           // "7.5": of the vector, or as the source states it without one
  std::string published, modified;  // days
  std::string source;               // whose data it is: "go-vulndb", "osv", "debian"
  // The record of the source it stands in, where that is not `id`: a bulletin on several
  // vulnerabilities makes an advisory of each.
  std::string document;
  std::string note;  // what the source adds for people: "unimportant", "postponed"
  FixState fix = FixState::unknown;
  bool low_confidence = false;
  bool informational = false;  // RustSec "unmaintained" and the like
  bool withdrawn = false;      // kept, so that it takes the place of what it was; finds nothing
  bool disputed = false;
  // Gives way to every other source that speaks of the same vulnerability of the same package:
  // ranges made from CPE names know nothing of branches.
  bool secondary = false;

  const std::string& record() const { return document.empty() ? id : document; }

  auto operator<=>(const Advisory&) const = default;
};

// "My.Package_name" → "my-package-name": one name for each Python package, PEP 503.
std::string normal_pypi_name(std::string_view name);

}  // namespace fathom::vuln
