// The whole program as one function: a target in, a report out.

#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "lineage/base_rows.h"
#include "model/report.h"
#include "policy/policy.h"
#include "scan/examine.h"
#include "scan/sboms.h"
#include "verdict/knowledge.h"
#include "vuln/database.h"

namespace fathom {

struct ScanOptions {
  ExamineOptions examine;
  policy::Policy policy;
  // Advisories that the user has imported, laid over those of the program.
  std::optional<vuln::Database> user_data;
  // Functions of vulnerabilities that the user knows, before those of the program.
  std::vector<verdict::FunctionRow> functions;
  // Packed compiled libraries instead of the program's own: those with the user's beside them.
  std::string objects;
  std::vector<lineage::BaseRow> bases;  // of the user's own, beside the built-in ones
  std::vector<GivenSbom> sboms;         // to hold against the target
  std::uint64_t max_data_age = 180;     // days; older advisories are noted in the report
  std::string now;  // RFC 3339, UTC; an input, so that the same scan gives the same report
};

// `pack` is the mapped knowledge: advisories and classifiers. An error means that the scan could
// not run at all; whatever could not be read on the way is a gap in the report.
Result<Report> scan(const Target& target, ByteView pack, ScanOptions options);

}  // namespace fathom
