// GitLab's container scanning report, schema 15.0.7:
// https://gitlab.com/gitlab-org/security-products/security-report-schemas. GitLab refuses a file
// that its schema does not take as a whole, so lengths and forms are held to it here.
//
// GitLab tells findings of two scans apart by image, package name and first identifier. What it
// shows is Markdown; texts from the image stand in code spans there.

#include <algorithm>

#include "base/text.h"
#include "json/writer.h"
#include "report/escape.h"
#include "report/formats.h"
#include "report/rows.h"
#include "report/uuid.h"

namespace fathom {
namespace {

using json::Writer;

constexpr std::string_view kSchemaVersion = "15.0.7";
constexpr std::size_t kMostName = 200, kMostSolution = 2000;  // bytes; the schema: 255, 7,000
constexpr std::size_t kMostMessages = 200;                    // ours

std::string_view severity_of(Severity severity) {
  switch (severity) {
    case Severity::critical:
      return "Critical";
    case Severity::high:
      return "High";
    case Severity::medium:
      return "Medium";
    case Severity::low:
      return "Low";
    case Severity::none:
      return "Info";
    case Severity::unknown:
      return "Unknown";
  }
  return "Unknown";
}

std::string or_else(std::string text, std::string_view fallback) {
  return text.empty() ? std::string(fallback) : text;
}

// "debian-12" of the first package that says what it was made for; GitLab wants a word here.
std::string operating_system(const Report& report) {
  for (const Component& component : report.components) {
    const std::size_t at = component.purl.find("distro=");
    if (component.kind != ComponentKind::package || at == std::string::npos) continue;
    const std::string_view rest = std::string_view(component.purl).substr(at + 7);
    if (std::string name = printable(rest.substr(0, rest.find_first_of("&#"))); !name.empty())
      return name;
  }
  return "unknown";
}

void write_identifier(Writer& w, std::string_view id) {
  const std::string shown = or_else(printable(id), "unknown");
  std::string type = to_lower(shown.substr(0, shown.find('-')));
  w.begin_object();
  w.member("type", or_else(std::move(type), "fathom")).member("name", shown);
  w.member("value", shown);
  w.optional_member("url", advisory_url(id));
  w.end_object();
}

// The schema checks vectors of version 2 and 3 letter by letter and knows no others.
bool is_known_vector(std::string_view vector) {
  const bool v3 = vector.starts_with("CVSS:3.0/") || vector.starts_with("CVSS:3.1/");
  if (!v3 || vector.size() < 32 || vector.size() > 128) return false;
  for (std::string_view metric : split(vector.substr(9), '/')) {
    struct Metric {
      std::string_view name, values;
    };
    constexpr Metric kBase[] = {{"AV", "NALP"}, {"AC", "LH"}, {"PR", "NLH"}, {"UI", "NR"},
                                {"S", "UC"},    {"C", "NLH"}, {"I", "NLH"},  {"A", "NLH"}};
    const std::size_t colon = metric.find(':');
    if (colon == metric.npos || metric.size() != colon + 2) return false;
    const auto* known = std::find_if(std::begin(kBase), std::end(kBase), [&](const Metric& m) {
      return m.name == metric.substr(0, colon);
    });
    if (known == std::end(kBase) || known->values.find(metric[colon + 1]) == std::string::npos)
      return false;
  }
  return true;
}

void write_cvss(Writer& w, const Finding& finding) {
  if (!is_known_vector(finding.cvss)) return;
  w.key("cvss_vectors").begin_array().begin_object();
  w.member("vendor", or_else(printable(finding.source), "unknown")).member("vector", finding.cvss);
  w.end_object().end_array();
}

std::string description_of(const FindingRow& row) {
  const Finding& finding = *row.finding;
  const Component& component = *row.component;
  std::string text =
      "Component: " + markdown_code(component.name + " " + version_text(component.version));
  if (!component.file.empty()) text += " in " + markdown_code(component.file);
  text += "\n\nVerdict: " + std::string(name_of(finding.verdict));
  if (!finding.why.empty()) text += ", " + markdown_code(finding.why, 400);
  if (finding.range_uncertain) text += "\n\nThe version range is uncertain.";
  if (finding.kev) text += "\n\nKnown to be exploited (CISA).";
  for (std::size_t i = 0; i < std::min<std::size_t>(component.evidence.size(), 10); ++i) {
    const Evidence& evidence = component.evidence[i];
    text += "\n\nSeen by " + markdown_code(evidence.analyzer) + " at " +
            markdown_code(text_of(evidence.place)) + ": " + markdown_code(evidence.seen);
  }
  return text;
}

void write_field(Writer& w, std::string_view key, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  w.key(key).begin_object();
  w.member("name", name).member("type", "text").member("value", printable(value, 1000));
  w.end_object();
}

void write_details(Writer& w, const FindingRow& row) {
  w.key("details").begin_object();
  write_field(w, "file", "File", row.component->file);
  write_field(w, "purl", "Package URL", row.component->purl);
  write_field(w, "cpe", "CPE", row.component->cpe);
  write_field(w, "epss", "EPSS", row.finding->epss);
  write_field(w, "in_baseline", "Baseline", row.finding->in_baseline ? "already known" : "");
  w.end_object();
}

void write_location(Writer& w, const FindingRow& row, const Report& report, std::string_view os) {
  w.key("location").begin_object();
  w.key("dependency").begin_object();
  w.key("package").begin_object().member("name", printable(row.component->name)).end_object();
  w.member("version", printable(version_text(row.component->version))).end_object();
  w.member("operating_system", os);
  w.member("image", or_else(printable(image_name(report)), "unknown"));
  w.end_object();
}

void write_flags(Writer& w, const FindingRow& row) {
  if (row.suppression == Suppression::none) return;
  w.key("flags").begin_array().begin_object();
  w.member("type", "flagged-as-likely-false-positive").member("origin", "fathom");
  w.member("description", or_else(printable(reason_of(*row.finding), 1000), "no reason given"));
  w.end_object().end_array();
}

void write_finding(Writer& w, const FindingRow& row, const Report& report, std::string_view os) {
  const Finding& finding = *row.finding;
  w.begin_object();
  w.member("id", uuid_of(kUrlNamespace, "urn:fathom:finding:" + row.fingerprint));
  w.member("name", printable(finding.id + " in " + row.component->name, kMostName));
  w.member("description", description_of(row));
  w.member("severity", severity_of(finding.severity));
  if (!finding.fixed_in.empty())
    w.member("solution", "Update to " + markdown_code(join(finding.fixed_in, ", "), kMostSolution));
  w.key("identifiers").begin_array();
  write_identifier(w, finding.id);
  for (std::size_t i = 0; i < std::min<std::size_t>(finding.aliases.size(), 19); ++i)
    write_identifier(w, finding.aliases[i]);
  w.end_array();
  write_cvss(w, finding);
  if (const std::string url = advisory_url(finding.id); !url.empty())
    w.key("links").begin_array().begin_object().member("url", url).end_object().end_array();
  write_details(w, row);
  write_flags(w, row);
  write_location(w, row, report, os);
  w.end_object();
}

void write_message(Writer& w, std::string_view level, std::string_view text) {
  w.begin_object().member("level", level).member("value", text).end_object();
}

void write_messages(Writer& w, const Report& report) {
  w.key("messages").begin_array();
  if (report.incomplete) write_message(w, "warn", "the scan ended before everything was read");
  for (const std::string& ecosystem : not_assessed(report))
    write_message(w, "warn", "not assessed, no advisories in the data: " + printable(ecosystem));
  for (std::size_t i = 0; i < std::min(report.gaps.size(), kMostMessages); ++i) {
    const Gap& gap = report.gaps[i];
    write_message(w, "warn",
                  "not examined: " + printable(gap.file.empty() ? "the image" : gap.file) + ": " +
                      printable(gap.stage) + ": " + printable(gap.reason));
  }
  if (report.gaps.size() > kMostMessages)
    write_message(w, "warn", with_thousands(report.gaps.size() - kMostMessages) + " more gaps");
  w.end_array();
}

void write_tool(Writer& w, std::string_view role) {
  w.key(role).begin_object();
  w.member("id", "fathom").member("name", "fathom").member("version", FATHOM_VERSION);
  w.key("vendor").begin_object().member("name", "fathom").end_object();
  w.end_object();
}

std::string run(const Report& report, const ReportOptions& options) {
  const std::string time = report.now.substr(0, 19);  // the schema has no time zone: UTC
  const std::string os = operating_system(report);
  Writer w;
  w.begin_object();
  w.member("version", kSchemaVersion);
  w.key("scan").begin_object();
  write_tool(w, "analyzer");
  write_tool(w, "scanner");
  w.member("type", "container_scanning");
  w.member("start_time", time).member("end_time", time);
  w.member("status", report.incomplete ? "failure" : "success");
  write_messages(w, report);
  w.end_object();
  w.key("vulnerabilities").begin_array();
  for (const FindingRow& row : rows_of(report, options)) write_finding(w, row, report, os);
  w.end_array();
  w.end_object();
  return w.finish();
}

}  // namespace

const Reporter kGitlabReporter = {
    .name = "gitlab",
    .version = 1,
    .summary = "GitLab container scanning report",
    .run = run,
};

}  // namespace fathom
