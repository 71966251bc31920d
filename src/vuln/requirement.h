// Reads how the sources of advisories write ranges of versions. What is not understood yields
// an error: the advisory then has no usable range and its findings are uncertain.

#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "vuln/advisory.h"

namespace fathom::vuln {

enum class Dialect {
  cargo,  // ">= 1.2, < 2", "^0.3", "~1.2", "1.2" (same as ^1.2), "*"
  npm,    // ">=1.2 <2 || 3.x", "^1.2", "~1.2", "1.2.3" (exactly that one), "1.2 - 2.3", "*"
  gem,    // "~> 2.1.3, >= 2.1.3.4", "= 1.0"
};
Scheme scheme_of(Dialect dialect);

// The ranges of versions that satisfy the requirement.
Result<std::vector<Range>> parse_requirement(Dialect dialect, std::string_view text);

// A pair of bounds as records of known vulnerabilities write them. `introduced`: "0" (from the
// start), "1.2", ">1.2" (after it), "7.x". `end`: "<1.4", "<=1.3", "<=7.x" (with all of 7); "<7.*"
// is all of 7 when the range begins there, and not understood otherwise.
Result<Range> parse_bounds(Scheme scheme, std::string_view introduced, std::string_view end);

}  // namespace fathom::vuln
