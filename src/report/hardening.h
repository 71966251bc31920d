// How files are hardened, for people and for programs.

#pragma once

#include <string>

#include "json/writer.h"
#include "report/reporter.h"

namespace fathom {

void write_hardening(json::Writer& writer, const HardeningRow& row);

// The rows alone, as docs/report.schema.json has them, with target and gaps.
std::string hardening_json(const Report& report);

// One file: every check with what was seen. More: a line each, what stands out below, and the sums.
std::string hardening_table(const Report& report, const ReportOptions& options);

// What stands out, in a few words each: "2 programs at fixed addresses", … Empty when nothing does.
std::vector<std::string> hardening_summary(const Report& report);

}  // namespace fathom
