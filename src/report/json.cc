// The report as one JSON document, the source of all other formats and of baselines. Its contract
// is docs/report.schema.json; "schema" counts the incompatible changes. Members that would say
// nothing (an empty text, no layer) are left out, lists and numbers never are: a reader can tell
// "none" from "not asked". Scores are texts, so that no reader rounds them.

#include "json/writer.h"
#include "report/audit_json.h"
#include "report/formats.h"
#include "report/hardening.h"
#include "report/json_parts.h"
#include "report/ldd.h"
#include "report/origin_json.h"
#include "report/sbom_json.h"

namespace fathom {
namespace {

using json::Writer;

constexpr std::int64_t kSchema = 1;

void write_layer(Writer& w, std::int64_t layer) {
  if (layer >= 0) w.member("layer", layer);
}

void write_attached(Writer& w, const std::vector<Attachment>& list) {
  w.key("attached").begin_array();
  for (const Attachment& attached : list) {
    w.begin_object();
    w.member("kind", attached.kind);
    w.optional_member("type", attached.type);
    w.member("digest", attached.digest);
    w.member("size", attached.size);
    w.member("subject", attached.subject);
    w.member("found", attached.found);
    w.member("status", "not verified");
    w.end_object();
  }
  w.end_array();
}

void write_image(Writer& w, const ImageRow& image) {
  w.key("image").begin_object();
  w.optional_member("digest", image.digest);
  w.optional_member("platform", image.platform);
  w.member("source", image.source);
  w.optional_member("created", image.created);
  w.strings("names", image.names);
  w.strings("entrypoint", image.entrypoint);
  w.strings("command", image.command);
  w.key("layers").begin_array();
  for (const LayerRow& layer : image.layers) {
    w.begin_object();
    w.optional_member("digest", layer.digest);
    w.optional_member("diff_id", layer.diff_id);
    w.member("size", layer.size);
    w.optional_member("created_by", layer.created_by);
    w.member("files", layer.files);
    w.optional_member("created", layer.created);
    w.end_object();
  }
  w.end_array();
  // Only registries are asked; elsewhere nobody knows.
  if (image.asked_for_attached) write_attached(w, image.attached);
  w.end_object();
}

void write_coverage(Writer& w, const Coverage& coverage) {
  w.key("coverage").begin_object();
  w.key("files").begin_object();
  w.member("total", coverage.files);
  w.member("identified", coverage.identified);
  w.member("inert", coverage.inert);
  w.member("gaps", coverage.gaps);
  w.member("executable", coverage.executable_files);
  w.end_object();
  w.key("executable_bytes").begin_object();
  w.member("total", coverage.executable_bytes);
  w.member("attributed", coverage.attributed_bytes);
  w.end_object();
  w.key("ecosystems").begin_array();
  for (const EcosystemCoverage& row : coverage.ecosystems) {
    w.begin_object();
    w.member("name", row.ecosystem);
    w.member("status", row.advisories > 0 ? "assessed" : "not assessed");
    w.member("components", row.components);
    w.member("advisories", row.advisories);
    w.optional_member("newest", row.newest);
    w.optional_member("release", row.release);
    w.optional_member("end_of_life", row.end_of_life);
    w.end_object();
  }
  w.end_array().end_object();
}

void write_file(Writer& w, const FileRow& file) {
  w.begin_object();
  w.member("path", file.path);
  w.optional_member("digest", file.digest);
  w.member("size", file.size);
  write_layer(w, file.layer);
  w.member("kind", file.kind);
  w.optional_member("type", file.type);
  w.member("state", name_of(file.state));
  w.optional_member("owner", file.owner);
  if (!file.digest.empty()) write_file_origin(w, file.origin);
  if (file.shadowed) {
    w.member("shadowed", true);
    if (file.shadowed_by >= 0) w.member("shadowed_by", file.shadowed_by);
  }
  if (file.executable_bytes > 0) {
    w.member("executable", file.executable_bytes);
    w.member("attributed", file.attributed_bytes);
  }
  w.end_object();
}

void write_version(Writer& w, const VersionClaim& version) {
  if (version.known()) {
    w.member("version", version.exact);
    return;
  }
  if (version.low.empty() && version.high.empty() && version.candidates.empty()) return;
  w.key("versions").begin_object();
  w.optional_member("low", version.low);
  w.optional_member("high", version.high);
  w.strings("candidates", version.candidates);
  w.end_object();
}

void write_component(Writer& w, const Component& component) {
  w.begin_object();
  w.member("id", component.id);
  w.member("kind", name_of(component.kind));
  w.member("name", component.name);
  write_version(w, component.version);
  w.member("ecosystem", component.ecosystem);
  w.optional_member("purl", component.purl);
  w.optional_member("cpe", component.cpe);
  if (!component.source_name.empty() || !component.source_version.empty()) {
    w.key("source").begin_object();
    w.optional_member("name", component.source_name);
    w.optional_member("version", component.source_version);
    w.end_object();
  }
  w.strings("licenses", component.licenses);
  w.optional_member("licenses_from", component.licenses_from);
  if (component.claimed) w.member("claimed", true);
  w.member("file", component.file);
  w.optional_member("digest", component.file_digest);
  write_layer(w, component.layer);
  if (!component.evidence.empty()) write_place(w, component.evidence.front().place);
  w.strings("owned_files", component.owned_files);
  w.optional_member("packaged_as", component.packaged_as);
  w.member("from", name_of(component.side));
  w.member("confidence", name_of(component.confidence));
  write_evidence_list(w, "evidence", component.evidence);
  w.end_object();
}

// The words of VEX (OpenVEX, CSAF) for what was shown. A verdict without proof justifies nothing.
std::string_view justification_of(const Finding& finding) {
  if (finding.evidence.empty()) return {};
  if (finding.verdict == Verdict::not_present) return "vulnerable_code_not_present";
  if (finding.verdict == Verdict::present_unreachable) return "vulnerable_code_not_in_execute_path";
  return {};
}

void write_verdict(Writer& w, const Finding& finding) {
  w.key("verdict").begin_object();
  w.member("status", name_of(finding.verdict));
  w.optional_member("justification", justification_of(finding));
  w.member("why", finding.why);
  if (!finding.functions.empty()) w.strings("functions", finding.functions);
  if (!finding.path.empty()) w.strings("path", finding.path);
  write_evidence_list(w, "proof", finding.evidence);
  w.end_object();
}

void write_finding(Writer& w, const Finding& finding) {
  w.begin_object();
  w.member("id", finding.id);
  w.strings("aliases", finding.aliases);
  w.member("component", finding.component);
  w.member("severity", name_of(finding.severity));
  if (!finding.cvss.empty() || !finding.cvss_score.empty()) {
    w.key("cvss").begin_object();
    w.optional_member("vector", finding.cvss);
    w.optional_member("score", finding.cvss_score);
    w.end_object();
  }
  w.member("kev", finding.kev);
  if (!finding.epss.empty()) {
    w.key("epss").begin_object();
    w.member("score", finding.epss);
    w.optional_member("percentile", finding.epss_percentile);
    w.end_object();
  }
  w.strings("fixed_in", finding.fixed_in);
  if (finding.fix != FixState::unknown) w.member("fix", name_of(finding.fix));
  w.optional_member("published", finding.published);
  if (finding.disputed) w.member("disputed", true);
  if (finding.withdrawn) w.member("withdrawn", true);
  w.member("range_uncertain", finding.range_uncertain);
  w.member("source", finding.source);
  write_verdict(w, finding);
  w.member("ignored", finding.ignored);
  if (finding.ignored) w.member("ignored_because", finding.ignored_because);
  w.optional_member("stated", finding.stated);
  w.member("in_baseline", finding.in_baseline);
  w.end_object();
}

void write_mention(Writer& w, const Mention& mention) {
  w.begin_object();
  w.member("library", mention.library);
  w.optional_member("version", mention.version);
  w.member("file", mention.file);
  w.member("why", mention.why);
  w.key("evidence");
  write_evidence(w, mention.evidence);
  w.end_object();
}

template <class Row>
void write_rows(Writer& w, std::string_view name, const std::vector<Row>& rows,
                void (*write)(Writer&, const Row&)) {
  w.key(name).begin_array();
  for (const Row& row : rows) write(w, row);
  w.end_array();
}

void write_data(Writer& w, const DataRow& row) {
  w.begin_object();
  w.member("kind", row.kind).member("id", row.id);
  w.optional_member("date", row.date);
  w.end_object();
}

std::string run(const Report& report, const ReportOptions&) {
  Writer w;
  w.begin_object();
  w.member("schema", kSchema);
  w.key("tool").begin_object();
  w.member("name", "fathom").member("version", FATHOM_VERSION).end_object();
  w.member("target", report.target);
  w.member("now", report.now);
  w.member("exit_status", report.exit_status);
  w.member("incomplete", report.incomplete);
  w.key("policy").begin_object();
  w.member("failed", report.policy.failed).strings("reasons", report.policy.reasons);
  w.end_object();
  write_image(w, report.image);
  write_coverage(w, report.coverage);
  write_rows(w, "findings", report.findings, write_finding);
  write_rows(w, "components", report.components, write_component);
  write_rows(w, "hardening", report.hardening, write_hardening);
  write_rows(w, "unloaded", report.unloaded, write_unloaded);
  write_sboms(w, report.sboms, write_evidence);
  write_rows(w, "gaps", report.gaps, write_gap);
  write_audit(w, report, write_evidence);
  write_origins(w, report.origin);
  write_rows(w, "mentions", report.mentions, write_mention);
  write_rows(w, "files", report.files, write_file);
  write_rows(w, "data", report.data, write_data);
  w.strings("notes", report.notes);
  w.end_object();
  return w.finish();
}

}  // namespace

void write_place(json::Writer& w, const Place& place) {
  w.key("place").begin_object();
  switch (place.kind) {
    case Place::Kind::whole_file:
      w.member("kind", "whole_file");
      break;
    case Place::Kind::offset:
      w.member("kind", "offset").member("value", place.value);
      w.optional_member("section", place.text);
      break;
    case Place::Kind::address:
      w.member("kind", "address").member("value", place.value);
      w.optional_member("section", place.text);
      break;
    case Place::Kind::line:
      w.member("kind", "line").member("value", place.value);
      break;
    case Place::Kind::pointer:
      w.member("kind", "pointer").member("name", place.text);
      break;
    case Place::Kind::name:
      w.member("kind", "name").member("name", place.text);
      break;
  }
  w.end_object();
}

void write_evidence(json::Writer& w, const Evidence& evidence) {
  w.begin_object();
  w.member("analyzer", evidence.analyzer);
  w.optional_member("file", evidence.file);
  w.optional_member("digest", evidence.file_digest);
  write_place(w, evidence.place);
  w.member("seen", evidence.seen);
  w.end_object();
}

void write_evidence_list(json::Writer& w, std::string_view name,
                         const std::vector<Evidence>& list) {
  w.key(name).begin_array();
  for (const Evidence& evidence : list) write_evidence(w, evidence);
  w.end_array();
}

void write_gap(json::Writer& w, const Gap& gap) {
  w.begin_object();
  w.member("stage", gap.stage);
  w.optional_member("file", gap.file);
  w.optional_member("digest", gap.file_digest);
  write_layer(w, gap.layer);
  w.member("code", name_of(gap.code));
  w.member("reason", gap.reason);
  w.end_object();
}

const Reporter kJsonReporter = {
    .name = "json",
    .version = 1,
    .summary = "everything fathom knows, as docs/report.schema.json describes it",
    .run = run,
};

}  // namespace fathom
