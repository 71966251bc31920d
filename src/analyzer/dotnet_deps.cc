// .NET applications list what they were published with in NAME.deps.json.

#include "analyzer/json_packages.h"
#include "base/text.h"
#include "json/value.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "dotnet-deps";

Done run(const FileInput& in, FileFacts& facts) {
  json::Value document = TRY(json::parse(in.bytes.as_text(), in.limits));
  const json::Object* libraries = document["libraries"].object();
  if (!libraries) return Ok{};
  for (const auto& [key, library] : *libraries) {
    std::size_t slash = key.find('/');
    if (slash == key.npos || facts.packages.size() == in.limits.packages) continue;
    PackageName package{"NuGet",
                        "nuget",
                        {},
                        kept(key.substr(0, slash), in.limits),
                        kept(key.substr(slash + 1), in.limits),
                        ""};
    const std::string_view type = library["type"].text_or();
    PackageClaim claim = package_claim(
        std::move(package), kName, {Place::Kind::pointer, 0, "/libraries/" + kept(key, in.limits)},
        kept(type, in.limits) + " " + kept(key, in.limits));
    // The application itself, and what of the same solution it was built with.
    if (type == "project") claim.component.kind = ComponentKind::application;
    facts.packages.push_back(std::move(claim));
  }
  return Ok{};
}

}  // namespace

extern const FileAnalyzer dotnet_deps = {
    .name = kName,
    .version = 1,
    .needs = Needs::bytes,
    .summary = ".NET packages that an application's deps.json lists",
    .wants =
        [](const FileInput& in) {
          return is_json_with(in, "\"runtimeTarget\"", "\"targets\"", "\"libraries\"");
        },
    .run = run,
};

}  // namespace fathom
