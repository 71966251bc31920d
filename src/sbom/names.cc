#include "sbom/names.h"

#include <algorithm>

#include "base/text.h"
#include "model/purl.h"
#include "sbom/compare.h"

namespace fathom::sbom {
namespace {

struct Kind {
  std::string_view type, ecosystem;
};
constexpr Kind kKinds[] = {
    {"deb", "deb"},
    {"apk", "apk"},
    {"rpm", "rpm"},
    {"golang", "Go"},
    {"cargo", "crates.io"},
    {"npm", "npm"},
    {"pypi", "PyPI"},
    {"gem", "RubyGems"},
    {"maven", "Maven"},
    {"nuget", "NuGet"},
    {"composer", "Packagist"},
    {"generic", "C"},
    {"conan", "C"},
    {"github", "C"},
    {"bitnami", "C"},
    {"vcpkg", "C"},
};

std::string_view ecosystem_of(std::string_view type) {
  for (const Kind& kind : kKinds)
    if (kind.type == type) return kind.ecosystem;
  return {};
}

// The fifth part of "cpe:2.3:a:vendor:product:…", fourth of "cpe:/a:vendor:product".
std::string product_of(std::string_view cpe) {
  const std::vector<std::string_view> parts = split(cpe, ':');
  const std::size_t at = cpe.starts_with("cpe:2.3:") ? 4 : 3;
  if (!cpe.starts_with("cpe:") || parts.size() <= at) return {};
  std::string product;
  for (const char c : parts[at])
    if (c != '\\') product += c;
  return product == "*" || product == "-" ? std::string() : product;
}

std::string name_in(const Purl& purl, std::string_view ecosystem) {
  if (ecosystem == "Maven" && !purl.namespace_.empty()) return purl.namespace_ + ":" + purl.name;
  // "pkg:golang/github.com/a/b@v2.0.1#v2" is Syft's way to write the module github.com/a/b/v2.
  if (ecosystem == "Go")
    return purl.full_name() + (purl.subpath.empty() ? "" : "/" + purl.subpath);
  if (ecosystem == "npm" || ecosystem == "Packagist") return purl.full_name();
  return purl.name;
}

// The longest start of a name that is a library's, when endings that packagers add are cut off.
std::string_view cut_ending(std::string_view name) {
  for (const std::string_view ending :
       {"-libs", "-lib", "-devel", "-dev", "-static", "-minimal", "-static-libs"})
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  // "libssl3", "libpng16-16", "zlib1g": numbers of sonames.
  std::size_t end = name.size();
  if (end > 2 && name[end - 1] == 'g' && name[end - 2] >= '0' && name[end - 2] <= '9') --end;
  while (end > 1 && ((name[end - 1] >= '0' && name[end - 1] <= '9') || name[end - 1] == '-' ||
                     name[end - 1] == '.'))
    --end;
  return name.substr(0, end);
}

}  // namespace

Claimed claimed_of(const SbomEntry& entry) {
  Claimed out;
  out.name = entry.name;
  out.version = entry.version;
  out.product = product_of(entry.cpe);
  if (Result<Purl> purl = parse_purl(entry.purl); purl && !entry.purl.empty()) {
    out.purl_type = purl->type;
    out.ecosystem = ecosystem_of(purl->type);
    out.name = name_in(*purl, out.ecosystem);
    // Syft names Go's own library by a purl and by its CPE.
    if (!purl->version.empty()) out.version = purl->version;
  } else if (!entry.cpe.empty()) {
    out.ecosystem = "C";
  }
  if (out.ecosystem == "Go" && (out.name == "std" || out.name == "go" || out.name == "toolchain"))
    out.name = "stdlib";
  if (out.purl_type == "bitnami" || out.purl_type == "generic")
    if (out.name == "go" || out.name == "golang") out.ecosystem = "Go", out.name = "stdlib";
  if (entry.type == "operating-system") out.ecosystem = "os";
  return out;
}

std::string plain_version(std::string_view ecosystem, std::string_view version) {
  version = trim(version);
  if (version == "UNKNOWN" || version == "(devel)" || version == "unknown" || version == "latest" ||
      version == "NOASSERTION")
    return {};
  if (ecosystem == "Go" && version.starts_with("go")) version.remove_prefix(2);
  if ((ecosystem == "Go" || ecosystem == "C") && version.size() > 1 && version[0] == 'v' &&
      version[1] >= '0' && version[1] <= '9')
    version.remove_prefix(1);
  return std::string(version);
}

std::string upstream_release(std::string_view purl_type, std::string_view version) {
  // A tag ("release-1.23.0", "curl-8_5_0") or a commit, which names no release.
  if (purl_type == "github") {
    const bool is_commit =
        version.size() >= 12 && version.find_first_not_of("0123456789abcdef") == version.npos;
    const std::size_t digit = version.find_first_of("0123456789");
    if (is_commit || digit == version.npos) return {};
    std::string release(version.substr(digit));
    for (char& c : release)
      if (c == '_') c = '.';
    return release;
  }
  if (purl_type == "deb" || purl_type == "rpm") {
    if (const std::size_t colon = version.find(':'); colon != version.npos)
      version.remove_prefix(colon + 1);
    if (const std::size_t dash = version.rfind('-'); dash != version.npos)
      version = version.substr(0, dash);
  }
  if (purl_type == "apk" || purl_type == "bitnami")
    if (const std::size_t dash = version.rfind('-'); dash != version.npos)
      version = version.substr(0, dash);
  for (const std::string_view mark : {".dfsg", "+dfsg", "+ds", "~", "+really", "-dfsg"})
    if (const std::size_t at = version.find(mark); at != version.npos && at > 0)
      version = version.substr(0, at);
  return plain_version("C", version);
}

std::string_view LibraryIds::of(std::string_view name) const {
  if (const std::size_t either = name.find(" / "); either != name.npos) {
    const std::string_view first = of(name.substr(0, either));
    return first.empty() ? of(name.substr(either + 3)) : first;
  }
  std::string lower = to_lower(name);
  std::ranges::replace(lower, ' ', '-');
  for (int cuts = 0; cuts < 3; ++cuts) {
    for (const std::string& tried :
         {lower, lower.starts_with("lib") ? lower.substr(3) : "lib" + lower}) {
      if (const auto id = ids.find(tried); id != ids.end()) return *id;
      if (const auto known = by_name.find(tried); known != by_name.end()) return known->second;
    }
    const std::string_view shorter = cut_ending(lower);
    if (shorter.size() < 2 || shorter == lower) break;
    lower = std::string(shorter);
  }
  return {};
}

}  // namespace fathom::sbom
