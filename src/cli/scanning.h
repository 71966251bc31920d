// Scanning as `fathom scan` does it, for commands that ask something else of the report.

#pragma once

#include <string>

#include "cli/data.h"
#include "cli/flags.h"
#include "scan/scan.h"

namespace fathom::cli {

// `options` views `data`.
struct Scanning {
  Data data;
  ScanOptions options;
};

// From the flags of scan, as far as the command has them.
Result<Scanning> prepare_scan(const Arguments& arguments);

Result<Report> scan_named(const std::string& name, const Arguments& arguments,
                          const Scanning& scanning);

}  // namespace fathom::cli
