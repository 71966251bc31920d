// What became of the claims of bills of materials, for people.

#pragma once

#include <string>
#include <vector>

#include "model/report.h"
#include "report/reporter.h"

namespace fathom {

// The page of fathom audit.
std::string sbom_audit_page(const Report& report, const ReportOptions& options);

// A sentence per document, for the report of a scan; empty when there is none.
std::vector<std::string> sbom_summary(const Report& report);

}  // namespace fathom
