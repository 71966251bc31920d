// Shared by the worlds whose packages describe themselves in JSON.

#pragma once

#include <string>
#include <string_view>

#include "analyzer/analyzer.h"
#include "analyzer/line_reader.h"
#include "model/purl.h"

namespace fathom {

// Small enough to be a description, and begins as a JSON object that names all of the words.
template <class... Words>
bool is_json_with(const FileInput& in, Words... words) {
  constexpr std::uint64_t kMostBytes = 32 * kMiB;
  if (in.kind != FileKind::text || in.bytes.size() > kMostBytes) return false;
  std::string_view text = in.bytes.as_text();
  std::size_t start = text.find_first_not_of(" \t\r\n");
  return start != text.npos && text[start] == '{' &&
         ((text.find(words) != text.npos) && ... && true);
}

struct PackageName {
  std::string_view ecosystem, purl_type;
  std::string namespace_, name, version;  // namespace without its separator
  std::string_view separator;             // between namespace and name in the component's name
};

inline PackageClaim package_claim(PackageName package, std::string_view analyzer, Place place,
                                  std::string seen) {
  PackageClaim claim;
  Component& c = claim.component;
  c.kind = ComponentKind::module;
  c.ecosystem = package.ecosystem;
  c.purl = Purl{.type = std::string(package.purl_type),
                .namespace_ = package.namespace_,
                .name = package.name,
                .version = package.version}
               .text();
  c.name = package.namespace_.empty()
               ? package.name
               : package.namespace_ + std::string(package.separator) + package.name;
  c.version.exact = std::move(package.version);
  c.evidence.push_back({.analyzer = std::string(analyzer),
                        .file = {},
                        .file_digest = {},
                        .place = std::move(place),
                        .seen = std::move(seen)});
  return claim;
}

}  // namespace fathom
