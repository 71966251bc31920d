// Packages of Node by their package.json. Which of them is installed and which is part of another
// one's tests, the path decides (packages_image.cc): installed is what lies in
// node_modules/NAME/package.json.

#include "analyzer/json_packages.h"
#include "base/text.h"
#include "json/value.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "node-package";

Done run(const FileInput& in, FileFacts& facts) {
  json::Value document = TRY(json::parse(in.bytes.as_text(), in.limits));
  std::string name = kept(document["name"].text_or(), in.limits);
  std::string version = kept(document["version"].text_or(), in.limits);
  if (name.empty() || version.empty()) return Ok{};
  PackageName package{"npm", "npm", {}, name, version, "/"};
  if (std::size_t slash = name.find('/'); name[0] == '@' && slash != name.npos) {
    package.namespace_ = name.substr(0, slash);
    package.name = name.substr(slash + 1);
  }
  PackageClaim claim = package_claim(std::move(package), kName,
                                     {Place::Kind::pointer, 0, "/version"}, name + " " + version);
  if (std::string_view license = document["license"].text_or(); !license.empty())
    claim.component.licenses.push_back(kept(license, in.limits));
  facts.packages.push_back(std::move(claim));
  return Ok{};
}

}  // namespace

extern const FileAnalyzer node_package = {
    .name = kName,
    .version = 1,
    .needs = Needs::bytes,
    .summary = "Node packages by their package.json",
    .wants =
        [](const FileInput& in) {
          return in.bytes.size() <= kMiB && is_json_with(in, "\"name\"", "\"version\"");
        },
    .run = run,
};

}  // namespace fathom
