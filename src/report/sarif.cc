// SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), in the shape that GitHub's code
// scanning takes: a rule per advisory, a result per finding, at the file in the image.
//
// What GitHub does not show it drops silently, and it counts from the top, so results are in the
// order of severity and what goes over its limits is cut here, with a notification that says so:
// https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning.
// Findings that the baseline knows stay in, as "unchanged": an upload without them would close
// their alerts.

#include <algorithm>
#include <map>

#include "base/text.h"
#include "json/writer.h"
#include "report/escape.h"
#include "report/formats.h"
#include "report/rows.h"

namespace fathom {
namespace {

using json::Writer;

constexpr std::size_t kMostResults = 5000;       // shown per run; more are accepted and dropped
constexpr std::size_t kMostNotifications = 200;  // ours: gaps in one run
constexpr std::size_t kMostAliases = 20;         // ours: in a rule's help

// ---- Ratings

std::string_view level_of(const Finding& finding) {
  if (finding.range_uncertain || finding.severity <= Severity::low) return "note";
  return finding.severity == Severity::medium ? "warning" : "error";
}

// GitHub makes its severities from this number; without a score, the middle of the band.
std::string_view security_severity(const Finding& finding) {
  if (is_decimal(finding.cvss_score)) return finding.cvss_score;
  switch (finding.severity) {
    case Severity::critical:
      return "9.5";
    case Severity::high:
      return "8.0";
    case Severity::medium:
      return "5.5";
    case Severity::low:
      return "2.0";
    case Severity::none:
    case Severity::unknown:
      return "0.0";
  }
  return "0.0";
}

std::string_view rule_name(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::package:
      return "PackageVulnerability";
    case ComponentKind::module:
      return "ModuleVulnerability";
    case ComponentKind::embedded_library:
      return "EmbeddedLibraryVulnerability";
    case ComponentKind::runtime:
      return "RuntimeVulnerability";
    case ComponentKind::application:
      return "ApplicationVulnerability";
  }
  return "Vulnerability";
}

// ---- What goes in

std::vector<FindingRow> results_of(const Report& report, const ReportOptions& options) {
  std::vector<FindingRow> rows = rows_of(report, options);
  auto rank = [](const FindingRow& row) {
    return std::pair(row.suppression != Suppression::none || row.finding->range_uncertain,
                     -static_cast<int>(row.finding->severity));
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const FindingRow& a, const FindingRow& b) { return rank(a) < rank(b); });
  return rows;
}

struct Rules {
  std::vector<const FindingRow*> first;  // of each advisory
  std::map<std::string_view, std::size_t> index;
};

Rules rules_of(const std::vector<FindingRow>& rows) {
  Rules rules;
  for (const FindingRow& row : rows)
    if (rules.index.emplace(row.finding->id, rules.first.size()).second)
      rules.first.push_back(&row);
  return rules;
}

// ---- Writing

void write_text(Writer& w, std::string_view name, std::string_view text) {
  w.key(name).begin_object().member("text", text).end_object();
}

std::string title_of(const Finding& finding) {
  std::string text = sarif_text(finding.id) + ", " + std::string(name_of(finding.severity));
  if (!finding.cvss_score.empty()) text += ", CVSS " + sarif_text(finding.cvss_score);
  if (finding.kev) text += ", known to be exploited";
  return text;
}

std::string help_of(const Finding& finding) {
  std::string text = title_of(finding) + ".";
  if (!finding.aliases.empty()) {
    std::vector<std::string> names(
        finding.aliases.begin(),
        finding.aliases.begin() +
            static_cast<std::ptrdiff_t>(std::min(kMostAliases, finding.aliases.size())));
    for (std::string& name : names) name = sarif_text(name, 64);
    text += " Also known as " + join(names, ", ") + ".";
  }
  if (!finding.fixed_in.empty())
    text += " Fixed in " + sarif_text(join(finding.fixed_in, ", ")) + ".";
  if (!finding.epss.empty())
    text += " Probability of exploitation (EPSS): " + sarif_text(finding.epss) + ".";
  if (!finding.cvss.empty()) text += " " + sarif_text(finding.cvss) + ".";
  return text;
}

void write_rule(Writer& w, const FindingRow& row) {
  const Finding& finding = *row.finding;
  w.begin_object();
  w.member("id", printable(finding.id));
  w.member("name", rule_name(row.component->kind));
  write_text(w, "shortDescription", title_of(finding) + ".");
  write_text(w, "fullDescription", help_of(finding));
  w.optional_member("helpUri", advisory_url(finding.id));
  write_text(w, "help", help_of(finding));
  w.key("defaultConfiguration").begin_object().member("level", level_of(finding)).end_object();
  w.key("properties").begin_object();
  w.member("security-severity", security_severity(finding));
  w.member("precision", finding.range_uncertain ? "low" : "high");
  std::vector<std::string> tags = {"security", "vulnerability"};
  if (finding.kev) tags.emplace_back("known-exploited");
  w.strings("tags", tags);
  w.end_object();
  w.end_object();
}

std::string message_of(const FindingRow& row) {
  const Finding& finding = *row.finding;
  const Component& component = *row.component;
  std::string text = sarif_text(component.name) + " " +
                     sarif_text(version_text(component.version)) + " in " +
                     sarif_text(component.file.empty() ? "the image" : component.file) + ": " +
                     sarif_text(finding.id);
  if (!finding.why.empty()) text += ", " + sarif_text(finding.why, 400);
  text += ".";
  if (!finding.fixed_in.empty())
    text += " Fixed in " + sarif_text(join(finding.fixed_in, ", ")) + ".";
  if (!component.evidence.empty()) {
    const Evidence& evidence = component.evidence.front();
    text += " Recognised by " + sarif_text(evidence.analyzer) + " at " +
            sarif_text(text_of(evidence.place)) + ": " + sarif_text(evidence.seen) + ".";
  }
  return text;
}

// GitHub wants a line in every region; a place in a binary has none, and stands in the message.
void write_location(Writer& w, const Component& component) {
  std::uint64_t line = 1;
  if (!component.evidence.empty() && component.evidence.front().place.kind == Place::Kind::line)
    line = std::clamp<std::uint64_t>(component.evidence.front().place.value, 1, 0x7fffffff);
  w.begin_object().key("physicalLocation").begin_object();
  w.key("artifactLocation").begin_object();
  w.member("uri", component.file.empty() ? "image" : uri_path(component.file));
  w.member("uriBaseId", "ROOTFS").end_object();
  w.key("region").begin_object().member("startLine", line).end_object();
  w.end_object().end_object();
}

void write_suppressions(Writer& w, const FindingRow& row) {
  if (row.suppression == Suppression::none) return;
  w.key("suppressions").begin_array().begin_object();
  w.member("kind", "external").member("status", "accepted");
  w.member("justification", printable(reason_of(*row.finding), 1000));
  w.end_object().end_array();
}

void write_result(Writer& w, const FindingRow& row, std::size_t rule, bool has_baseline) {
  const Finding& finding = *row.finding;
  const Component& component = *row.component;
  w.begin_object();
  w.member("ruleId", printable(finding.id)).member("ruleIndex", static_cast<std::uint64_t>(rule));
  w.member("level", level_of(finding));
  write_text(w, "message", message_of(row));
  w.key("locations").begin_array();
  write_location(w, component);
  w.end_array();
  // GitHub knows only this name, and makes one from the source line when it is not there.
  w.key("partialFingerprints").begin_object();
  w.member("primaryLocationLineHash", row.fingerprint).end_object();
  if (has_baseline) w.member("baselineState", finding.in_baseline ? "unchanged" : "new");
  write_suppressions(w, row);
  w.key("properties").begin_object();
  w.member("component", printable(component.name));
  w.member("version", printable(version_text(component.version)));
  w.optional_member("purl", printable(component.purl, 1000));
  w.optional_member("cpe", printable(component.cpe, 1000));
  w.member("verdict", name_of(finding.verdict));
  if (!finding.path.empty()) w.member("path", printable(join(finding.path, " → "), 4000));
  w.member("rangeUncertain", finding.range_uncertain);
  w.member("kev", finding.kev);
  w.optional_member("epss", printable(finding.epss));
  w.end_object();
  w.end_object();
}

void write_notification(Writer& w, std::string_view level, std::string_view text) {
  w.begin_object().member("level", level);
  write_text(w, "message", text);
  w.end_object();
}

void write_notifications(Writer& w, const Report& report, std::size_t left_out) {
  w.key("toolExecutionNotifications").begin_array();
  if (left_out > 0)
    write_notification(w, "warning",
                       "The " + with_thousands(left_out) +
                           " least severe findings are not in this file; -o json has all.");
  if (report.incomplete)
    write_notification(w, "error", "The scan ended before everything was read.");
  for (const std::string& ecosystem : not_assessed(report))
    write_notification(w, "warning",
                       "Not assessed, no advisories in the data: " + sarif_text(ecosystem) + ".");
  for (std::size_t i = 0; i < std::min(report.gaps.size(), kMostNotifications); ++i) {
    const Gap& gap = report.gaps[i];
    write_notification(w, "warning",
                       "Not examined: " + sarif_text(gap.file.empty() ? "the image" : gap.file) +
                           ": " + sarif_text(gap.stage) + ": " + sarif_text(gap.reason) + ".");
  }
  if (report.gaps.size() > kMostNotifications)
    write_notification(w, "warning",
                       with_thousands(report.gaps.size() - kMostNotifications) +
                           " more gaps are not in this file; -o json has all.");
  w.end_array();
}

void write_invocation(Writer& w, const Report& report, std::size_t left_out) {
  w.key("invocations").begin_array().begin_object();
  w.member("executionSuccessful", !report.incomplete);
  w.member("exitCode", report.exit_status);
  w.member("exitCodeDescription", printable(outcome_text(report), 400));
  w.member("endTimeUtc", report.now);
  write_notifications(w, report, left_out);
  w.end_object().end_array();
}

// What keeps the analyses of two images apart and those of two tags together.
std::string category_of(const Report& report) {
  std::string_view name = image_name(report);
  name = name.substr(0, name.find('@'));
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.rfind(':');
  if (colon != name.npos && (slash == name.npos || colon > slash)) name = name.substr(0, colon);
  while (name.starts_with('/')) name.remove_prefix(1);
  return "fathom/" + uri_path(printable(name)) + "/";
}

void write_tool(Writer& w, const Rules& rules) {
  w.key("tool").begin_object().key("driver").begin_object();
  w.member("name", "fathom").member("version", FATHOM_VERSION);
  w.member("semanticVersion", FATHOM_VERSION);
  // A name and no address: a validator misses it, and there is no page that belongs to a version.
  w.member("informationUri", "urn:fathom:" FATHOM_VERSION);
  w.key("rules").begin_array();
  for (const FindingRow* row : rules.first) write_rule(w, *row);
  w.end_array();
  w.end_object().end_object();
}

void write_image(Writer& w, const Report& report) {
  w.key("properties").begin_object();
  w.member("image", printable(image_name(report)));
  w.optional_member("digest", printable(report.image.digest));
  w.optional_member("platform", printable(report.image.platform));
  w.member("executableBytes", report.coverage.executable_bytes);
  w.member("attributedBytes", report.coverage.attributed_bytes);
  w.end_object();
}

std::string run(const Report& report, const ReportOptions& options) {
  std::vector<FindingRow> rows = results_of(report, options);
  const std::size_t left_out = rows.size() - std::min(rows.size(), kMostResults);
  rows.resize(rows.size() - left_out);
  const Rules rules = rules_of(rows);
  const bool has_baseline = std::any_of(report.findings.begin(), report.findings.end(),
                                        [](const Finding& f) { return f.in_baseline; });
  Writer w;
  w.begin_object();
  w.member("$schema",
           "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
           "sarif-schema-2.1.0.json");
  w.member("version", "2.1.0");
  w.key("runs").begin_array().begin_object();
  write_tool(w, rules);
  write_invocation(w, report, left_out);
  w.key("automationDetails").begin_object().member("id", category_of(report)).end_object();
  w.key("originalUriBaseIds").begin_object().key("ROOTFS").begin_object();
  w.member("uri", "file:///");
  write_text(w, "description", "The root of the image's file system.");
  w.end_object().end_object();
  w.member("columnKind", "utf16CodeUnits");
  w.key("results").begin_array();
  for (const FindingRow& row : rows)
    write_result(w, row, rules.index.at(row.finding->id), has_baseline);
  w.end_array();
  write_image(w, report);
  w.end_object().end_array().end_object();
  return w.finish();
}

}  // namespace

const Reporter kSarifReporter = {
    .name = "sarif",
    .version = 1,
    .summary = "SARIF 2.1.0, for code scanning: a result per finding",
    .run = run,
};

}  // namespace fathom
