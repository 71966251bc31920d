// Reads a report back that the json format wrote.

#pragma once

#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "model/report.h"

namespace fathom {

// Everything or nothing: writing the result as json again gives the bytes that were read. What is
// not as docs/report.schema.json describes it is an error with its JSON pointer, members that this
// version does not know too, because leaving them out would silently change what the report says.
Result<Report> read_report(std::string_view json, const Limits& limits = {});

}  // namespace fathom
