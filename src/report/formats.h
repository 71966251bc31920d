// The rows of list.cc, one per output format; each lives in a .cc of its own.

#pragma once

#include "report/reporter.h"

namespace fathom {

extern const Reporter kTableReporter;      // table.cc
extern const Reporter kJsonReporter;       // json.cc
extern const Reporter kCycloneDxReporter;  // cyclonedx.cc

}  // namespace fathom
