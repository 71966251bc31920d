// Inventory × advisories → findings.

#pragma once

#include <vector>

#include "model/report.h"
#include "vuln/database.h"

namespace fathom::vuln {

// Findings of all components, what matters first: known exploited, then severity, then EPSS, then
// id and component; uncertain ranges last. Advisories that share an alias for the same component
// are one finding (the CVE is its id, the rest its aliases).
std::vector<Finding> match(const std::vector<Component>& components, const Database& database);

// Per ecosystem of the components: how many, and whether the data can judge it at all.
std::vector<EcosystemCoverage> coverage(const std::vector<Component>& components,
                                        const Database& database);

}  // namespace fathom::vuln
