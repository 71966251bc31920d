// A row per finding, RFC 4180: every field quoted, CRLF line ends, a header. The columns are a
// contract: new ones come at the end.

#include "base/text.h"
#include "report/escape.h"
#include "report/formats.h"
#include "report/rows.h"

namespace fathom {
namespace {

constexpr std::string_view kHeader =
    "\"id\",\"severity\",\"cvss\",\"kev\",\"epss\",\"component\",\"version\",\"kind\","
    "\"ecosystem\",\"file\",\"layer\",\"fixed_in\",\"verdict\",\"uncertain\",\"in_baseline\","
    "\"suppressed\",\"why\",\"aliases\",\"purl\",\"cpe\",\"url\",\"fingerprint\"\r\n";
constexpr std::size_t kMost = 4096;  // of a field; spreadsheets cut at 32,767 characters

std::string_view yes_or_no(bool value) { return value ? "yes" : "no"; }

std::string line_of(const FindingRow& row) {
  const Finding& finding = *row.finding;
  const Component& component = *row.component;
  std::string out;
  auto add = [&](std::string_view text) {
    if (!out.empty()) out += ',';
    out += csv_field(text, kMost);
  };
  add(finding.id);
  add(name_of(finding.severity));
  add(finding.cvss_score);
  add(yes_or_no(finding.kev));
  add(finding.epss);
  add(component.name);
  add(version_text(component.version));
  add(name_of(component.kind));
  add(component.ecosystem);
  add(component.file);
  add(component.layer >= 0 ? std::to_string(component.layer) : "");
  add(join(finding.fixed_in, " "));
  add(name_of(finding.verdict));
  add(yes_or_no(finding.range_uncertain));
  add(yes_or_no(finding.in_baseline));
  add(reason_of(finding));
  add(finding.why);
  add(join(finding.aliases, " "));
  add(component.purl);
  add(component.cpe);
  add(advisory_url(finding.id));
  add(row.fingerprint);
  return out + "\r\n";
}

std::string run(const Report& report, const ReportOptions& options) {
  std::string out(kHeader);
  for (const FindingRow& row : rows_of(report, options)) out += line_of(row);
  return out;
}

}  // namespace

const Reporter kCsvReporter = {
    .name = "csv",
    .version = 1,
    .summary = "a row per finding, safe to open in a spreadsheet",
    .run = run,
};

}  // namespace fathom
