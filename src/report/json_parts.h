// Pieces of the JSON report that more than one document has.

#pragma once

#include "json/writer.h"
#include "model/report.h"

namespace fathom {

void write_place(json::Writer& writer, const Place& place);
void write_gap(json::Writer& writer, const Gap& gap);

}  // namespace fathom
