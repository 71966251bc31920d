// The vulnerabilities of a CycloneDX document: an entry per finding, because the analysis belongs
// to one component.

#include "base/text.h"
#include "report/cyclonedx_parts.h"
#include "report/rows.h"

namespace fathom::cyclonedx {
namespace {

using json::Writer;

std::string_view method_of(std::string_view vector) {
  if (vector.starts_with("CVSS:4.")) return "CVSSv4";
  if (vector.starts_with("CVSS:3.1")) return "CVSSv31";
  if (vector.starts_with("CVSS:3.0")) return "CVSSv3";
  if (vector.starts_with("AV:") || vector.starts_with("(AV:")) return "CVSSv2";
  return "other";
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto month = parse_unsigned(text.substr(5, 2)), day = parse_unsigned(text.substr(8, 2));
  return parse_unsigned(text.substr(0, 4)) && month && day && *month >= 1 && *month <= 12 &&
         *day >= 1 && *day <= 31;
}

void write_ratings(Writer& w, const Finding& finding) {
  w.key("ratings").begin_array();
  w.begin_object();
  if (is_decimal(finding.cvss_score)) w.key("score").number(finding.cvss_score);
  w.member("severity", name_of(finding.severity));
  if (!finding.cvss.empty())
    w.member("method", method_of(finding.cvss)).member("vector", finding.cvss);
  w.end_object();
  if (is_decimal(finding.epss)) {
    w.begin_object();
    w.key("source").begin_object().member("name", "EPSS").end_object();
    w.key("score").number(finding.epss);
    w.member("method", "other");
    w.end_object();
  }
  w.end_array();
}

struct Analysis {
  std::string_view state, justification;
};

// not_affected and resolved are claims that somebody will rely on: only with proof in the report.
Analysis analysis_of(const Finding& finding) {
  if (finding.stated == "fixed") return {"resolved", {}};
  if (finding.stated == "not_affected") return {"not_affected", {}};
  const bool proven = !finding.evidence.empty();
  switch (finding.verdict) {
    case Verdict::not_present:
      if (proven) return {"not_affected", "code_not_present"};
      break;
    case Verdict::present_unreachable:
      if (proven) return {"not_affected", "code_not_reachable"};
      break;
    case Verdict::patched:
      if (proven) return {"resolved", {}};
      break;
    case Verdict::reachable:
    case Verdict::reachable_indirectly:
      return {"exploitable", {}};
    case Verdict::affected_by_version:
    case Verdict::unknown:
      break;
  }
  return {"in_triage", {}};
}

void write_analysis(Writer& w, const Finding& finding) {
  const Analysis analysis = analysis_of(finding);
  std::string detail = finding.why;
  for (const Evidence& proof : finding.evidence)
    detail +=
        "\n" + proof.analyzer + ", " + proof.file + ", " + text_of(proof.place) + ": " + proof.seen;
  if (finding.ignored) detail += "\nignored: " + finding.ignored_because;
  w.key("analysis").begin_object();
  w.member("state", analysis.state);
  w.optional_member("justification", analysis.justification);
  w.optional_member("detail", trim(detail));
  w.end_object();
}

// "GHSA-…" and "GO-…" name who gave the id.
std::string_view issuer_of(std::string_view id) { return id.substr(0, id.find('-')); }

void write_references(Writer& w, const std::vector<std::string>& aliases) {
  if (aliases.empty()) return;
  w.key("references").begin_array();
  for (const std::string& alias : aliases) {
    w.begin_object().member("id", alias);
    w.key("source").begin_object().member("name", issuer_of(alias)).end_object();
    w.end_object();
  }
  w.end_array();
}

void write_vulnerability(Writer& w, const Finding& finding, std::size_t number) {
  w.begin_object();
  w.member("bom-ref", "v" + std::to_string(number));
  w.member("id", finding.id);
  if (!finding.source.empty())
    w.key("source").begin_object().member("name", finding.source).end_object();
  write_references(w, finding.aliases);
  write_ratings(w, finding);
  if (!finding.fixed_in.empty())
    w.member("recommendation", "Fixed in " + join(finding.fixed_in, ", "));
  if (is_date(finding.published)) w.member("published", finding.published + "T00:00:00Z");
  write_analysis(w, finding);
  w.key("affects").begin_array();
  w.begin_object().member("ref", finding.component).end_object();
  w.end_array();
  w.key("properties").begin_array();
  write_property(w, "verdict", name_of(finding.verdict));
  write_property(w, "kev", finding.kev ? "true" : "");
  write_property(w, "epss:percentile", finding.epss_percentile);
  write_property(w, "range_uncertain", finding.range_uncertain ? "true" : "");
  write_property(w, "in_baseline", finding.in_baseline ? "true" : "");
  write_property(w, "stated", finding.stated);
  write_property(w, "ignored_because", finding.ignored ? finding.ignored_because : "");
  w.end_array();
  w.end_object();
}

}  // namespace

void write_property(Writer& w, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  w.begin_object().member("name", "fathom:" + std::string(name)).member("value", value);
  w.end_object();
}

void write_vulnerabilities(Writer& w, const std::vector<Finding>& findings) {
  w.key("vulnerabilities").begin_array();
  for (std::size_t i = 0; i < findings.size(); ++i) write_vulnerability(w, findings[i], i + 1);
  w.end_array();
}

}  // namespace fathom::cyclonedx
