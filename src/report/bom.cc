#include "report/bom.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "model/purl.h"
#include "report/rows.h"

namespace fathom::bom {
namespace {

constexpr std::size_t kMostReasons = 10;
constexpr std::string_view kBeginning = "1970-01-01T00:00:00Z";

bool stands_in_a_file(const Component& component) {
  return component.kind != ComponentKind::package && component.ecosystem != "os" &&
         !component.file.empty();
}

// ---- CPE

// As the formatted string of CPE 2.3 wants it: lower case, everything but letters, digits, "_", "."
// and a hyphen that does not stand alone quoted.
std::string cpe_part(std::string_view text) {
  std::string out;
  for (const char c : to_lower(text)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                       (c == '-' && text.size() > 1);
    if (plain)
      out += c;
    else if (c > ' ' && c < 0x7f)
      out += std::string("\\") + c;
    else
      out += '_';
  }
  return out.empty() ? "*" : out;
}

// What upstream calls the version: without epoch, without the distribution's revision.
std::string upstream_version(const Component& component) {
  std::string version = component.version.exact;
  if (component.ecosystem == "deb" || component.ecosystem == "rpm") {
    if (const std::size_t colon = version.find(':'); colon != version.npos)
      version.erase(0, colon + 1);
    if (const std::size_t dash = version.rfind('-'); dash != version.npos) version.resize(dash);
  }
  if (component.ecosystem == "apk")
    if (const std::size_t revision = version.rfind("-r"); revision != version.npos)
      version.resize(revision);
  if (component.ecosystem == "Go" && version.starts_with('v')) version.erase(0, 1);
  return version;
}

struct Named {
  std::string vendor, product;
};

// "github.com/gin-gonic/gin/v2" → gin-gonic, gin.
Named go_names(std::string_view path) {
  if (path == "stdlib") return {"golang", "go"};
  std::vector<std::string_view> parts = split(path, '/');
  if (parts.size() > 2 && parts.back().size() > 1 && parts.back()[0] == 'v' &&
      parse_unsigned(parts.back().substr(1)))
    parts.pop_back();
  const std::string product(parts.back());
  return {parts.size() > 2 ? std::string(parts[1]) : product, product};
}

std::string_view target_software(std::string_view ecosystem) {
  if (ecosystem == "crates.io") return "rust";
  if (ecosystem == "npm") return "node.js";
  if (ecosystem == "PyPI") return "python";
  if (ecosystem == "RubyGems") return "ruby";
  if (ecosystem == "Go") return "go";
  return "*";
}

std::string derived_cpe(const Component& component) {
  const bool is_package = component.kind == ComponentKind::package;
  Named named{component.name, component.name};
  if (is_package && !component.source_name.empty())
    named = {component.source_name, component.source_name};
  if (component.ecosystem == "Go") named = go_names(component.name);
  if (component.name.empty()) return {};
  const std::string version = upstream_version(component);
  return "cpe:2.3:" + std::string(component.ecosystem == "os" ? "o" : "a") + ":" +
         cpe_part(named.vendor) + ":" + cpe_part(named.product) + ":" + cpe_part(version) +
         ":*:*:*:*:" + std::string(target_software(component.ecosystem)) + ":*:*";
}

// ---- Package URL

std::string generic_purl(const Component& component) {
  Purl purl;
  purl.type = "generic";
  purl.name = component.name.empty() ? "unknown" : component.name;
  purl.version = component.version.exact;
  return purl.text();
}

using ById = std::map<std::string_view, const Component*>;

Item item_of(const Component& component, const ById& by_id) {
  Item item{&component, component.purl, component.cpe, false};
  if (auto package = by_id.find(component.packaged_as);
      package != by_id.end() && !package->second->purl.empty())
    item.purl = package->second->purl;
  if (item.purl.empty()) item.purl = generic_purl(component);
  if (item.cpe.empty()) {
    item.cpe = derived_cpe(component);
    item.cpe_is_derived = true;
  }
  return item;
}

// ---- Files

// A path may stand in several layers; the visible one has the owner.
std::map<std::string_view, std::string_view> owners_of(const Report& report) {
  std::map<std::string_view, std::string_view> owners;
  for (const FileRow& file : report.files)
    if (!file.owner.empty()) owners.emplace(file.path, file.owner);
  return owners;
}

bool is_time(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':')
    return false;
  for (const std::size_t at : {0u, 5u, 8u, 11u, 14u, 17u})
    if (!parse_unsigned(text.substr(at, 2))) return false;
  return true;
}

}  // namespace

Bom arrange(const Report& report) {
  Bom out;
  ById by_id;
  std::map<std::string_view, std::ptrdiff_t> index_of;
  for (const Component& component : report.components) {
    by_id.emplace(component.id, &component);
    index_of.emplace(component.id, static_cast<std::ptrdiff_t>(index_of.size()));
  }
  const auto owners = owners_of(report);
  std::map<std::tuple<std::string_view, std::int64_t, std::string_view>, std::size_t> known;
  for (const Component& component : report.components) {
    out.items.push_back(item_of(component, by_id));
    out.file_of.push_back(-1);
    if (!stands_in_a_file(component)) continue;
    auto [at, is_new] = known.emplace(std::tuple(std::string_view(component.file), component.layer,
                                                 std::string_view(component.file_digest)),
                                      out.files.size());
    if (is_new) {
      out.files.push_back({component.file, component.file_digest, component.layer, nullptr, {}});
      const auto owner = owners.find(component.file);
      const auto package = owner == owners.end() ? index_of.end() : index_of.find(owner->second);
      out.package_of.push_back(package == index_of.end() ? -1 : package->second);
      if (package != index_of.end()) out.files.back().owner = by_id.at(owner->second);
    }
    out.files[at->second].items.push_back(out.items.size() - 1);
    out.file_of.back() = static_cast<std::ptrdiff_t>(at->second);
  }
  return out;
}

std::string time_of(const Report& report, const ReportOptions& options) {
  if (options.timestamp && is_time(report.now)) return report.now;
  const std::string& created = report.image.created;
  // Fractions of a second and zones other than UTC are not what SPDX wants.
  if (is_time(created) && created.ends_with('Z')) return created.substr(0, 19) + "Z";
  return std::string(kBeginning);
}

Frame frame_of(const Evidence& evidence) {
  std::string_view text = evidence.seen;
  constexpr std::string_view kLine = "line ", kOf = " of ";
  if (!text.starts_with(kLine)) return {};
  text.remove_prefix(kLine.size());
  const std::size_t of = text.find(kOf);
  if (of == text.npos) return {};
  const auto line = parse_unsigned(text.substr(0, of));
  const std::string_view source = text.substr(of + kOf.size());
  if (!line || source.empty() || source.find(' ') != source.npos) return {};
  return {std::string(source), *line};
}

std::string reasons(const Component& component) {
  std::string text = std::string(name_of(component.kind)) + ", " +
                     std::string(name_of(component.confidence)) + " confidence";
  if (component.claimed) text += ", claimed by an SBOM, code not seen";
  if (!component.version.known()) text += ", version " + version_text(component.version);
  if (!component.file.empty()) text += ", in " + printable(component.file);
  if (component.layer >= 0) text += ", layer " + std::to_string(component.layer);
  for (std::size_t i = 0; i < std::min(component.evidence.size(), kMostReasons); ++i) {
    const Evidence& evidence = component.evidence[i];
    text += "; " + printable(evidence.analyzer) + " at " + printable(text_of(evidence.place)) +
            ": " + printable(evidence.seen);
  }
  return text;
}

}  // namespace fathom::bom
