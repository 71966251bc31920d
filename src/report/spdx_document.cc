// The image is the package that the document describes. Files that something was compiled into are
// packages of purpose FILE and not SPDX files: those must have a SHA-1, which nobody computed.
// SPDX 2 has no word for evidence; it stands in sourceInfo as prose. A licence that is no
// expression of listed identifiers is kept word for word as an extracted text.

#include "report/spdx_document.h"

#include <map>

#include "base/digest.h"
#include "base/text.h"
#include "report/bom.h"
#include "report/rows.h"
#include "report/spdx.h"
#include "report/uuid.h"

namespace fathom::spdx {
namespace {

// A locator has no white space; one that has is no locator.
bool is_locator(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n") == text.npos;
}

// An SPDX id has letters, digits, dots and dashes.
std::string id_of(const Component& component) {
  std::string id = "SPDXRef-";
  for (char c : component.id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-';
    id += plain ? c : '-';
  }
  return id;
}

std::string file_id(std::size_t index) { return "SPDXRef-file-" + std::to_string(index + 1); }

void set_digest(Package& package, std::string_view text) {
  Result<Digest> digest = parse_digest(text);
  if (!digest) return;
  (digest->algorithm == "sha512" ? package.sha512 : package.sha256) = digest->hex;
}

class Licenses {
 public:
  // Several expressions all apply.
  std::string expression_of(const std::vector<std::string>& licenses) {
    std::vector<std::string> parts;
    for (const std::string& license : licenses)
      parts.push_back(is_listed_spdx_expression(license) ? license : reference_to(license));
    if (parts.empty()) return "NOASSERTION";
    if (parts.size() > 1)
      for (std::string& part : parts)
        if (part.find(' ') != std::string::npos) part = "(" + part + ")";
    return join(parts, " AND ");
  }

  std::vector<std::pair<std::string, std::string>> take_texts() { return std::move(texts_); }

 private:
  std::string reference_to(const std::string& license) {
    auto [at, is_new] =
        references_.emplace(license, "LicenseRef-fathom-" + std::to_string(references_.size() + 1));
    if (is_new) texts_.emplace_back(at->second, license);
    return at->second;
  }

  std::map<std::string, std::string> references_;  // text → LicenseRef
  std::vector<std::pair<std::string, std::string>> texts_;
};

Package image_package(const Report& report) {
  Package package;
  package.id = "SPDXRef-image";
  package.name = image_name(report);
  package.version = report.image.digest;
  package.purpose = Purpose::container;
  package.license = "NOASSERTION";
  set_digest(package, report.image.digest);
  if (std::string purl = image_purl(report.image); is_locator(purl)) package.purl = std::move(purl);
  return package;
}

Package file_package(const bom::File& file, std::size_t index) {
  Package package;
  package.id = file_id(index);
  package.name = package.file_name = file.path;
  package.purpose = Purpose::file;
  package.license = "NOASSERTION";
  set_digest(package, file.digest);
  return package;
}

Purpose purpose_of(const Component& component) {
  if (component.ecosystem == "os") return Purpose::operating_system;
  return component.kind == ComponentKind::application ? Purpose::application : Purpose::library;
}

Package component_package(const bom::Item& item, Licenses& licenses) {
  const Component& component = *item.component;
  Package package;
  package.id = id_of(component);
  package.name = component.name;
  package.version = component.version.exact;
  package.purpose = purpose_of(component);
  package.license = licenses.expression_of(component.licenses);
  package.is_concluded = component.licenses_from.starts_with("data/");
  package.source_info = bom::reasons(component);
  if (item.purl.starts_with("pkg:") && is_locator(item.purl)) package.purl = item.purl;
  if (item.cpe.starts_with("cpe:2.3:") && is_locator(item.cpe)) package.cpe = item.cpe;
  return package;
}

void add_relationships(Document& document, const bom::Bom& bom) {
  auto add = [&](std::string from, std::string_view type, std::string to) {
    document.relationships.push_back({std::move(from), std::string(type), std::move(to)});
  };
  add("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image");
  for (std::size_t i = 0; i < bom.files.size(); ++i) {
    const std::ptrdiff_t package = bom.package_of[i];
    const std::string from = package < 0
                                 ? "SPDXRef-image"
                                 : id_of(*bom.items[static_cast<std::size_t>(package)].component);
    add(from, "CONTAINS", file_id(i));
  }
  for (std::size_t i = 0; i < bom.items.size(); ++i) {
    const std::ptrdiff_t file = bom.file_of[i];
    add(file < 0 ? "SPDXRef-image" : file_id(static_cast<std::size_t>(file)), "CONTAINS",
        id_of(*bom.items[i].component));
  }
}

std::string comment_of(const Report& report, bool is_incomplete) {
  if (!is_incomplete) return "Made from the bytes of the image.";
  return "Made from the bytes of the image; incomplete: " +
         with_thousands(report.gaps.size() + report.coverage.gaps) +
         " gaps, see fathom's JSON report.";
}

// Everything that the document says, for its namespace.
std::string content_of(const Document& document) {
  std::string text;
  auto add = [&](std::string_view part) { text += std::to_string(part.size()) + ":" += part; };
  for (std::string_view part : {std::string_view(document.name), std::string_view(document.created),
                                std::string_view(document.comment)})
    add(part);
  for (const Package& p : document.packages)
    for (const std::string* part : {&p.id, &p.name, &p.version, &p.license, &p.sha256, &p.sha512,
                                    &p.purl, &p.cpe, &p.source_info})
      add(*part);
  for (const auto& [id, words] : document.texts) add(id), add(words);
  for (const Relationship& r : document.relationships) add(r.from), add(r.type), add(r.to);
  return text;
}

}  // namespace

std::string_view name_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::container:
      return "CONTAINER";
    case Purpose::file:
      return "FILE";
    case Purpose::library:
      return "LIBRARY";
    case Purpose::application:
      return "APPLICATION";
    case Purpose::operating_system:
      return "OPERATING_SYSTEM";
  }
  return {};
}

Document document_of(const Report& report, const ReportOptions& options) {
  const bom::Bom bom = bom::arrange(report);
  Document document;
  document.name = image_name(report);
  document.created = bom::time_of(report, options);
  document.is_incomplete = !report.gaps.empty() || report.coverage.gaps > 0 || report.incomplete;
  document.comment = comment_of(report, document.is_incomplete);
  Licenses licenses;
  document.packages.push_back(image_package(report));
  for (std::size_t i = 0; i < bom.files.size(); ++i)
    document.packages.push_back(file_package(bom.files[i], i));
  for (const bom::Item& item : bom.items)
    document.packages.push_back(component_package(item, licenses));
  document.texts = licenses.take_texts();
  add_relationships(document, bom);
  const std::string name = "urn:" + sha256_of(ByteView::of(content_of(document))).text();
  document.name_space = "https://spdx.org/spdxdocs/fathom-" + uuid_of(kUrlNamespace, name);
  return document;
}

}  // namespace fathom::spdx
