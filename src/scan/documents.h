// Documents that the user names beside the image: a report, a baseline, VEX, ignore files, rows of
// base images. Others
// wrote them, so they are parsed where images are, in a confined child that gets the text and sends
// back plain values. `name` is the file's name, for messages.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lineage/base_rows.h"
#include "model/report.h"
#include "policy/policy.h"
#include "verdict/knowledge.h"

namespace fathom {

Result<Report> read_report_confined(std::string_view text, std::string_view name);

Result<std::vector<policy::IgnoreRule>> read_ignore_file_confined(std::string_view text,
                                                                  std::string_view name);
Result<std::vector<policy::IgnoreRule>> read_vex_confined(std::string_view text,
                                                          std::string_view name);
// Rows of base images, data/bases/README.md.
Result<std::vector<lineage::BaseRow>> read_bases_confined(std::string_view text,
                                                          std::string_view name);
Result<std::vector<std::string>> read_baseline_confined(std::string_view text,
                                                        std::string_view name);

// Rows in the form of data/verdicts/README.md.
Result<std::vector<verdict::FunctionRow>> read_functions_confined(std::string_view text,
                                                                  std::string_view name);
Result<SbomDocument> read_sbom_confined(std::string_view text, std::string_view name);

}  // namespace fathom
