// Pieces of the JSON report that more than one document has.

#pragma once

#include "json/writer.h"
#include "model/report.h"

namespace fathom {

void write_place(json::Writer& writer, const Place& place);
void write_evidence(json::Writer& writer, const Evidence& evidence);
void write_evidence_list(json::Writer& writer, std::string_view name,
                         const std::vector<Evidence>& list);
void write_gap(json::Writer& writer, const Gap& gap);

}  // namespace fathom
