// data/features/: what the sources of each release of a library have. Its README states the form.

#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "signature/feature_data.h"
#include "signature/source_functions.h"
#include "vuln/pack_writer.h"

namespace fathom::tools {

// All *.json.zst of the folder in the order of their names. names.tsv gives the library id of each
// file that is not called by it, public_tables.tsv and version_functions.tsv are what their heads
// say; `libraries` has the CPE names.
struct FeatureSources {
  std::vector<signature::FeatureLibrary> libraries;
  signature::TableWindows windows;        // of their tables
  signature::VersionFunctions functions;  // and theirs
  // Which texts each function has: of libraries that someone asks about functions of.
  std::vector<signature::SourceFunctionList> texts_of_functions;
};
// `asked_for`: ids of libraries of which functions are to be named.
Result<FeatureSources> read_features(const std::filesystem::path& folder,
                                     const std::map<std::string, vuln::LibraryNames>& libraries,
                                     const std::set<std::string>& asked_for);

}  // namespace fathom::tools
