// The open form of what a database holds: OSV records, each with the exact row beside what other
// readers of OSV understand, and lines of fathom's own for what OSV has no place for.

#pragma once

#include <string>
#include <string_view>

#include "json/value.h"
#include "json/writer.h"
#include "vuln/advisory.h"

namespace fathom::feeds {

// Whether the object is such a record or line.
bool is_export(const json::Value& record);

void write_row(json::Writer& w, const vuln::Advisory& advisory);
Result<vuln::Advisory> read_row(const json::Value& row);

}  // namespace fathom::feeds
