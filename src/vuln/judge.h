// Where a version stands in the ranges of one advisory. Private to this room.

#pragma once

#include <string>

#include "model/component.h"
#include "model/report.h"
#include "vuln/advisory.h"

namespace fathom::vuln {

struct Judgement {
  bool concerns = false;  // false: the version is not affected, nothing else is set
  Verdict verdict = Verdict::unknown;
  std::string why;
  bool uncertain = false;  // Finding::range_uncertain
};

// `version` is exact, or has candidates, or is an interval (an empty end is open).
Judgement judge(const Advisory& advisory, const VersionClaim& version);

}  // namespace fathom::vuln
