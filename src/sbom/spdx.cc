// SPDX 2.2 and 2.3 as JSON, and SPDX 3.0 as a JSON-LD graph. The package that an SPDX 2 document
// describes is a claim like any other, unless it is the image itself.

#include <set>

#include "base/text.h"
#include "sbom/reading.h"

namespace fathom::sbom {
namespace {

using json::Value;

std::string type_of(std::string_view purpose) {
  std::string type = to_lower(purpose);
  for (char& c : type)
    if (c == '_') c = '-';
  return type == "operatingsystem" ? "operating-system" : type;
}

void keep_license(std::vector<std::string>& list, std::string_view license, const Limits& limits) {
  if (license != "NOASSERTION" && license != "NONE") keep(list, license, limits);
}

std::string tool_of(const Value& creation, const Limits& limits) {
  std::string text;
  for (const Value& creator : creation["creators"].elements()) {
    constexpr std::string_view kTool = "Tool: ";
    const std::string_view words = creator.text_or();
    if (!words.starts_with(kTool) || text.size() > limits.text_bytes) continue;
    text += (text.empty() ? "" : ", ") + std::string(words.substr(kTool.size()));
  }
  return kept_text(text, limits);
}

class Reader {
 public:
  Reader(const Value& spdx, Draft draft) : spdx_(spdx), draft_(std::move(draft)) {}

  void run() {
    SbomDocument& document = draft_.document();
    std::string_view version = spdx_["spdxVersion"].text_or("?");
    if (version.starts_with("SPDX-")) version.remove_prefix(5);
    document.form = "SPDX " + kept_text(version, draft_.limits()) + " JSON";
    document.tool = tool_of(spdx_["creationInfo"], draft_.limits());
    document.subject = kept_text(spdx_["name"].text_or(), draft_.limits());
    find_described();
    std::size_t index = 0;
    for (const Value& package : spdx_["packages"].elements())
      if (!add_package(package, "/packages/" + std::to_string(index++))) return;
    index = 0;
    for (const Value& file : spdx_["files"].elements())
      if (!add_file(file, "/files/" + std::to_string(index++))) return;
  }

 private:
  void find_described() {
    for (const Value& id : spdx_["documentDescribes"].elements()) described_.emplace(id.text_or());
    for (const Value& relationship : spdx_["relationships"].elements())
      if (relationship["relationshipType"].text_or() == "DESCRIBES")
        described_.emplace(relationship["relatedSpdxElement"].text_or());
  }

  // The image as a package of its own, as Syft, Trivy, ko and apko have it.
  bool is_subject(const Value& package, const SbomEntry& entry) const {
    if (entry.type == "container" || entry.purl.starts_with("pkg:oci/") ||
        entry.purl.starts_with("pkg:docker/"))
      return true;
    const std::string_view id = package["SPDXID"].text_or();
    return described_.contains(id) && entry.purl.empty() &&
           (entry.version.empty() || entry.version.starts_with("sha256:") ||
            id.find("DocumentRoot") != id.npos || entry.name.starts_with("sha256:"));
  }

  bool add_package(const Value& package, const std::string& pointer) {
    const Limits& limits = draft_.limits();
    if (!package.object()) {
      draft_.problem(pointer + ": expected an object");
      return true;
    }
    SbomEntry entry;
    entry.name = kept_text(package["name"].text_or(), limits);
    entry.version = kept_text(package["versionInfo"].text_or(), limits);
    entry.type = type_of(package["primaryPackagePurpose"].text_or());
    entry.place = at_pointer(pointer);
    for (const Value& reference : package["externalRefs"].elements()) {
      const std::string_view type = reference["referenceType"].text_or();
      const std::string_view locator = reference["referenceLocator"].text_or();
      if (type == "purl" && entry.purl.empty()) entry.purl = kept_text(locator, limits);
      if (type == "cpe23Type" && entry.cpe.empty()) entry.cpe = kept_text(locator, limits);
    }
    keep_license(entry.licenses, package["licenseDeclared"].text_or(), limits);
    keep_license(entry.licenses, package["licenseConcluded"].text_or(), limits);
    add_checksums(package, entry);
    if (entry.is_file()) keep(entry.files, path_text(entry.name), limits);
    return is_subject(package, entry) || draft_.add(std::move(entry));
  }

  bool add_file(const Value& file, const std::string& pointer) {
    SbomEntry entry;
    entry.name = path_text(kept_text(file["fileName"].text_or(), draft_.limits()));
    entry.type = "file";
    entry.place = at_pointer(pointer);
    add_checksums(file, entry);
    keep(entry.files, entry.name, draft_.limits());
    return draft_.add(std::move(entry));
  }

  void add_checksums(const Value& element, SbomEntry& entry) const {
    for (const Value& sum : element["checksums"].elements())
      keep(entry.digests, digest_text(sum["algorithm"].text_or(), sum["checksumValue"].text_or()),
           draft_.limits());
  }

  const Value& spdx_;
  Draft draft_;
  std::set<std::string, std::less<>> described_;
};

// ---- SPDX 3

bool is_a(const Value& element, std::string_view type) {
  return element["type"].text_or(element["@type"].text_or()) == type;
}

SbomEntry entry_of(const Value& element, std::size_t index, const Limits& limits) {
  SbomEntry entry;
  entry.name = kept_text(element["name"].text_or(), limits);
  entry.version = kept_text(element["software_packageVersion"].text_or(), limits);
  entry.purl = kept_text(element["software_packageUrl"].text_or(), limits);
  entry.type = is_a(element, "software_File")
                   ? "file"
                   : type_of(element["software_primaryPurpose"].text_or());
  entry.place = at_pointer("/@graph/" + std::to_string(index));
  for (const Value& identifier : element["externalIdentifier"].elements()) {
    const std::string_view type = identifier["externalIdentifierType"].text_or();
    const std::string_view text = identifier["identifier"].text_or();
    if (type == "packageUrl" && entry.purl.empty()) entry.purl = kept_text(text, limits);
    if (type == "cpe23" && entry.cpe.empty()) entry.cpe = kept_text(text, limits);
  }
  for (const Value& hash : element["verifiedUsing"].elements())
    keep(entry.digests, digest_text(hash["algorithm"].text_or(), hash["hashValue"].text_or()),
         limits);
  if (entry.is_file()) keep(entry.files, path_text(entry.name), limits);
  return entry;
}

}  // namespace

Result<SbomDocument> read_spdx(const Value& document, const Limits& limits) {
  SbomDocument out;
  Reader(document, Draft(out, limits)).run();
  return out;
}

Result<SbomDocument> read_spdx3(const Value& document, const Limits& limits) {
  SbomDocument out;
  Draft draft(out, limits);
  out.form = "SPDX 3.0 JSON-LD";
  std::size_t index = 0;
  for (const Value& element : document["@graph"].elements()) {
    const std::size_t at = index++;
    if (is_a(element, "CreationInfo") && element.has("specVersion"))
      out.form = "SPDX " + kept_text(element["specVersion"].text_or(), limits) + " JSON-LD";
    if (is_a(element, "Tool") && out.tool.empty())
      out.tool = kept_text(element["name"].text_or(), limits);
    if (is_a(element, "SpdxDocument")) out.subject = kept_text(element["name"].text_or(), limits);
    if (!is_a(element, "software_Package") && !is_a(element, "software_File")) continue;
    SbomEntry entry = entry_of(element, at, limits);
    if (entry.type == "container" || entry.purl.starts_with("pkg:oci/")) continue;
    if (!draft.add(std::move(entry))) break;
  }
  return out;
}

}  // namespace fathom::sbom
