#include "signature/object_components.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "model/purl.h"
#include "signature/row.h"

namespace fathom::signature {

namespace {

constexpr std::string_view kAnalyzer = "compiled-code";
constexpr std::size_t kMostShown = 4;

Evidence evidence(const NamedFunction& function, std::string seen) {
  return {.analyzer = std::string(kAnalyzer),
          .file = {},
          .file_digest = {},
          .place = {Place::Kind::address, function.address, {}},
          .seen = std::move(seen)};
}

std::string package_text(const ObjectBuild& build) {
  return printable(build.package) + " " + printable(build.version);
}

// "libssl-dev 3.0.17-1~deb12u2", or the first and the last of several.
std::string builds_text(const ObjectMatch& match, const ObjectLibrary& library) {
  const std::string first = package_text(library.builds[match.builds.front()]);
  if (match.builds.size() == 1) return first;
  const ObjectBuild& last = library.builds[match.builds.back()];
  return first + " to " + printable(last.version) + " (" + std::to_string(match.builds.size()) +
         " builds with the same code)";
}

std::string debian_machine(ObjectMachine machine) {
  return machine == ObjectMachine::x86_64 ? "amd64" : "arm64";
}

std::string purl_of(const ObjectBuild& build, bool with_version) {
  Purl purl;
  purl.type = "deb";
  purl.namespace_ = build.distribution;
  purl.name = build.package;
  if (with_version) purl.version = build.version;
  purl.qualifiers["arch"] = debian_machine(build.machine);
  if (!build.distribution_release.empty())
    purl.qualifiers["distro"] = build.distribution + "-" + build.distribution_release;
  return purl.text();
}

}  // namespace

std::vector<std::string> releases_of(const ObjectMatch& match, const ObjectLibrary& library) {
  std::vector<std::string> out;
  if (match.is_unknown) return out;
  for (std::uint32_t build : match.builds) out.push_back(library.builds[build].release);
  std::ranges::sort(out, [](const std::string& a, const std::string& b) {
    const int order = compare_releases(a, b);
    return order != 0 ? order < 0 : a < b;
  });
  auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
  return out;
}

std::vector<Evidence> evidence_of(const ObjectMatch& match, const ObjectLibrary& library) {
  std::vector<Evidence> out;
  if (match.builds.empty() || match.seen.empty()) return out;
  std::string summary =
      with_thousands(match.functions) + " functions are those of " + builds_text(match, library);
  if (match.is_unknown)
    summary = "none of the known builds, nearest " + builds_text(match, library) + ": " +
              with_thousands(match.functions) + " functions are its, " +
              with_thousands(match.changed) + " others of the same members are not";
  else if (match.elsewhere > 0)
    summary += "; " + with_thousands(match.elsewhere) + " are of other builds";
  out.push_back(evidence(match.seen.front(), std::move(summary)));
  for (std::size_t i = 0; i < std::min(match.seen.size(), kMostShown); ++i) {
    const NamedFunction& function = match.seen[i];
    out.push_back(evidence(function, printable(function.name) + " of " +
                                         printable(function.member) + ", " +
                                         with_thousands(function.bytes) + " bytes"));
  }
  return out;
}

std::string own_purl_of(const ObjectMatch& match, const ObjectLibrary& library) {
  if (match.is_unknown || match.builds.empty()) return {};
  const std::string& purl = library.builds[match.builds.front()].purl;
  const bool agree = std::ranges::all_of(
      match.builds, [&](std::uint32_t b) { return library.builds[b].purl == purl; });
  return agree ? purl : std::string();
}

std::optional<Component> package_of(const ObjectMatch& match, const ObjectLibrary& library) {
  if (match.is_unknown || match.builds.empty()) return std::nullopt;
  const ObjectBuild& first = library.builds[match.builds.front()];
  if (first.distribution != "debian") return std::nullopt;
  Component made;
  made.kind = ComponentKind::embedded_library;
  made.name = first.package;
  made.ecosystem = "deb";
  std::set<std::string> versions, source_versions;
  bool same_release = true;
  for (std::uint32_t b : match.builds) {
    const ObjectBuild& build = library.builds[b];
    if (versions.insert(build.version).second) made.version.candidates.push_back(build.version);
    source_versions.insert(build.source_version);
    same_release &= build.distribution_release == first.distribution_release;
  }
  const bool is_exact = made.version.candidates.size() == 1;
  made.version.low = made.version.candidates.front();
  made.version.high = made.version.candidates.back();
  if (is_exact) made.version = {.exact = first.version, .low = {}, .high = {}, .candidates = {}};
  if (first.source != first.package) made.source_name = first.source;
  if (is_exact && first.source_version != first.version) made.source_version = first.source_version;
  ObjectBuild named = first;
  if (!same_release) named.distribution_release.clear();
  made.purl = purl_of(named, is_exact);
  made.confidence = is_exact ? Confidence::high : Confidence::medium;
  made.evidence = evidence_of(match, library);
  if (made.evidence.empty()) return std::nullopt;
  return made;
}

}  // namespace fathom::signature
