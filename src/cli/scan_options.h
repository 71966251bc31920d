// What scan reads from its flags, for the commands that begin with a scan.

#pragma once

#include "base/result.h"
#include "cli/data.h"
#include "cli/flags.h"
#include "scan/scan.h"
#include "scan/target.h"

namespace fathom::cli {

struct ScanSetup {
  ScanOptions options;
  Data data;  // what options.user_data views
  Target target;
};

// From the flags and the one operand. Flags that a command does not have count as not given.
Result<ScanSetup> parse_scan(const Arguments& arguments);

// The report, or an error that names the target.
Result<Report> scan_target(const ScanSetup& setup);

}  // namespace fathom::cli
