// The line's step from findings to verdicts: asks the code of the files in question, and who loads
// them.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "analyzer/image_input.h"
#include "scan/scan.h"
#include "signature/feature_data.h"

namespace fathom {

using ImportsByDigest = std::map<std::string, std::vector<std::string>>;

struct CodeInput {
  const Target& target;
  const image::FileTree& tree;
  const FactsByDigest& facts;
  const ImportsByDigest& imports;  // of dynamic files, sorted
  const std::vector<std::string>& environment;
  const signature::Features& features;
  const vuln::Database& database;
  const ScanOptions& options;
};

// Judges the report's findings where the functions of their vulnerability are known, and sorts
// them. Reads those files again; what could not be read is a gap. An error means that the built-in
// data are damaged.
Done judge_by_code(Report& report, const CodeInput& input);

}  // namespace fathom
