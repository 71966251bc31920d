// PHP packages by what Composer says it installed: vendor/composer/installed.json, which is an
// object since Composer 2 and was a list before.

#include "analyzer/json_packages.h"
#include "base/text.h"
#include "json/value.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "php-composer";

Done run(const FileInput& in, FileFacts& facts) {
  json::Value document = TRY(json::parse(in.bytes.as_text(), in.limits));
  const json::Array& rows = document["packages"].elements();
  for (std::size_t i = 0; i < rows.size() && i < in.limits.packages; ++i) {
    std::string name = kept(rows[i]["name"].text_or(), in.limits);
    std::string version = kept(rows[i]["version"].text_or(), in.limits);
    std::size_t slash = name.find('/');
    if (slash == name.npos || version.empty()) continue;
    std::string seen = name + " " + version;
    if (version[0] == 'v') version.erase(0, 1);  // as Packagist's advisories write it
    facts.packages.push_back(package_claim(
        {"Packagist", "composer", name.substr(0, slash), name.substr(slash + 1), version, "/"},
        kName, {Place::Kind::pointer, 0, "/packages/" + std::to_string(i)}, std::move(seen)));
  }
  return Ok{};
}

}  // namespace

extern const FileAnalyzer php_composer = {
    .name = kName,
    .version = 1,
    .needs = Needs::bytes,
    .summary = "PHP packages that Composer installed",
    .wants =
        [](const FileInput& in) {
          return is_json_with(in, "\"packages\"", "\"version_normalized\"", "\"install-path\"");
        },
    .run = run,
};

}  // namespace fathom
