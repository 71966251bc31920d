// The section "sboms" of the JSON report.

#pragma once

#include <string>
#include <vector>

#include "json/writer.h"
#include "model/report.h"

namespace fathom {

void write_sboms(json::Writer& w, const std::vector<SbomRow>& rows,
                 void (*write_evidence)(json::Writer&, const Evidence&));

// "93.33" of 9333 ten thousandths; empty for -1.
std::string percent_text(std::int64_t ten_thousandths);

}  // namespace fathom
