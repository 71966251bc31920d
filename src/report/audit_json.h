// The sections "execution" and "configuration" of the JSON report.

#pragma once

#include "json/writer.h"
#include "model/report.h"

namespace fathom {

void write_audit(json::Writer& w, const Report& report,
                 void (*write_evidence)(json::Writer&, const Evidence&));

}  // namespace fathom
