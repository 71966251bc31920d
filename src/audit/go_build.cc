// What cgo brings into Go programs: C code that no module list names. Building without it removes
// that code, which is worth more than updating it.

#include <algorithm>

#include "audit/rows.h"
#include "base/text.h"

namespace fathom::audit {
namespace {

using image::TreeFile;

// "net, os/user and 3 more".
std::string first_of(const std::vector<std::string>& names) {
  constexpr std::ptrdiff_t kMost = 5;
  const std::ptrdiff_t shown = std::min(std::ssize(names), kMost);
  std::string out = join({names.begin(), names.begin() + shown}, ", ");
  if (std::ssize(names) > shown)
    out += " and " + std::to_string(std::ssize(names) - shown) + " more";
  return out;
}

std::vector<std::string> c_components(const Report& report, const TreeFile& file) {
  std::vector<std::string> out;
  for (const Component& component : report.components)
    if (component.ecosystem == "C" && component.file == file.entry.path &&
        component.layer == file.layer)
      out.push_back(component.version.known() ? component.name + " " + component.version.exact
                                              : component.name);
  std::ranges::sort(out);
  return out;
}

std::string advice(const FileFacts& facts, const std::vector<std::string>& components) {
  std::string out = "cgo";
  if (!facts.go->cgo_packages.empty()) out += ", used by " + first_of(facts.go->cgo_packages);
  if (facts.go->cgo_enabled == "1") out += " (CGO_ENABLED=1)";
  std::string count = std::to_string(components.size());
  out += ": CGO_ENABLED=0 would remove " + count +
         (components.size() == 1 ? " component" : " components");
  if (!components.empty()) out += " (" + first_of(components) + ")";
  if (!facts.elf->needed.empty()) out += " and the need for " + first_of(facts.elf->needed);
  return out;
}

}  // namespace

void audit_go_builds(const Lookup& lookup, Rows& rows) {
  for (const TreeFile& file : lookup.input().tree.files()) {
    if (!is_file(file) || file.shadowed) continue;
    const FileFacts* facts = lookup.facts_of(file);
    if (facts == nullptr || !facts->elf || !facts->go || !facts->go->has_cgo) continue;
    rows.add("go-cgo", evidence_at(file, Place::named("Go function table"),
                                   advice(*facts, c_components(lookup.input().report, file))));
  }
}

}  // namespace fathom::audit
