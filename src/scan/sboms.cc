#include "scan/sboms.h"

#include <algorithm>

#include "base/text.h"
#include "licenses/licenses.h"
#include "model/purl.h"
#include "sbom/names.h"
#include "signature/row.h"

namespace fathom {
namespace {

constexpr std::string_view kLicenseTable = "data/licenses/libraries.tsv";

using AllFacts = std::map<std::string_view, const FileFacts*>;

void note_facts(const FileFacts& facts, std::string_view digest, AllFacts& out) {
  out.emplace(digest, &facts);
  for (const MemberFacts& member : facts.members) note_facts(member.facts, member.digest, out);
}

// ---- A target that is an SBOM

ComponentKind kind_of(const sbom::Claimed& claimed, std::string_view type) {
  const std::string& ecosystem = claimed.ecosystem;
  if (ecosystem == "deb" || ecosystem == "apk" || ecosystem == "rpm") return ComponentKind::package;
  if (ecosystem == "os" || type == "application") return ComponentKind::application;
  if (ecosystem == "Go" && claimed.name == "stdlib") return ComponentKind::runtime;
  return ecosystem == "C" ? ComponentKind::embedded_library : ComponentKind::module;
}

// "upstream=glibc@2.36-9" of a purl: the source package that advisories speak of.
void set_source(Component& component) {
  const Result<Purl> purl = parse_purl(component.purl);
  if (!purl) return;
  const std::string upstream(purl->qualifier("upstream"));
  const std::size_t at = upstream.find('@');
  component.source_name = upstream.substr(0, at);
  if (at != upstream.npos) component.source_version = upstream.substr(at + 1);
}

Component claimed_component(const SbomEntry& entry, const sbom::LibraryIds& libraries) {
  const sbom::Claimed claimed = sbom::claimed_of(entry);
  Component component;
  component.kind = kind_of(claimed, entry.type);
  component.name = claimed.name.empty() ? entry.name : claimed.name;
  component.ecosystem = claimed.ecosystem.empty() ? claimed.purl_type : claimed.ecosystem;
  if (component.ecosystem.empty()) component.ecosystem = "unknown";
  component.version.exact = sbom::plain_version(component.ecosystem, claimed.version);
  if (component.ecosystem == "Go" && claimed.version.starts_with('v'))
    component.version.exact = claimed.version;
  if (component.ecosystem == "C") {
    std::string_view id = libraries.of(claimed.name);
    if (id.empty() && !claimed.product.empty()) id = libraries.of(claimed.product);
    if (!id.empty()) component.name = id;
  }
  component.purl = entry.purl;
  component.cpe = entry.cpe.starts_with("cpe:2.3:") ? entry.cpe : std::string();
  component.licenses = entry.licenses;
  component.confidence = Confidence::low;
  component.claimed = true;
  if (component.kind == ComponentKind::package) set_source(component);
  return component;
}

bool is_component(const SbomEntry& entry) {
  return !entry.is_file() && entry.type != "container" && !entry.name.empty();
}

void claim_all(const SbomDocument& document, const image::TreeFile& file,
               const sbom::LibraryIds& libraries, Inventory& inventory) {
  for (const SbomEntry& entry : document.entries) {
    if (!is_component(entry)) continue;
    Component component = claimed_component(entry, libraries);
    component.file = file.entry.path;
    component.file_digest = file.entry.digest;
    component.layer = file.layer;
    const std::string& seen = entry.purl.empty() ? entry.name : entry.purl;
    component.evidence = {
        {"sbom", file.entry.path, file.entry.digest, entry.place, "claimed: " + seen}};
    inventory.components.push_back(std::move(component));
  }
}

// ---- Documents to hold

struct Held {
  sbom::Origin origin;
  const SbomDocument* document;
};

std::vector<Held> documents_of(const Report& report, const AllFacts& facts,
                               const Examined& examined, const std::vector<GivenSbom>& given) {
  std::vector<Held> out;
  for (const GivenSbom& one : given) out.push_back({{"given", one.name, "", -1}, &one.document});
  for (const FileRow& row : report.files) {
    const auto found = facts.find(row.digest);
    if (row.shadowed || found == facts.end()) continue;
    for (const SbomDocument& document : found->second->sboms)
      out.push_back(
          {{found->second->elf ? "program" : "file", row.path, row.digest, row.layer}, &document});
  }
  for (const AttachedSbom& one : examined.attached_sboms) {
    if (one.index >= report.image.attached.size()) continue;
    const Attachment& attachment = report.image.attached[one.index];
    out.push_back({{"attached", attachment.found, attachment.digest, -1}, &one.document});
  }
  return out;
}

}  // namespace

sbom::LibraryIds library_ids(const signature::Classifiers& classifiers,
                             const signature::Features& features,
                             const vuln::Databases& databases) {
  sbom::LibraryIds ids;
  for (std::string& library : classifiers.libraries()) ids.ids.insert(std::move(library));
  for (std::size_t i = 0; i < features.library_count(); ++i) ids.ids.insert(features.name_of(i));
  for (const auto& [library, names] : databases.built_in().libraries()) {
    if (!ids.ids.contains(library)) continue;  // advisories speak of it; code is not recognised
    for (const std::string& package : names.source_packages)
      ids.by_name.emplace(to_lower(package), library);
    for (const std::string& cpe : names.cpes)
      ids.by_name.emplace(to_lower(cpe.substr(cpe.find(':') + 1)), library);
  }
  return ids;
}

void hold_sboms(Report& report, const FactsByDigest& facts, const Examined& examined,
                const std::vector<GivenSbom>& given, const sbom::LibraryIds& libraries) {
  AllFacts all;
  for (const auto& [digest, file] : facts) note_facts(file, digest, all);
  const std::vector<Held> documents = documents_of(report, all, examined, given);
  if (documents.empty()) return;
  const sbom::Truth truth{report, facts, libraries, signature::compare_releases};
  const sbom::Holder holder(truth);
  std::vector<SbomRow> rows;
  for (const Held& held : documents) rows.push_back(holder.hold(*held.document, held.origin));
  report.sboms = std::move(rows);
}

Done claim_components(const image::FileTree& tree, const FactsByDigest& facts,
                      const sbom::LibraryIds& libraries, Inventory& inventory) {
  bool any = false;
  for (const image::TreeFile& file : tree.files()) {
    const auto found = facts.find(file.entry.digest);
    if (found == facts.end()) continue;
    for (const SbomDocument& document : found->second.sboms) {
      claim_all(document, file, libraries, inventory);
      any = true;
    }
  }
  if (any) return Ok{};
  return Error{ErrorCode::malformed,
               "is no SBOM that fathom reads: CycloneDX (JSON, XML), SPDX (JSON, tag-value), Syft"};
}

void add_library_licenses(Report& report) {
  for (Component& component : report.components) {
    if (component.ecosystem != "C" || !component.licenses.empty()) continue;
    std::string license = licenses::license_of_library(component.name, component.version.exact,
                                                       signature::compare_releases);
    if (license.empty()) continue;
    component.licenses = {std::move(license)};
    component.licenses_from = kLicenseTable;
  }
}

}  // namespace fathom
