// Findings one by one, for the formats that have a row, a result or a statement for each.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/report.h"
#include "report/reporter.h"

namespace fathom {

// Why a finding is out of the count. not_affected: the code shows it, with proof.
enum class Suppression { none, ignored, not_affected };
Suppression suppression_of(const Finding& finding);
// The words behind it, in one line; empty for none.
std::string reason_of(const Finding& finding);

struct FindingRow {
  const Finding* finding = nullptr;
  const Component* component = nullptr;  // never null; one that says so when the report has none
  Suppression suppression = Suppression::none;
  // "Sqlite in this file, this advisory", whatever its version: the same text in two scans means
  // the same finding. Lower-case hexadecimal, 32 digits, then ":1"; copies of a component in one
  // file are counted on.
  std::string fingerprint;
};

// In the order of the report. Suppressed ones only when `options` ask for them.
std::vector<FindingRow> rows_of(const Report& report, const ReportOptions& options);

// Findings that the gates look at, by severity; uncertain ones apart.
struct Totals {
  std::size_t critical = 0, high = 0, medium = 0, low = 0, other = 0;
  std::size_t uncertain = 0, ignored = 0, not_affected = 0, in_baseline = 0, kev = 0;
  std::size_t active() const { return critical + high + medium + low + other; }
};
Totals totals_of(const Report& report);
// "2 critical, 1 high"; "no findings".
std::string words_of(const Totals& totals);

// "3.31.1", "1.2.8 to 1.2.11", "unknown". Foreign text, as it is.
std::string version_text(const VersionClaim& version);

// A page about the advisory, by what its id begins with; empty when the id has characters that no
// advisory id has.
std::string advisory_url(std::string_view id);

// Ecosystems of the image for which the data has no advisories: "npm (12 components)".
std::vector<std::string> not_assessed(const Report& report);

// "2 findings of severity high or above; …", or what else the exit status says; one line.
std::string outcome_text(const Report& report);

// A plain decimal number as JSON takes it, "7.5".
bool is_decimal(std::string_view text);

// What to call the image: its first tag, else what the user typed.
std::string_view image_name(const Report& report);

// The package URL of the image, https://github.com/package-url/purl-spec type oci; empty without a
// digest or a tag to take the name from.
std::string image_purl(const ImageRow& image);

}  // namespace fathom
