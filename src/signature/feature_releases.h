// Which releases of a library that is in a file agree best with it. feature_match.h states the
// rules. Private to this room.

#pragma once

#include <vector>

#include "signature/feature_evidence.h"
#include "signature/feature_match.h"

namespace fathom::signature {

// Fills what of `match` concerns releases. `accepted`: all libraries of the file, as indexes into
// the features.
void find_releases(const FeatureEvidence& evidence, const std::vector<std::size_t>& accepted,
                   FeatureMatch& match);

// Source lines by themselves.
struct LineResult {
  std::vector<std::int64_t> points;  // by release: places that it has
  std::vector<std::int64_t> off;     // places that it lacks, in source files that it has
  std::vector<std::int64_t> files_off;
  std::int64_t files = 0;  // names of source files that were compared
  std::size_t best = 0;    // the release with most points
  std::vector<FeatureMatch::Seen> seen;
};
LineResult match_lines(const FeatureEvidence& evidence, std::size_t library);

}  // namespace fathom::signature
