// SPDX 2.3 as JSON (https://spdx.github.io/spdx-spec/v2.3/).

#include "json/writer.h"
#include "report/formats.h"
#include "report/spdx_document.h"

namespace fathom {
namespace {

using json::Writer;

void write_checksums(Writer& w, const spdx::Package& package) {
  if (package.sha256.empty() && package.sha512.empty()) return;
  w.key("checksums").begin_array().begin_object();
  w.member("algorithm", package.sha256.empty() ? "SHA512" : "SHA256");
  w.member("checksumValue", package.sha256.empty() ? package.sha512 : package.sha256);
  w.end_object().end_array();
}

void write_reference(Writer& w, std::string_view category, std::string_view type,
                     std::string_view locator) {
  if (locator.empty()) return;
  w.begin_object().member("referenceCategory", category).member("referenceType", type);
  w.member("referenceLocator", locator).end_object();
}

void write_package(Writer& w, const spdx::Package& package) {
  w.begin_object();
  w.member("SPDXID", package.id).member("name", package.name);
  w.optional_member("versionInfo", package.version);
  w.optional_member("packageFileName", package.file_name);
  w.member("primaryPackagePurpose", spdx::name_of(package.purpose));
  w.optional_member("sourceInfo", package.source_info);
  w.member("downloadLocation", "NOASSERTION").member("filesAnalyzed", false);
  w.member("licenseConcluded", package.is_concluded ? package.license : "NOASSERTION");
  w.member("licenseDeclared", package.is_concluded ? "NOASSERTION" : package.license);
  w.member("copyrightText", "NOASSERTION").member("supplier", "NOASSERTION");
  write_checksums(w, package);
  if (!package.purl.empty() || !package.cpe.empty()) {
    w.key("externalRefs").begin_array();
    write_reference(w, "SECURITY", "cpe23Type", package.cpe);
    write_reference(w, "PACKAGE-MANAGER", "purl", package.purl);
    w.end_array();
  }
  w.end_object();
}

void write_texts(Writer& w, const spdx::Document& document) {
  if (document.texts.empty()) return;
  w.key("hasExtractedLicensingInfos").begin_array();
  for (const auto& [id, text] : document.texts) {
    w.begin_object().member("licenseId", id);
    w.member("extractedText", text).member("name", "NOASSERTION").end_object();
  }
  w.end_array();
}

std::string run(const Report& report, const ReportOptions& options) {
  const spdx::Document document = spdx::document_of(report, options);
  Writer w;
  w.begin_object();
  w.member("spdxVersion", "SPDX-2.3").member("dataLicense", "CC0-1.0");
  w.member("SPDXID", "SPDXRef-DOCUMENT").member("name", document.name);
  w.member("documentNamespace", document.name_space);
  w.key("creationInfo").begin_object();
  w.member("created", document.created);
  w.strings("creators", {"Tool: " + std::string(spdx::kCreator)});
  w.end_object();
  w.member("comment", document.comment);
  w.key("packages").begin_array();
  for (const spdx::Package& package : document.packages) write_package(w, package);
  w.end_array();
  write_texts(w, document);
  w.key("relationships").begin_array();
  for (const spdx::Relationship& relationship : document.relationships) {
    w.begin_object().member("spdxElementId", relationship.from);
    w.member("relationshipType", relationship.type);
    w.member("relatedSpdxElement", relationship.to).end_object();
  }
  w.end_array();
  w.end_object();
  return w.finish();
}

}  // namespace

const Reporter kSpdxReporter = {
    .name = "spdx-json",
    .version = 2,
    .summary = "SPDX 2.3: components, where they are and why they are believed in",
    .run = run,
    .is_sbom = true,
};

}  // namespace fathom
