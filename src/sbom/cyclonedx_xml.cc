// CycloneDX as XML: the words of the JSON form as elements. The place of an entry is the number of
// its component in the order of the document, written like a path.

#include "base/text.h"
#include "sbom/reading.h"
#include "sbom/xml.h"

namespace fathom::sbom {
namespace {

using xml::Element;

class Reader {
 public:
  explicit Reader(Draft draft) : draft_(std::move(draft)) {}

  void run(const Element& bom) {
    const Element& metadata = bom.child("metadata");
    SbomDocument& document = draft_.document();
    document.subject = text_of_child(metadata.child("component"), "name");
    document.tool = tool_of(metadata.child("tools"));
    add_all(metadata.child("component").child("components"), "/metadata/component/components", {});
    add_all(bom.child("components"), "/components", {});
  }

 private:
  std::string text_of_child(const Element& element, std::string_view name) const {
    return kept_text(trim(element.child(name).text), draft_.limits());
  }

  // <tools><tool>… up to 1.4, <tools><components><component>… later.
  std::string tool_of(const Element& tools) const {
    std::string text;
    const Element& list =
        tools.child("components").children.empty() ? tools : tools.child("components");
    for (const Element& tool : list.children) {
      const std::string name = text_of_child(tool, "name"),
                        version = text_of_child(tool, "version");
      if (name.empty() || text.size() > draft_.limits().text_bytes) continue;
      text += (text.empty() ? "" : ", ") + name + (version.empty() ? "" : " " + version);
    }
    return kept_text(text, draft_.limits());
  }

  void add_all(const Element& components, const std::string& place, const std::string& inside) {
    std::size_t index = 0;
    for (const Element& component : components.children)
      if (component.name == "component" &&
          !add(component, place + "/" + std::to_string(index++), inside))
        return;
  }

  bool add(const Element& component, const std::string& place, const std::string& inside) {
    SbomEntry entry = entry_of(component, place);
    if (!inside.empty()) keep(entry.files, inside, draft_.limits());
    const std::string below = entry.is_file() ? path_text(entry.name) : inside;
    if (!draft_.add(std::move(entry))) return false;
    add_all(component.child("components"), place + "/components", below);
    return true;
  }

  SbomEntry entry_of(const Element& component, const std::string& place) const {
    const Limits& limits = draft_.limits();
    SbomEntry entry;
    entry.name = text_of_child(component, "name");
    if (const std::string group = text_of_child(component, "group"); !group.empty())
      entry.name = group + "/" + entry.name;
    entry.version = text_of_child(component, "version");
    entry.type = kept_text(component.attribute("type"), limits);
    entry.purl = text_of_child(component, "purl");
    entry.cpe = text_of_child(component, "cpe");
    entry.place = at_pointer(place);
    for (const Element& hash : component.child("hashes").children)
      keep(entry.digests, digest_text(hash.attribute("alg"), trim(hash.text)), limits);
    for (const Element& license : component.child("licenses").children) {
      if (license.name == "expression") keep(entry.licenses, trim(license.text), limits);
      const std::string id = text_of_child(license, "id");
      keep(entry.licenses, id.empty() ? text_of_child(license, "name") : id, limits);
    }
    for (const Element& at : component.child("evidence").child("occurrences").children)
      keep(entry.files, path_text(text_of_child(at, "location")), limits);
    if (entry.is_file() && entry.files.empty()) keep(entry.files, path_text(entry.name), limits);
    return entry;
  }

  Draft draft_;
};

// "http://cyclonedx.org/schema/bom/1.5"
std::string version_of(const Element& bom) {
  constexpr std::string_view kSpace = "cyclonedx.org/schema/bom/";
  for (const auto& [key, value] : bom.attributes)
    if (const std::size_t at = value.find(kSpace); at != value.npos)
      return value.substr(at + kSpace.size());
  return "?";
}

}  // namespace

Result<SbomDocument> read_cyclonedx_xml(std::string_view text, const Limits& limits) {
  const Element bom = TRY(xml::parse(text, limits));
  if (bom.name != "bom") return Error{ErrorCode::malformed, "is XML, and no CycloneDX"};
  SbomDocument out;
  out.form = "CycloneDX " + kept_text(version_of(bom), limits) + " XML";
  Reader(Draft(out, limits)).run(bom);
  return out;
}

}  // namespace fathom::sbom
