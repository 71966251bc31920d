// Which libraries of the feature data are in a file, and of which releases, by what their sources
// have: texts, constant tables, version functions, and places in the source that code names. No
// version text is asked.
//
// Presence: a library's score is the share of its core texts (those that speak for it alone) that
// stand in the file, in the best release. Libraries are accepted from the strongest to the weakest,
// and what an accepted one explains no longer counts for weaker ones: OpenSSL's cipher names are in
// mbed TLS too. Libraries without texts of their own are shown by tables that nobody else has, and
// by version functions that return what no other code does.
//
// Releases (feature_releases.cc), each kind of evidence by itself:
//   1. A version function tells the release.
//   2. Source lines. Each place that the code names is or is not in a release; where they tell
//      releases apart, they decide. Places that no release has, although the data have the file,
//      mean another release than those known, or a patched one.
//   3. Texts and tables. A release is contradicted by a text of the file that it does not have, and
//      half as much by the absence of a text that is known to survive compilation, in a function
//      whose other texts are there.
//
// data/features/README.md has the figures behind the thresholds.

#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "facts/facts.h"
#include "signature/feature_data.h"

namespace fathom::signature {

struct FeatureMatch {
  std::size_t library = 0;  // index into Features
  std::string name;
  double share = 0;            // of the core texts of the best release
  std::size_t core_texts = 0;  // of the file, that speak for it and that no stronger one explains
  std::size_t tables = 0;      // of its own, nearly whole
  std::size_t windows = 0;     // of those tables
  std::size_t copies = 1;      // in how many places the same table of its own stands, at most
  double table_share = 0;      // of the windows of all such tables, in the best release
  std::vector<std::string> releases;  // that agree best, ascending; empty: nothing tells them apart

  // A version function told the release; it is the only one in `releases`.
  bool by_function = false;
  // Source lines decided: `lines` places of the best releases are there.
  bool by_lines = false;
  std::size_t lines = 0;
  // Places that the best releases do not have, in source files that the data have.
  std::size_t lines_off = 0, files_off = 0;
  // None of the known releases: the best ones are only the nearest.
  bool is_unknown = false;

  // Points by which a release is worse than the best ones, as far as the lines tell: 0 for those,
  // and for releases that are not in the data.
  std::size_t lines_missing(const std::string& release) const;
  std::vector<std::pair<std::string, std::size_t>> line_points;  // by release, in their order

  struct Seen {
    std::uint64_t offset = 0;
    std::string what;  // "a text of inflate.c", "line 1234 of x509_vfy.c"
    bool is_address = false;
  };
  std::vector<Seen> seen;  // some of it
};

// `known`: libraries that other evidence shows; they explain first and need no threshold.
std::vector<FeatureMatch> match_features(const FileFacts& facts, const Features& features,
                                         const std::set<std::string>& known);

}  // namespace fathom::signature
