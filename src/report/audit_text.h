// The audit in a few lines, for the table.

#pragma once

#include <string>
#include <vector>

#include "model/report.h"

namespace fathom {

std::vector<std::string> audit_summary(const Report& report);

}  // namespace fathom
