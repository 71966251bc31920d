// From claims to components. Facts know no paths, so a claim says "this content lists libc6"; here
// it gets the place where the content lies in the image. The same content in many places is one
// component, at its first visible place.
//
// A package database counts only where the package manager would look for it: a copy of a status
// file in a test folder installs nothing, and neither does the database that a later layer
// replaced. What such a file lists and the real database does not becomes a mention.

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "analyzer/analyzer.h"
#include "analyzer/image_input.h"
#include "analyzer/ownership.h"
#include "analyzer/purl.h"

namespace fathom {

namespace {

// Members of members, as deep as the facts can be.
constexpr int kMostDepth = 32;

struct Location {
  std::string path;  // "app.jar!/lib/x.so"
  std::string digest;
  const FileFacts* facts = nullptr;
  const image::TreeFile* file = nullptr;  // the file in the tree that it is, or is in
  bool is_member = false;
};

auto rank(const Location& l) {
  return std::tuple(l.file->shadowed, l.is_member, std::string_view(l.path), l.file->layer);
}

void add_members(const Location& parent, int depth, std::vector<Location>& out) {
  if (depth == kMostDepth) return;
  for (const MemberFacts& member : parent.facts->members) {
    Location location{.path = parent.path + "!/" + member.path,
                      .digest = member.digest,
                      .facts = &member.facts,
                      .file = parent.file,
                      .is_member = true};
    add_members(location, depth + 1, out);
    out.push_back(std::move(location));
  }
}

// Everything with content: visible files first, then their members, then what lies hidden below.
std::vector<Location> locations_of(const ImageInput& in) {
  std::vector<Location> out;
  for (const image::TreeFile& file : in.tree.files()) {
    auto at = in.facts.find(file.entry.digest);
    if (file.entry.digest.empty() || at == in.facts.end()) continue;
    Location location{
        .path = file.entry.path, .digest = file.entry.digest, .facts = &at->second, .file = &file};
    add_members(location, 0, out);
    out.push_back(std::move(location));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Location& a, const Location& b) { return rank(a) < rank(b); });
  return out;
}

bool is_database_claim(const PackageClaim& claim) {
  const std::string& ecosystem = claim.component.ecosystem;
  return ecosystem == "deb" || ecosystem == "apk" || ecosystem == "os";
}

auto key_of(const Component& c) {
  return std::tie(c.file, c.ecosystem, c.name, c.version.exact, c.purl);
}

struct Made {
  Component component;
  const PackageClaim* claim;
};

class Builder {
 public:
  explicit Builder(const ImageInput& in) : in_(in), os_release_(find_os_release()) {
    locations_ = locations_of(in);
  }

  void run(Inventory& inventory) {
    for (const Location& location : locations_) visit(location);
    name_distribution();
    std::stable_sort(made_.begin(), made_.end(), [](const Made& a, const Made& b) {
      return key_of(a.component) < key_of(b.component);
    });
    add_mentions(inventory);
    std::vector<InstalledPackage> packages;
    for (Made& made : made_) {
      if (made.component.ecosystem == "deb" || made.component.ecosystem == "apk")
        packages.push_back({inventory.components.size(), made.claim, architecture(made.component)});
      inventory.components.push_back(std::move(made.component));
    }
    join_ownership(in_, packages, inventory);
  }

 private:
  // A claim that counts at this place becomes a component the first time its content is met there.
  void visit(const Location& location) {
    bool first = location.digest.empty() || seen_.insert(location.digest).second;
    for (std::size_t i = 0; i < location.facts->packages.size(); ++i) {
      const PackageClaim& claim = location.facts->packages[i];
      if (!claim.installed) continue;
      if (!is_database_claim(claim)) {
        if (first) make(location, claim);
      } else if (!counts_at(location, claim.component.ecosystem)) {
        if (first) elsewhere_.emplace_back(&location, &claim);
      } else if (databases_.emplace(location.digest, i).second) {
        make(location, claim);
      }
    }
  }

  std::string_view find_os_release() const {
    for (const char* path : {"etc/os-release", "usr/lib/os-release"})
      if (const image::TreeFile* file = in_.tree.find(path)) return file->entry.path;
    return {};
  }

  bool counts_at(const Location& location, std::string_view ecosystem) const {
    if (location.is_member || location.file->shadowed) return false;
    std::string_view path = location.path;
    if (ecosystem == "os") return path == os_release_;
    if (ecosystem == "apk")
      return path == "lib/apk/db/installed" || path == "usr/lib/apk/db/installed";
    return path == "var/lib/dpkg/status" || path.starts_with("dpkg/status.d/") ||
           path.find("/dpkg/status.d/") != path.npos;
  }

  void make(const Location& location, const PackageClaim& claim) {
    Component component = claim.component;
    component.file = location.path;
    component.file_digest = location.digest;
    component.layer = location.file->layer;
    for (Evidence& evidence : component.evidence) place(evidence, location);
    made_.push_back({std::move(component), &claim});
  }

  static void place(Evidence& evidence, const Location& location) {
    evidence.file = location.path;
    evidence.file_digest = location.digest;
  }

  // "pkg:deb/debian/…" is the guess of an analyzer that saw nothing but the database.
  void name_distribution() {
    const Component* os = nullptr;
    for (const Made& made : made_)
      if (made.component.ecosystem == "os") os = &made.component;
    if (!os) return;
    std::string distribution = os->name;
    if (os->version.known()) distribution += "-" + os->version.exact;
    for (Made& made : made_) {
      if (made.component.ecosystem != "deb" && made.component.ecosystem != "apk") continue;
      Result<Purl> purl = parse_purl(made.component.purl);
      if (!purl) continue;
      purl->namespace_ = os->name;
      purl->qualifiers["distro"] = distribution;
      made.component.purl = purl->text();
    }
  }

  static std::string architecture(const Component& component) {
    Result<Purl> purl = parse_purl(component.purl);
    return purl ? purl->qualifiers["arch"] : std::string();
  }

  void add_mentions(Inventory& inventory) const {
    std::set<std::tuple<std::string_view, std::string_view, std::string_view>> known;
    auto key = [](const Component& c) {
      return std::tuple<std::string_view, std::string_view, std::string_view>(c.ecosystem, c.name,
                                                                              c.version.exact);
    };
    for (const Made& made : made_) known.insert(key(made.component));
    for (auto [location, claim] : elsewhere_) {
      const Component& component = claim->component;
      if (!known.insert(key(component)).second) continue;
      Mention mention{.library = component.name,
                      .version = component.version.exact,
                      .file = location->path,
                      .evidence = component.evidence.empty() ? Evidence() : component.evidence[0],
                      .why = why_not(*location)};
      place(mention.evidence, *location);
      inventory.mentions.push_back(std::move(mention));
    }
  }

  static std::string why_not(const Location& location) {
    const image::TreeFile& file = *location.file;
    if (file.shadowed)
      return "the list that names it was replaced or deleted by layer " +
             std::to_string(file.shadowed_by);
    return "the list that names it is not where a package manager keeps it";
  }

  const ImageInput& in_;
  std::string_view os_release_;
  std::vector<Location> locations_;
  std::set<std::string_view> seen_;                               // contents
  std::set<std::pair<std::string_view, std::size_t>> databases_;  // contents and claims
  std::vector<Made> made_;
  std::vector<std::pair<const Location*, const PackageClaim*>> elsewhere_;
};

}  // namespace

extern const ImageAnalyzer packages_image = {
    .name = "packages",
    .version = 1,
    .summary = "packages, modules and applications at their places, and the files they own",
    .run = [](const ImageInput& in, Inventory& inventory) { Builder(in).run(inventory); },
};

}  // namespace fathom
