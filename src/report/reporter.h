// The seam for output formats: a row in report/list.cc. A reporter turns a Report into bytes and
// knows nothing else.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/report.h"

namespace fathom {

struct ReportOptions {
  std::size_t width = 100;  // columns, for formats made to be looked at
  bool colour = false;
  // Findings that an ignore rule, a VEX statement or a proof takes out of the count: also in the
  // formats that would otherwise only count them (json, cyclonedx-json and openvex have them
  // always).
  bool show_suppressed = false;
  // SBOM formats: the time of the scan instead of the image's, so that no two documents are the
  // same; and in CycloneDX what a file contains below the file instead of beside it.
  bool timestamp = false;
  bool nested = false;
};

struct Reporter {
  std::string_view name;  // what -o takes: "table", "json", "cyclonedx-json"
  int version;
  std::string_view summary;
  std::string (*run)(const Report&, const ReportOptions&);
  bool is_sbom = false;  // also a format of fathom sbom
};
std::span<const Reporter* const> all_reporters();
// Null when there is none; "cyclonedx" and "spdx" mean their JSON.
const Reporter* find_reporter(std::string_view name);

// Pages of commands of their own, which are no formats of a report: fathom exec, fathom config,
// fathom scan --compare.
extern const Reporter kExecutionPage, kConfigurationPage, kIcebergPage;

}  // namespace fathom
