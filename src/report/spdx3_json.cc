// SPDX 3.0.1 as JSON-LD (https://spdx.github.io/spdx-spec/v3.0.1/): a graph of elements, each with
// an identifier that is valid everywhere. Where the licence of a component comes from is a
// relationship of its own; how a component was recognised is an annotation.

#include <map>

#include "json/writer.h"
#include "report/formats.h"
#include "report/spdx_document.h"

namespace fathom {
namespace {

using json::Writer;

constexpr std::string_view kCreation = "_:creation";

std::string_view word_for(spdx::Purpose purpose) {
  switch (purpose) {
    case spdx::Purpose::container:
      return "container";
    case spdx::Purpose::file:
      return "file";
    case spdx::Purpose::library:
      return "library";
    case spdx::Purpose::application:
      return "application";
    case spdx::Purpose::operating_system:
      return "operatingSystem";
  }
  return {};
}

class Graph {
 public:
  explicit Graph(const spdx::Document& document) : document_(document) {}

  std::string run() {
    w_.begin_object();
    w_.member("@context", "https://spdx.org/rdf/3.0.1/spdx-context.jsonld");
    w_.key("@graph").begin_array();
    write_creation();
    write_heads();
    for (const spdx::Package& package : document_.packages) write_package(package);
    write_licenses();
    write_contains();
    w_.end_array().end_object();
    return w_.finish();
  }

 private:
  std::string id(std::string_view local) const {
    return document_.name_space + "#" + std::string(local);
  }

  // Elements are open until end_object().
  void begin(std::string_view type, std::string_view local) {
    w_.begin_object().member("type", type).member("spdxId", id(local));
    w_.member("creationInfo", kCreation);
  }

  void write_creation() {
    w_.begin_object().member("type", "CreationInfo").member("@id", kCreation);
    w_.member("specVersion", "3.0.1").member("created", document_.created);
    w_.strings("createdBy", {id("agent")}).strings("createdUsing", {id("tool")});
    w_.end_object();
    begin("SoftwareAgent", "agent");
    w_.member("name", spdx::kCreator).end_object();
    begin("Tool", "tool");
    w_.member("name", spdx::kCreator).end_object();
  }

  void write_heads() {
    begin("SpdxDocument", "SPDXRef-DOCUMENT");
    w_.member("name", document_.name).member("comment", document_.comment);
    w_.strings("rootElement", {id("sbom")});
    w_.strings("profileConformance", {"core", "software", "simpleLicensing"});
    w_.end_object();
    begin("software_Sbom", "sbom");
    w_.strings("rootElement", {id("SPDXRef-image")});
    w_.strings("software_sbomType", {"analyzed"});
    w_.end_object();
  }

  void write_hash(std::string_view algorithm, std::string_view hex) {
    if (hex.empty()) return;
    w_.begin_object().member("type", "Hash").member("algorithm", algorithm);
    w_.member("hashValue", hex).end_object();
  }

  void write_identifier(std::string_view type, std::string_view identifier) {
    if (identifier.empty()) return;
    w_.begin_object().member("type", "ExternalIdentifier").member("externalIdentifierType", type);
    w_.member("identifier", identifier).end_object();
  }

  void write_package(const spdx::Package& package) {
    const bool is_file = package.purpose == spdx::Purpose::file;
    begin(is_file ? "software_File" : "software_Package", package.id);
    w_.member("name", package.name);
    w_.member("software_primaryPurpose", word_for(package.purpose));
    if (!is_file) {
      w_.optional_member("software_packageVersion", package.version);
      w_.optional_member("software_packageUrl", package.purl);
      w_.optional_member("software_sourceInfo", package.source_info);
    }
    if (!package.sha256.empty() || !package.sha512.empty()) {
      w_.key("verifiedUsing").begin_array();
      write_hash("sha256", package.sha256);
      write_hash("sha512", package.sha512);
      w_.end_array();
    }
    if (!package.purl.empty() || !package.cpe.empty()) {
      w_.key("externalIdentifier").begin_array();
      write_identifier("cpe23", package.cpe);
      write_identifier("packageUrl", package.purl);
      w_.end_array();
    }
    w_.end_object();
  }

  // Expressions are elements; what they mean by a LicenseRef is in a dictionary.
  void write_licenses() {
    for (const auto& [reference, words] : document_.texts) {
      begin("simplelicensing_SimpleLicensingText", reference);
      w_.member("simplelicensing_licenseText", words).end_object();
    }
    std::map<std::string_view, std::string> expressions;
    for (const spdx::Package& package : document_.packages) {
      if (package.license == "NOASSERTION") continue;
      auto [at, is_new] =
          expressions.emplace(package.license, "license-" + std::to_string(expressions.size() + 1));
      if (is_new) write_expression(at->second, package.license);
      write_relationship(package.is_concluded ? "hasConcludedLicense" : "hasDeclaredLicense",
                         package.id, {at->second});
    }
  }

  void write_expression(std::string_view local, std::string_view expression) {
    begin("simplelicensing_LicenseExpression", local);
    w_.member("simplelicensing_licenseExpression", expression);
    bool any = false;
    for (const auto& [reference, words] : document_.texts) {
      if (expression.find(reference) == expression.npos) continue;
      if (!any) w_.key("simplelicensing_customIdToUri").begin_array();
      any = true;
      w_.begin_object().member("type", "DictionaryEntry").member("key", reference);
      w_.member("value", id(reference)).end_object();
    }
    if (any) w_.end_array();
    w_.end_object();
  }

  void write_relationship(std::string_view type, std::string_view from,
                          const std::vector<std::string>& to) {
    begin("Relationship", "relationship-" + std::to_string(++relationships_));
    w_.member("relationshipType", type).member("from", id(from));
    w_.key("to").begin_array();
    for (const std::string& one : to) w_.value(id(one));
    w_.end_array();
    w_.end_object();
  }

  void write_contains() {
    std::map<std::string, std::vector<std::string>> contents;
    for (const spdx::Relationship& relationship : document_.relationships)
      if (relationship.type == "CONTAINS") contents[relationship.from].push_back(relationship.to);
    for (const auto& [from, to] : contents) write_relationship("contains", from, to);
  }

  const spdx::Document& document_;
  Writer w_;
  std::uint64_t relationships_ = 0;
};

std::string run(const Report& report, const ReportOptions& options) {
  const spdx::Document document = spdx::document_of(report, options);
  return Graph(document).run();
}

}  // namespace

const Reporter kSpdx3Reporter = {
    .name = "spdx-3-json",
    .version = 1,
    .summary = "SPDX 3.0.1 as JSON-LD",
    .run = run,
    .is_sbom = true,
};

}  // namespace fathom
