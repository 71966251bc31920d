// Inventory × advisories → findings.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/report.h"
#include "vuln/databases.h"

namespace fathom::vuln {

// Findings of all components, what matters first: known exploited, then severity, then EPSS, then
// id and component; uncertain ranges last. Advisories that share an alias for the same component
// are one finding (the CVE is its id, the rest its aliases). Packages of a distribution are
// compared by their source package with the advisories of the release that the image is made from;
// a library that is a distribution's build is judged as its package is, where the data say anything
// of it.
std::vector<Finding> match(const std::vector<Component>& components, const Databases& databases);

// How one advisory concerns one exact version, as a sentence; nothing when it does not.
std::optional<std::string> why_affected(const Advisory& advisory, const std::string& version);

// Per ecosystem of the components: how many, and whether the data can judge it at all.
std::vector<EcosystemCoverage> coverage(const std::vector<Component>& components,
                                        const Databases& databases);

}  // namespace fathom::vuln
