// data/features/: what the sources of each release of a library have. Its README states the form.

#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "signature/feature_data.h"
#include "vuln/pack_writer.h"

namespace fathom::tools {

// All *.json.zst of the folder in the order of their names. names.tsv gives the library id of each
// file that is not called by it; `libraries` has the CPE names.
Result<std::vector<signature::FeatureLibrary>> read_features(
    const std::filesystem::path& folder,
    const std::map<std::string, vuln::LibraryNames>& libraries);

}  // namespace fathom::tools
