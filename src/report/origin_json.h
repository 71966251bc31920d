// What the JSON report says about where files come from, and the document of `fathom origin` and
// `fathom base`.

#pragma once

#include <string>
#include <vector>

#include "json/writer.h"
#include "model/report.h"

namespace fathom {

void write_file_origin(json::Writer& writer, const FileOrigin& origin);
void write_origins(json::Writer& writer, const Origins& origins);

// Target, origins, and a row for each file or, for the base, component.
// Those at or below one of `paths`; all without any.
std::string origin_json(const Report& report, const std::vector<std::string>& paths = {});
std::string base_json(const Report& report);

}  // namespace fathom
