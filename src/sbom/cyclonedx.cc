// CycloneDX 1.2 to 1.7 as JSON. Components may stand in components; metadata.component is what the
// document is of, and what stands in it counts too. Where a component is comes from the evidence,
// from properties of the tools that write none (Syft, Trivy), or from the file that it stands in.

#include "base/text.h"
#include "sbom/reading.h"

namespace fathom::sbom {
namespace {

using json::Value;

class Reader {
 public:
  Reader(const Value& bom, Draft draft) : bom_(bom), draft_(std::move(draft)) {}

  void run() {
    SbomDocument& document = draft_.document();
    document.form =
        "CycloneDX " + kept_text(bom_["specVersion"].text_or("?"), draft_.limits()) + " JSON";
    const Value& metadata = bom_["metadata"];
    document.tool = tool_of(metadata["tools"]);
    const Value& subject = metadata["component"];
    document.subject = kept_text(subject["name"].text_or(), draft_.limits());
    if (subject.has("components"))
      add_all(subject["components"], "/metadata/component/components", {});
    if (bom_.has("components")) add_all(bom_["components"], "/components", {});
    if (!bom_["components"].is_null() && !bom_["components"].array())
      draft_.problem("/components: expected a list");
  }

 private:
  // 1.5 and later: {components: […]}; before: a list.
  std::string tool_of(const Value& tools) const {
    const Value& list = tools.array() ? tools : tools["components"];
    std::string text;
    for (const Value& tool : list.elements()) {
      const std::string_view name = tool["name"].text_or(), version = tool["version"].text_or();
      if (name.empty() || text.size() > draft_.limits().text_bytes) continue;
      text += (text.empty() ? "" : ", ") + std::string(name);
      if (!version.empty()) text += " " + std::string(version);
    }
    return kept_text(text, draft_.limits());
  }

  void add_all(const Value& components, const std::string& pointer, const std::string& inside) {
    std::size_t index = 0;
    for (const Value& component : components.elements())
      if (!add(component, pointer + "/" + std::to_string(index++), inside)) return;
  }

  bool add(const Value& component, const std::string& pointer, const std::string& inside) {
    if (!component.object()) {
      draft_.problem(pointer + ": expected an object");
      return true;
    }
    SbomEntry entry = entry_of(component, pointer);
    if (!inside.empty()) keep(entry.files, inside, draft_.limits());
    const std::string below = entry.is_file() ? path_text(entry.name) : inside;
    if (!draft_.add(std::move(entry))) return false;
    if (component.has("components"))
      add_all(component["components"], pointer + "/components", below);
    return true;
  }

  SbomEntry entry_of(const Value& component, const std::string& pointer) const {
    const Limits& limits = draft_.limits();
    SbomEntry entry;
    entry.name = kept_text(component["name"].text_or(), limits);
    if (const std::string_view group = component["group"].text_or(); !group.empty())
      entry.name = kept_text(group, limits) + "/" + entry.name;
    entry.version = kept_text(component["version"].text_or(), limits);
    entry.type = kept_text(component["type"].text_or(), limits);
    entry.purl = kept_text(component["purl"].text_or(), limits);
    entry.cpe = kept_text(component["cpe"].text_or(), limits);
    entry.place = at_pointer(pointer);
    add_licenses(component["licenses"], entry);
    for (const Value& hash : component["hashes"].elements())
      keep(entry.digests, digest_text(hash["alg"].text_or(), hash["content"].text_or()), limits);
    for (const Value& at : component["evidence"]["occurrences"].elements())
      keep(entry.files, path_text(at["location"].text_or()), limits);
    for (const Value& property : component["properties"].elements()) add_property(property, entry);
    if (entry.is_file() && entry.files.empty()) keep(entry.files, path_text(entry.name), limits);
    return entry;
  }

  void add_licenses(const Value& licenses, SbomEntry& entry) const {
    for (const Value& license : licenses.elements()) {
      keep(entry.licenses, license["expression"].text_or(), draft_.limits());
      const Value& one = license["license"];
      keep(entry.licenses, one["id"].text_or(one["name"].text_or()), draft_.limits());
    }
  }

  // Where Syft and Trivy say what CycloneDX has other words for.
  void add_property(const Value& property, SbomEntry& entry) const {
    const std::string_view name = property["name"].text_or(), value = property["value"].text_or();
    if ((name.starts_with("syft:location:") && name.ends_with(":path")) ||
        name == "aquasecurity:trivy:FilePath")
      keep(entry.files, path_text(value), draft_.limits());
    // A program that packages were found in, not a package.
    if (name == "aquasecurity:trivy:Class" && value == "lang-pkgs" && entry.purl.empty() &&
        entry.version.empty())
      entry.type = "file";
  }

  const Value& bom_;
  Draft draft_;
};

}  // namespace

Result<SbomDocument> read_cyclonedx(const Value& document, const Limits& limits) {
  SbomDocument out;
  Reader(document, Draft(out, limits)).run();
  return out;
}

}  // namespace fathom::sbom
