// A comment for a pull request, in the Markdown that GitHub and GitLab share: the verdict in one
// line, what could not be judged, then the findings. Both cut comments (GitHub refuses more than
// 65,536 characters), so lists are short and say how much they leave out. Texts from the image
// stand in code spans, where nothing is interpreted.

#include <algorithm>

#include "base/text.h"
#include "report/escape.h"
#include "report/formats.h"
#include "report/rows.h"

namespace fathom {
namespace {

constexpr std::size_t kFindings = 40, kGaps = 10, kNotes = 5, kEcosystems = 10;
constexpr std::size_t kMostCell = 120;  // bytes of one text

std::string code(std::string_view text) { return markdown_code(text, kMostCell); }

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return with_thousands(count) + " " + std::string(count == 1 ? one : many);
}

std::string verdict_of(const Report& report) {
  // The reasons are our own words; what the user or the image named stands in code spans.
  const bool passed = !report.policy.failed && report.exit_status == 0;
  const std::string found =
      report.components.empty() ? "nothing recognised" : words_of(totals_of(report));
  return std::string(passed ? "**Passed**" : "**Failed**") + ": " + found + " in " +
         code(image_name(report)) + " — " + markdown_phrase(outcome_text(report), 400);
}

std::string share_of(const Coverage& coverage) {
  if (coverage.executable_bytes == 0) return "no executable code";
  const auto share = static_cast<unsigned>(static_cast<double>(coverage.attributed_bytes) * 100 /
                                           static_cast<double>(coverage.executable_bytes));
  return std::to_string(share) + " % of " + human_bytes(coverage.executable_bytes) +
         " executable code attributed";
}

std::string coverage_of(const Report& report) {
  const Coverage& coverage = report.coverage;
  return counted(coverage.files, "file", "files") + ", " +
         counted(report.components.size(), "component", "components") + ", " + share_of(coverage) +
         ", " + counted(report.gaps.size(), "gap", "gaps") + ".\n";
}

std::string warnings_of(const Report& report) {
  std::string out;
  if (report.incomplete) out += "> The scan ended before everything was read.\n\n";
  const std::vector<std::string> ecosystems = not_assessed(report);
  if (ecosystems.empty()) return out;
  out += "> Not assessed, no advisories in the data: ";
  for (std::size_t i = 0; i < std::min(ecosystems.size(), kEcosystems); ++i)
    out += (i > 0 ? ", " : "") + code(ecosystems[i]);
  if (ecosystems.size() > kEcosystems)
    out += " and " + with_thousands(ecosystems.size() - kEcosystems) + " more";
  return out + ".\n\n";
}

std::string linked(std::string_view id) {
  const std::string url = advisory_url(id);
  return url.empty() ? code(id) : "[" + std::string(id) + "](" + url + ")";
}

std::string status_of(const FindingRow& row) {
  if (row.suppression == Suppression::ignored)
    return "ignored: " + code(row.finding->ignored_because);
  if (row.suppression == Suppression::not_affected)
    return std::string(name_of(row.finding->verdict));
  return row.finding->in_baseline ? "in baseline" : "";
}

std::string severity_of(const Finding& finding) {
  std::string text(name_of(finding.severity));
  if (is_decimal(finding.cvss_score)) text += " " + finding.cvss_score;
  return finding.kev ? text + ", exploited" : text;
}

std::string line_of(const FindingRow& row, bool with_status) {
  const Component& component = *row.component;
  std::string out = "| " + severity_of(*row.finding) + " | " + linked(row.finding->id) + " | " +
                    code(component.name + " " + version_text(component.version)) + " | " +
                    code(component.file) + " | " + code(join(row.finding->fixed_in, ", ")) + " |";
  return with_status ? out + " " + status_of(row) + " |" : out;
}

// Uncertain findings are only counted: a reviewer can do nothing with them in a comment.
std::string findings_of(const Report& report, const ReportOptions& options) {
  std::vector<FindingRow> rows = rows_of(report, options);
  std::erase_if(rows, [&](const FindingRow& row) {
    const bool shown = row.suppression != Suppression::none;  // then somebody asked for them
    return !shown &&
           (row.finding->range_uncertain || (row.finding->in_baseline && !options.show_suppressed));
  });
  if (rows.empty()) return {};
  const bool with_status = options.show_suppressed;
  std::string out = "| Severity | Advisory | Component | File | Fixed in |";
  out += with_status ? " Status |\n|---|---|---|---|---|---|\n" : "\n|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < std::min(rows.size(), kFindings); ++i)
    out += line_of(rows[i], with_status) + "\n";
  if (rows.size() > kFindings)
    out += "\n… and " + with_thousands(rows.size() - kFindings) + " more.\n";
  return out + "\n";
}

std::string rest_of(const Report& report) {
  const Totals totals = totals_of(report);
  std::vector<std::string> parts;
  auto add = [&](std::size_t count, std::string_view what) {
    if (count > 0) parts.push_back(with_thousands(count) + " " + std::string(what));
  };
  add(totals.uncertain, "with uncertain version range");
  add(totals.in_baseline, "in the baseline");
  add(totals.ignored, "ignored");
  add(totals.not_affected, "shown not to apply");
  return parts.empty() ? "" : "Not counted: " + join(parts, ", ") + ".\n\n";
}

std::string gaps_of(const Report& report) {
  if (report.gaps.empty()) return {};
  std::string out = "<details><summary>" + counted(report.gaps.size(), "gap", "gaps") +
                    ": could not be examined</summary>\n\n";
  for (std::size_t i = 0; i < std::min(report.gaps.size(), kGaps); ++i) {
    const Gap& gap = report.gaps[i];
    out += "- " + code(gap.file.empty() ? "(image)" : gap.file) + " " +
           code(gap.stage + ": " + gap.reason) + "\n";
  }
  if (report.gaps.size() > kGaps)
    out += "- … and " + with_thousands(report.gaps.size() - kGaps) + " more\n";
  return out + "\n</details>\n\n";
}

std::string notes_of(const Report& report) {
  std::string out;
  for (std::size_t i = 0; i < std::min(report.notes.size(), kNotes); ++i)
    out += "- " + code(report.notes[i]) + "\n";
  if (report.notes.size() > kNotes)
    out += "- … and " + with_thousands(report.notes.size() - kNotes) + " more\n";
  return out.empty() ? out : "Notes:\n\n" + out + "\n";
}

std::string advisories_of(const Report& report) {
  std::string newest;
  for (const DataRow& row : report.data)
    if (row.kind.ends_with("advisories")) newest = std::max(newest, row.date);
  return newest.empty() ? "no advisories" : "advisories to " + printable(newest, 20);
}

std::string run(const Report& report, const ReportOptions& options) {
  return "### fathom\n\n" + verdict_of(report) + "\n\n" + warnings_of(report) +
         findings_of(report, options) + rest_of(report) + coverage_of(report) + "\n" +
         gaps_of(report) + notes_of(report) + "<sub>fathom " FATHOM_VERSION ", " +
         advisories_of(report) + "</sub>\n";
}

}  // namespace

const Reporter kMarkdownReporter = {
    .name = "markdown",
    .version = 1,
    .summary = "a comment for a pull request, the verdict in one line first",
    .run = run,
};

}  // namespace fathom
