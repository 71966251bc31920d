// Pieces of a CycloneDX document.

#pragma once

#include <string_view>
#include <vector>

#include "json/writer.h"
#include "model/report.h"

namespace fathom::cyclonedx {

// "fathom:NAME"; left out when there is no value.
void write_property(json::Writer& w, std::string_view name, std::string_view value);

void write_vulnerabilities(json::Writer& w, const std::vector<Finding>& findings);

}  // namespace fathom::cyclonedx
