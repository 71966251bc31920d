// Scores of Common Vulnerability Scoring System vectors, https://www.first.org/cvss/.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/report.h"

namespace fathom::vuln {

struct CvssScore {
  int tenths = 0;  // 75 is 7.5
  Severity severity = Severity::unknown;

  std::string text() const;  // "7.5"
};

// The base score of a version 2 ("AV:N/AC:L/Au:N/C:N/I:N/A:P"), 3.0 or 3.1 vector; of a version 4.0
// vector the score with the threat and environmental metrics it states, which is how 4.0 is
// defined. Nothing when a mandatory metric is missing or a value is not in the specification.
std::optional<CvssScore> score_of_cvss(std::string_view vector);

// The qualitative rating of a score that stands without a vector, as versions 3 and 4 rate it.
Severity severity_of_score(int tenths);

}  // namespace fathom::vuln
