// SPDX 2.3 as JSON (https://spdx.github.io/spdx-spec/v2.3/).
//
// The image is the package that the document describes. Files that something was compiled into are
// packages of purpose FILE and not SPDX files: those must have a SHA-1, which nobody computed.
// SPDX has no word for evidence; it stands in sourceInfo as prose. A licence that is no expression
// of listed identifiers is kept word for word as an extracted text.

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

constexpr std::size_t kMostEvidence = 10;  // of a component, in its sourceInfo

struct FileNode {
  std::string id;  // "SPDXRef-file-1"
  const Component* first = nullptr;
};
using FileKey = std::tuple<std::string, std::int64_t, std::string>;

FileKey file_of(const Component& component) {
  return {component.file, component.layer, component.file_digest};
}
bool stands_in_a_file(const Component& component) {
  return component.kind != ComponentKind::package && !component.file.empty();
}

struct Document {
  std::map<FileKey, FileNode> index;
  std::vector<const FileNode*> files;                      // in the order of the components
  std::map<std::string, std::string> extracted;            // licence text → LicenseRef
  std::vector<std::pair<std::string, std::string>> texts;  // LicenseRef and text, in order
};

std::string license_of(const Component& component, Document& document) {
  std::vector<std::string> parts;
  for (const std::string& license : component.licenses) {
    if (is_listed_spdx_expression(license)) {
      parts.push_back(license);
      continue;
    }
    auto [at, is_new] = document.extracted.emplace(
        license, "LicenseRef-fathom-" + std::to_string(document.extracted.size() + 1));
    if (is_new) document.texts.emplace_back(at->second, license);
    parts.push_back(at->second);
  }
  if (parts.empty()) return "NOASSERTION";
  if (parts.size() > 1)
    for (std::string& part : parts)
      if (part.find(' ') != std::string::npos) part = "(" + part + ")";
  return join(parts, " AND ");
}

Document arrange(const Report& report) {
  Document document;
  for (const Component& component : report.components) {
    if (!stands_in_a_file(component)) continue;
    auto [at, is_new] = document.index.emplace(file_of(component), FileNode{});
    if (!is_new) continue;
    document.files.push_back(&at->second);
    at->second = {"SPDXRef-file-" + std::to_string(document.files.size()), &component};
  }
  return document;
}

// ---- Pieces

// An SPDX id has letters, digits, dots and dashes.
std::string ref_of(const Component& component) {
  std::string id = "SPDXRef-";
  for (char c : component.id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-';
    id += plain ? c : '-';
  }
  return id;
}

void write_checksums(Writer& w, std::string_view digest_text) {
  Result<Digest> digest = parse_digest(digest_text);
  if (!digest) return;
  w.key("checksums").begin_array().begin_object();
  w.member("algorithm", digest->algorithm == "sha512" ? "SHA512" : "SHA256");
  w.member("checksumValue", digest->hex);
  w.end_object().end_array();
}

// A locator has no white space; one that has is no locator.
bool is_locator(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n") == text.npos;
}

void write_reference(Writer& w, std::string_view category, std::string_view type,
                     std::string_view locator) {
  w.begin_object().member("referenceCategory", category).member("referenceType", type);
  w.member("referenceLocator", locator).end_object();
}

void write_references(Writer& w, std::string_view purl, std::string_view cpe) {
  const bool has_purl = purl.starts_with("pkg:") && is_locator(purl);
  const bool has_cpe = cpe.starts_with("cpe:2.3:") && is_locator(cpe);
  if (!has_purl && !has_cpe) return;
  w.key("externalRefs").begin_array();
  if (has_cpe) write_reference(w, "SECURITY", "cpe23Type", cpe);
  if (has_purl) write_reference(w, "PACKAGE-MANAGER", "purl", purl);
  w.end_array();
}

std::string source_info(const Component& component) {
  std::string text = std::string(name_of(component.kind)) + ", " +
                     std::string(name_of(component.confidence)) + " confidence";
  if (!component.version.known()) text += ", version " + version_text(component.version);
  if (!component.file.empty()) text += ", in " + printable(component.file);
  if (component.layer >= 0) text += ", layer " + std::to_string(component.layer);
  for (std::size_t i = 0; i < std::min(component.evidence.size(), kMostEvidence); ++i) {
    const Evidence& evidence = component.evidence[i];
    text += "; " + printable(evidence.analyzer) + " at " + printable(text_of(evidence.place)) +
            ": " + printable(evidence.seen);
  }
  return text;
}

void write_assertions(Writer& w, std::string_view declared) {
  w.member("downloadLocation", "NOASSERTION").member("filesAnalyzed", false);
  w.member("licenseConcluded", "NOASSERTION").member("licenseDeclared", declared);
  w.member("copyrightText", "NOASSERTION").member("supplier", "NOASSERTION");
}

// ---- Packages

void write_image(Writer& w, const Report& report) {
  w.begin_object();
  w.member("SPDXID", "SPDXRef-image").member("name", image_name(report));
  w.optional_member("versionInfo", report.image.digest);
  w.member("primaryPackagePurpose", "CONTAINER");
  write_assertions(w, "NOASSERTION");
  write_checksums(w, report.image.digest);
  write_references(w, image_purl(report.image), {});
  w.end_object();
}

void write_file(Writer& w, const FileNode& file) {
  w.begin_object();
  w.member("SPDXID", file.id).member("name", file.first->file);
  w.member("packageFileName", file.first->file).member("primaryPackagePurpose", "FILE");
  write_assertions(w, "NOASSERTION");
  write_checksums(w, file.first->file_digest);
  w.end_object();
}

void write_component(Writer& w, const Component& component, Document& document) {
  w.begin_object();
  w.member("SPDXID", ref_of(component)).member("name", component.name);
  w.optional_member("versionInfo", component.version.exact);
  w.member("primaryPackagePurpose",
           component.kind == ComponentKind::application ? "APPLICATION" : "LIBRARY");
  w.member("sourceInfo", source_info(component));
  write_assertions(w, license_of(component, document));
  write_references(w, component.purl, component.cpe);
  w.end_object();
}

void write_licenses(Writer& w, const Document& document) {
  if (document.texts.empty()) return;
  w.key("hasExtractedLicensingInfos").begin_array();
  for (const auto& [id, text] : document.texts) {
    w.begin_object().member("licenseId", id);
    w.member("extractedText", text).member("name", "NOASSERTION").end_object();
  }
  w.end_array();
}

// ---- Relationships

void write_relationship(Writer& w, std::string_view from, std::string_view type,
                        std::string_view to) {
  w.begin_object().member("spdxElementId", from).member("relationshipType", type);
  w.member("relatedSpdxElement", to).end_object();
}

void write_relationships(Writer& w, const Report& report, const Document& document) {
  w.key("relationships").begin_array();
  write_relationship(w, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image");
  for (const FileNode* file : document.files)
    write_relationship(w, "SPDXRef-image", "CONTAINS", file->id);
  for (const Component& component : report.components) {
    auto at = document.index.find(file_of(component));
    const bool in_file = stands_in_a_file(component) && at != document.index.end();
    write_relationship(w, in_file ? at->second.id : "SPDXRef-image", "CONTAINS", ref_of(component));
  }
  w.end_array();
}

std::string comment_of(const Report& report) {
  const std::size_t gaps = report.gaps.size() + report.coverage.gaps;
  if (gaps == 0 && !report.incomplete) return "Made from the bytes of the image.";
  return "Made from the bytes of the image; incomplete: " + with_thousands(gaps) +
         " gaps, see fathom's JSON report.";
}

std::string document_text(const Report& report, std::string_view name_space) {
  Document document = arrange(report);
  Writer w;
  w.begin_object();
  w.member("spdxVersion", "SPDX-2.3").member("dataLicense", "CC0-1.0");
  w.member("SPDXID", "SPDXRef-DOCUMENT").member("name", image_name(report));
  w.member("documentNamespace", name_space);
  w.key("creationInfo").begin_object();
  w.member("created", report.now).strings("creators", {"Tool: fathom-" FATHOM_VERSION});
  w.end_object();
  w.member("comment", comment_of(report));
  w.key("packages").begin_array();
  write_image(w, report);
  for (const FileNode* file : document.files) write_file(w, *file);
  for (const Component& component : report.components) write_component(w, component, document);
  w.end_array();
  write_licenses(w, document);
  write_relationships(w, report, document);
  w.end_object();
  return w.finish();
}

std::string run(const Report& report, const ReportOptions&) {
  const std::string name = "urn:" + sha256_of(ByteView::of(document_text(report, ""))).text();
  return document_text(report, "https://spdx.org/spdxdocs/fathom-" + uuid_of(kUrlNamespace, name));
}

}  // namespace

const Reporter kSpdxReporter = {
    .name = "spdx-json",
    .version = 1,
    .summary = "SPDX 2.3: components, where they are and why they are believed in",
    .run = run,
};

}  // namespace fathom
