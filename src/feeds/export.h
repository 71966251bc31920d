// Writes what a user's database holds in an open form. Importing it into an empty one gives the
// same bytes.

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "vuln/database.h"

namespace fathom::feeds {

// One piece: a name for it inside an archive ("osv/GHSA-….json"), and a JSON object in one line.
using ExportSink = std::function<Done(const std::string& name, std::string_view line)>;

// OSV records, valid by the schema, each with the exact rows under database_specific.fathom; then
// objects of fathom's own for what OSV has no place for: {"fathom": {"sources": …}}, the
// catalogues, ratings of CVEs, statements of VEX.
Done export_database(const vuln::Database& database, const ExportSink& sink);

}  // namespace fathom::feeds
