// Debian keeps the licences of a package in usr/share/doc/PACKAGE/copyright; distroless images have
// that file too. The path is of the binary package, or of another one of the same source that the
// folder is a link to.

#include "analyzer/analyzer.h"
#include "analyzer/image_input.h"

namespace fathom {
namespace {

const image::TreeFile* copyright_of(const ImageInput& in, const std::string& package) {
  if (package.empty() || package.find('/') != package.npos) return nullptr;
  return in.tree.find_link("usr/share/doc/" + package + "/copyright");
}

void take_licenses(const ImageInput& in, Component& component) {
  const image::TreeFile* file = copyright_of(in, component.name);
  if (file == nullptr) file = copyright_of(in, component.source_name);
  if (file == nullptr) return;
  const auto facts = in.facts.find(file->entry.digest);
  if (facts == in.facts.end() || facts->second.licenses.empty()) return;
  for (const LicenseText& text : facts->second.licenses) component.licenses.push_back(text.license);
  component.licenses_from =
      file->entry.path + ":" + std::to_string(facts->second.licenses.front().line);
}

}  // namespace

extern const ImageAnalyzer licenses_image = {
    .name = "licenses",
    .version = 1,
    .summary = "licences of Debian's packages from their copyright files",
    .run =
        [](const ImageInput& in, Inventory& inventory) {
          for (Component& component : inventory.components)
            if (component.ecosystem == "deb" && component.licenses.empty())
              take_licenses(in, component);
        },
};

}  // namespace fathom
