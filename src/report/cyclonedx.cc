// CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/).
//
// The image is metadata.component. Files that something was compiled into are components of type
// file, and depend on what is in them. The list is flat: CycloneDX would let a file's component
// contain the others, but readers that match advisories drop what is nested. Why fathom believes in
// a component is in evidence.identity (how) and evidence.occurrences (where). A vulnerability is an
// entry per finding: the analysis belongs to one component.
//
// The document has no time stamp, and its serial number is derived from its content, so that the
// same report gives the same bytes.

#include <algorithm>
#include <map>
#include <tuple>

#include "base/digest.h"
#include "base/text.h"
#include "json/writer.h"
#include "report/formats.h"
#include "report/rows.h"
#include "report/spdx.h"
#include "report/uuid.h"

namespace fathom {
namespace {

using json::Writer;

// ---- Structure: which component stands in which file

struct FileNode {
  std::string ref;  // "f1"
  std::string path, digest;
  std::int64_t layer = -1;
  std::vector<const Component*> components;
};

struct Bom {
  std::vector<const Component*> packages;
  std::vector<FileNode> files;
};

bool stands_in_a_file(const Component& component) {
  return component.kind != ComponentKind::package && !component.file.empty();
}

Bom arrange(const Report& report) {
  Bom bom;
  std::map<std::tuple<std::string, std::int64_t, std::string>, std::size_t> index;
  for (const Component& component : report.components) {
    if (!stands_in_a_file(component)) {
      bom.packages.push_back(&component);
      continue;
    }
    auto key = std::tuple(component.file, component.layer, component.file_digest);
    auto [at, is_new] = index.emplace(std::move(key), bom.files.size());
    if (is_new)
      bom.files.push_back({.ref = "f" + std::to_string(bom.files.size() + 1),
                           .path = component.file,
                           .digest = component.file_digest,
                           .layer = component.layer,
                           .components = {}});
    bom.files[at->second].components.push_back(&component);
  }
  return bom;
}

// ---- Small pieces

void write_property(Writer& w, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  w.begin_object().member("name", "fathom:" + std::string(name)).member("value", value);
  w.end_object();
}

void write_layer(Writer& w, std::int64_t layer) {
  if (layer >= 0) write_property(w, "layer", std::to_string(layer));
}

// "sha256:…" as CycloneDX writes hashes; nothing for other texts.
void write_hashes(Writer& w, std::string_view digest_text) {
  Result<Digest> digest = parse_digest(digest_text);
  if (!digest) return;
  w.key("hashes").begin_array().begin_object();
  w.member("alg", digest->algorithm == "sha512" ? "SHA-512" : "SHA-256");
  w.member("content", digest->hex);
  w.end_object().end_array();
}

std::string_view type_of(ComponentKind kind) {
  return kind == ComponentKind::application ? "application" : "library";
}

std::string_view number_for(Confidence confidence) {
  switch (confidence) {
    case Confidence::high:
      return "0.9";
    case Confidence::medium:
      return "0.6";
    case Confidence::low:
      return "0.3";
  }
  return "0";
}

// What is written in a database or a manifest was read there, whatever file it is in; the rest was
// concluded from machine code and its data.
std::string_view technique_of(const Component& component, const Evidence& evidence) {
  const bool is_written =
      evidence.place.kind == Place::Kind::line || evidence.place.kind == Place::Kind::pointer;
  return component.kind == ComponentKind::package || is_written ? "manifest-analysis"
                                                                : "binary-analysis";
}

// ---- Components

void write_identity(Writer& w, const Component& component, std::string_view field,
                    std::string_view value, bool with_methods) {
  if (value.empty()) return;
  w.begin_object();
  w.member("field", field);
  w.key("confidence").number(number_for(component.confidence));
  w.member("concludedValue", value);
  if (with_methods) {
    w.key("methods").begin_array();
    for (const Evidence& evidence : component.evidence) {
      w.begin_object();
      w.member("technique", technique_of(component, evidence));
      w.key("confidence").number(number_for(component.confidence));
      w.member("value", evidence.analyzer + ": " + evidence.seen);
      w.end_object();
    }
    w.end_array();
  }
  w.end_object();
}

void write_occurrence(Writer& w, const Component& component, const Evidence& evidence) {
  w.begin_object();
  w.member("location", evidence.file.empty() ? component.file : evidence.file);
  const Place& place = evidence.place;
  if (place.kind == Place::Kind::line) w.member("line", place.value);
  if (place.kind == Place::Kind::offset) w.member("offset", place.value);
  // CycloneDX has no word for an address, a section or a JSON pointer.
  if (place.kind != Place::Kind::line && place.kind != Place::Kind::whole_file)
    w.member("additionalContext", text_of(place) + ": " + evidence.seen);
  else
    w.member("additionalContext", evidence.seen);
  w.end_object();
}

void write_component_evidence(Writer& w, const Component& component) {
  w.key("evidence").begin_object();
  w.key("identity").begin_array();
  write_identity(w, component, "name", component.name, true);
  write_identity(w, component, "version", component.version.exact, true);
  write_identity(w, component, "purl", component.purl, false);
  write_identity(w, component, "cpe", component.cpe, false);
  w.end_array();
  w.key("occurrences").begin_array();
  for (const Evidence& evidence : component.evidence) write_occurrence(w, component, evidence);
  w.end_array();
  w.end_object();
}

// Several expressions all apply. What is no expression is the name of a licence.
void write_licenses(Writer& w, const std::vector<std::string>& licenses) {
  if (licenses.empty()) return;
  w.key("licenses").begin_array();
  if (std::all_of(licenses.begin(), licenses.end(), is_spdx_expression)) {
    std::string all = licenses.front();
    for (std::size_t i = 1; i < licenses.size(); ++i)
      all = (i == 1 ? "(" + all + ")" : all) + " AND (" + licenses[i] + ")";
    w.begin_object().member("expression", all).end_object();
  } else {
    for (const std::string& license : licenses) {
      w.begin_object().key("license").begin_object();
      w.member("name", license).end_object().end_object();
    }
  }
  w.end_array();
}

void write_component(Writer& w, const Component& component) {
  w.begin_object();
  w.member("type", type_of(component.kind));
  w.member("bom-ref", component.id);
  w.member("name", component.name);
  w.optional_member("version", component.version.exact);
  write_licenses(w, component.licenses);
  w.optional_member("cpe", component.cpe);
  w.optional_member("purl", component.purl);
  w.key("properties").begin_array();
  write_property(w, "kind", name_of(component.kind));
  write_property(w, "ecosystem", component.ecosystem);
  write_property(w, "confidence", name_of(component.confidence));
  write_layer(w, component.layer);
  if (!component.version.known()) {
    const VersionClaim& version = component.version;
    if (!version.low.empty() || !version.high.empty())
      write_property(w, "version-range", version.low + ".." + version.high);
    if (!version.candidates.empty())
      write_property(w, "version-candidates", std::to_string(version.candidates.size()));
  }
  write_property(w, "packaged_as", component.packaged_as);
  write_property(w, "source:name", component.source_name);
  write_property(w, "source:version", component.source_version);
  w.end_array();
  write_component_evidence(w, component);
  w.end_object();
}

void write_file(Writer& w, const FileNode& file) {
  w.begin_object();
  w.member("type", "file");
  w.member("bom-ref", file.ref);
  w.member("name", file.path);
  write_hashes(w, file.digest);
  if (file.layer >= 0) {
    w.key("properties").begin_array();
    write_layer(w, file.layer);
    w.end_array();
  }
  w.end_object();
}

// ---- Document head

void write_metadata(Writer& w, const Report& report) {
  w.key("metadata").begin_object();
  w.key("tools").begin_object().key("components").begin_array().begin_object();
  w.member("type", "application").member("name", "fathom").member("version", FATHOM_VERSION);
  w.end_object().end_array().end_object();
  w.key("component").begin_object();
  w.member("type", "container").member("bom-ref", "image").member("name", report.target);
  w.optional_member("version", report.image.digest);
  write_hashes(w, report.image.digest);
  w.optional_member("purl", image_purl(report.image));
  w.key("properties").begin_array();
  write_property(w, "source", report.image.source);
  write_property(w, "platform", report.image.platform);
  for (const std::string& name : report.image.names) write_property(w, "name", name);
  for (const LayerRow& layer : report.image.layers)
    write_property(w, "layer:diff_id", layer.diff_id);
  w.end_array();
  w.end_object();
  w.end_object();
}

void write_dependency(Writer& w, std::string_view ref, const std::vector<std::string>& on) {
  w.begin_object().member("ref", ref).strings("dependsOn", on).end_object();
}

void write_dependencies(Writer& w, const Bom& bom) {
  w.key("dependencies").begin_array();
  std::vector<std::string> top;
  for (const Component* package : bom.packages) top.push_back(package->id);
  for (const FileNode& file : bom.files) top.push_back(file.ref);
  write_dependency(w, "image", top);
  for (const FileNode& file : bom.files) {
    std::vector<std::string> inside;
    for (const Component* component : file.components) inside.push_back(component->id);
    write_dependency(w, file.ref, inside);
  }
  w.end_array();
}

// Nobody can promise that a list made from bytes is complete; with gaps it is known not to be.
void write_compositions(Writer& w, const Report& report) {
  const bool has_gaps = !report.gaps.empty() || report.coverage.gaps > 0 || report.incomplete;
  w.key("compositions").begin_array().begin_object();
  w.member("aggregate", has_gaps ? "incomplete" : "unknown");
  w.strings("assemblies", {"image"});
  w.end_object().end_array();
}

// ---- Vulnerabilities

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

// ---- The document

std::string document(const Report& report, std::string_view serial) {
  const Bom bom = arrange(report);
  Writer w;
  w.begin_object();
  w.member("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
  w.member("bomFormat", "CycloneDX").member("specVersion", "1.6");
  w.optional_member("serialNumber", serial);
  w.member("version", std::int64_t{1});
  write_metadata(w, report);
  w.key("components").begin_array();
  for (const Component* package : bom.packages) write_component(w, *package);
  for (const FileNode& file : bom.files) {
    write_file(w, file);
    for (const Component* component : file.components) write_component(w, *component);
  }
  w.end_array();
  write_dependencies(w, bom);
  write_compositions(w, report);
  w.key("vulnerabilities").begin_array();
  for (std::size_t i = 0; i < report.findings.size(); ++i)
    write_vulnerability(w, report.findings[i], i + 1);
  w.end_array();
  w.end_object();
  return w.finish();
}

std::string run(const Report& report, const ReportOptions&) {
  const std::string content = document(report, {});
  const std::string name = "urn:" + sha256_of(ByteView::of(content)).text();
  return document(report, "urn:uuid:" + uuid_of(kUrlNamespace, name));
}

}  // namespace

const Reporter kCycloneDxReporter = {
    .name = "cyclonedx-json",
    .version = 1,
    .summary = "CycloneDX 1.6: components with evidence, and vulnerabilities",
    .run = run,
};

}  // namespace fathom
