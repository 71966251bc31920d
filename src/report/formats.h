// The rows of list.cc, one per output format; each lives in a .cc of its own.

#pragma once

#include "report/reporter.h"

namespace fathom {

extern const Reporter kTableReporter;      // table.cc
extern const Reporter kJsonReporter;       // json.cc
extern const Reporter kCycloneDxReporter;  // cyclonedx.cc
extern const Reporter kCycloneDx17Reporter;
extern const Reporter kSpdxReporter;          // spdx_json.cc
extern const Reporter kSpdxTagValueReporter;  // spdx_tag_value.cc
extern const Reporter kSpdx3Reporter;         // spdx3_json.cc
extern const Reporter kSarifReporter;         // sarif.cc
extern const Reporter kGitlabReporter;        // gitlab.cc
extern const Reporter kJunitReporter;         // junit.cc
extern const Reporter kMarkdownReporter;      // markdown.cc
extern const Reporter kHtmlReporter;          // html.cc
extern const Reporter kCsvReporter;           // csv.cc
extern const Reporter kOpenvexReporter;       // openvex.cc
extern const Reporter kOpenvexComponentsReporter;

}  // namespace fathom
