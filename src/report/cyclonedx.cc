// CycloneDX 1.6 and 1.7 as JSON (https://cyclonedx.org/docs/1.6/json/).
//
// The image is metadata.component. Files that something was compiled into are components of type
// file, and depend on what is in them; the package that installed such a file depends on it. The
// list is flat unless --nested is given: CycloneDX lets a file's component contain the others, but
// readers that match advisories (Trivy is one) drop what is nested. Why fathom believes in a
// component is in evidence.identity (how), evidence.occurrences (where) and, where calls in the
// code tell of lines in the library's source, evidence.callstack.
//
// The document has no time stamp unless it is asked for, and its serial number is derived from its
// content, so that the same report gives the same bytes.

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "json/writer.h"
#include "report/bom.h"
#include "report/cyclonedx_parts.h"
#include "report/formats.h"
#include "report/rows.h"
#include "report/spdx.h"
#include "report/uuid.h"

namespace fathom {
namespace {

using bom::Bom;
using cyclonedx::write_property;
using json::Writer;

constexpr std::size_t kMostFrames = 32;

std::string file_ref(std::size_t index) { return "f" + std::to_string(index + 1); }

// ---- Small pieces

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

std::string_view type_of(const Component& component) {
  if (component.ecosystem == "os") return "operating-system";
  return component.kind == ComponentKind::application ? "application" : "library";
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

// ---- Evidence

void write_methods(Writer& w, const Component& component) {
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

void write_identity(Writer& w, const Component& component, std::string_view field,
                    std::string_view value, bool with_methods) {
  if (value.empty()) return;
  w.begin_object();
  w.member("field", field);
  w.key("confidence").number(number_for(component.confidence));
  w.member("concludedValue", value);
  if (with_methods) write_methods(w, component);
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

// Calls in the code that hand on a line of the library's source.
void write_callstack(Writer& w, const Component& component) {
  std::size_t frames = 0;
  for (const Evidence& evidence : component.evidence) {
    const bom::Frame frame = bom::frame_of(evidence);
    if (frame.source.empty() || frames == kMostFrames) continue;
    if (frames++ == 0) w.key("callstack").begin_object().key("frames").begin_array();
    w.begin_object();
    w.member("package", component.name);
    w.member("module", evidence.file.empty() ? component.file : evidence.file);
    w.member("line", frame.line);
    w.member("fullFilename", frame.source);
    w.end_object();
  }
  if (frames > 0) w.end_array().end_object();
}

void write_evidence(Writer& w, const bom::Item& item) {
  const Component& component = *item.component;
  w.key("evidence").begin_object();
  w.key("identity").begin_array();
  write_identity(w, component, "name", component.name, true);
  write_identity(w, component, "version", component.version.exact, true);
  write_identity(w, component, "purl", item.purl, false);
  if (!item.cpe_is_derived) write_identity(w, component, "cpe", item.cpe, false);
  w.end_array();
  w.key("occurrences").begin_array();
  for (const Evidence& evidence : component.evidence) write_occurrence(w, component, evidence);
  w.end_array();
  write_callstack(w, component);
  w.end_object();
}

// ---- Components

// Several expressions all apply. What is no expression of SPDX's identifiers is the name of a
// licence. What the package says of itself is declared; what a table says of the library is
// concluded.
void write_licenses(Writer& w, const Component& component) {
  const std::vector<std::string>& licenses = component.licenses;
  if (licenses.empty()) return;
  const std::string_view acknowledgement =
      component.licenses_from.starts_with("data/") ? "concluded" : "declared";
  w.key("licenses").begin_array();
  if (std::ranges::all_of(licenses, is_listed_spdx_expression)) {
    std::string all = licenses.front();
    for (std::size_t i = 1; i < licenses.size(); ++i)
      all = (i == 1 ? "(" + all + ")" : all) + " AND (" + licenses[i] + ")";
    w.begin_object().member("expression", all).member("acknowledgement", acknowledgement);
    w.end_object();
  } else {
    for (const std::string& license : licenses) {
      w.begin_object().key("license").begin_object();
      w.member("name", license).member("acknowledgement", acknowledgement);
      w.end_object().end_object();
    }
  }
  w.end_array();
}

void write_version_properties(Writer& w, const VersionClaim& version) {
  if (version.known()) return;
  if (!version.low.empty() || !version.high.empty())
    write_property(w, "version-range", version.low + ".." + version.high);
  if (!version.candidates.empty())
    write_property(w, "version-candidates", std::to_string(version.candidates.size()));
}

void write_component(Writer& w, const bom::Item& item) {
  const Component& component = *item.component;
  w.begin_object();
  w.member("type", type_of(component));
  w.member("bom-ref", component.id);
  w.member("name", component.name);
  w.optional_member("version", component.version.exact);
  write_licenses(w, component);
  w.optional_member("cpe", item.cpe);
  w.member("purl", item.purl);
  w.key("properties").begin_array();
  write_property(w, "kind", name_of(component.kind));
  write_property(w, "ecosystem", component.ecosystem);
  write_property(w, "confidence", name_of(component.confidence));
  write_property(w, "claimed", component.claimed ? "true" : "");
  write_property(w, "cpe", item.cpe_is_derived && !item.cpe.empty() ? "derived" : "");
  write_property(w, "licenses_from", component.licenses_from);
  write_layer(w, component.layer);
  write_version_properties(w, component.version);
  write_property(w, "packaged_as", component.packaged_as);
  write_property(w, "source:name", component.source_name);
  write_property(w, "source:version", component.source_version);
  w.end_array();
  write_evidence(w, item);
  w.end_object();
}

void write_file(Writer& w, const Bom& bom, std::size_t index, bool nested) {
  const bom::File& file = bom.files[index];
  w.begin_object();
  w.member("type", "file");
  w.member("bom-ref", file_ref(index));
  w.member("name", file.path);
  write_hashes(w, file.digest);
  if (file.layer >= 0) {
    w.key("properties").begin_array();
    write_layer(w, file.layer);
    w.end_array();
  }
  if (nested) {
    w.key("components").begin_array();
    for (const std::size_t item : file.items) write_component(w, bom.items[item]);
    w.end_array();
  }
  w.end_object();
}

void write_components(Writer& w, const Bom& bom, bool nested) {
  w.key("components").begin_array();
  for (std::size_t i = 0; i < bom.items.size(); ++i)
    if (bom.file_of[i] < 0) write_component(w, bom.items[i]);
  for (std::size_t i = 0; i < bom.files.size(); ++i) {
    write_file(w, bom, i, nested);
    if (nested) continue;
    for (const std::size_t item : bom.files[i].items) write_component(w, bom.items[item]);
  }
  w.end_array();
}

// ---- Document head

void write_metadata(Writer& w, const Report& report, const ReportOptions& options) {
  w.key("metadata").begin_object();
  if (options.timestamp) w.member("timestamp", bom::time_of(report, options));
  w.key("lifecycles").begin_array().begin_object();
  w.member("phase", "post-build").end_object().end_array();
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

// What a package installed is reached through the package.
void write_dependencies(Writer& w, const Bom& bom) {
  std::vector<std::string> top;
  std::vector<std::vector<std::string>> of_package(bom.items.size());
  for (std::size_t i = 0; i < bom.items.size(); ++i)
    if (bom.file_of[i] < 0) top.push_back(bom.items[i].component->id);
  for (std::size_t i = 0; i < bom.files.size(); ++i)
    (bom.package_of[i] < 0 ? top : of_package[static_cast<std::size_t>(bom.package_of[i])])
        .push_back(file_ref(i));
  w.key("dependencies").begin_array();
  write_dependency(w, "image", top);
  for (std::size_t i = 0; i < of_package.size(); ++i)
    if (!of_package[i].empty()) write_dependency(w, bom.items[i].component->id, of_package[i]);
  for (std::size_t i = 0; i < bom.files.size(); ++i) {
    std::vector<std::string> inside;
    for (const std::size_t item : bom.files[i].items)
      inside.push_back(bom.items[item].component->id);
    write_dependency(w, file_ref(i), inside);
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

// ---- The document

std::string document(const Report& report, const ReportOptions& options, std::string_view version,
                     std::string_view serial) {
  const Bom bom = bom::arrange(report);
  Writer w;
  w.begin_object();
  w.member("$schema", "http://cyclonedx.org/schema/bom-" + std::string(version) + ".schema.json");
  w.member("bomFormat", "CycloneDX").member("specVersion", version);
  w.optional_member("serialNumber", serial);
  w.member("version", std::int64_t{1});
  write_metadata(w, report, options);
  write_components(w, bom, options.nested);
  write_dependencies(w, bom);
  write_compositions(w, report);
  cyclonedx::write_vulnerabilities(w, report.findings);
  w.end_object();
  return w.finish();
}

std::string run(const Report& report, const ReportOptions& options, std::string_view version) {
  const std::string content = document(report, options, version, {});
  const std::string name = "urn:" + sha256_of(ByteView::of(content)).text();
  return document(report, options, version, "urn:uuid:" + uuid_of(kUrlNamespace, name));
}

std::string run_1_6(const Report& report, const ReportOptions& options) {
  return run(report, options, "1.6");
}
std::string run_1_7(const Report& report, const ReportOptions& options) {
  return run(report, options, "1.7");
}

}  // namespace

const Reporter kCycloneDxReporter = {
    .name = "cyclonedx-json",
    .version = 2,
    .summary = "CycloneDX 1.6: components with evidence, and vulnerabilities",
    .run = run_1_6,
    .is_sbom = true,
};

const Reporter kCycloneDx17Reporter = {
    .name = "cyclonedx-1.7-json",
    .version = 1,
    .summary = "the same as CycloneDX 1.7",
    .run = run_1_7,
    .is_sbom = true,
};

}  // namespace fathom
