// From claims to components. Facts know no paths, so a claim says "this content lists libc6"; here
// it gets the place where the content lies in the image. The same content in many places is one
// component, at its first visible place.
//
// A package database counts only where the package manager would look for it: a copy of a status
// file in a test folder installs nothing, and neither does the database that a later layer
// replaced. What such a file lists and the real database does not becomes a mention.

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "analyzer/analyzer.h"
#include "analyzer/image_input.h"
#include "analyzer/java_archive.h"
#include "analyzer/ownership.h"
#include "analyzer/purl.h"
#include "base/text.h"

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

bool is_of_manager(std::string_view ecosystem) {
  return ecosystem == "deb" || ecosystem == "apk" || ecosystem == "rpm";
}

// Descriptions of packages also stand in the tests and sources of other packages.
bool depends_on_place(const PackageClaim& claim) {
  return claim.component.ecosystem == "npm" || claim.component.ecosystem == "PyPI";
}

bool is_database_claim(const PackageClaim& claim) {
  const std::string& ecosystem = claim.component.ecosystem;
  return is_of_manager(ecosystem) || ecosystem == "os";
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
    join_java_runtimes();
    std::stable_sort(made_.begin(), made_.end(), [](const Made& a, const Made& b) {
      return key_of(a.component) < key_of(b.component);
    });
    add_mentions(inventory);
    add_unread_databases(inventory);
    // What the system's package manager installed is its own, also where Python knows it.
    std::vector<InstalledPackage> packages, distributions;
    for (Made& made : made_) {
      const std::size_t at = inventory.components.size();
      if (is_of_manager(made.component.ecosystem))
        packages.push_back({at, made.claim, architecture(made.component)});
      if (made.component.ecosystem == "PyPI") distributions.push_back({at, made.claim, {}});
      inventory.components.push_back(std::move(made.component));
    }
    std::ranges::move(distributions, std::back_inserter(packages));
    join_ownership(in_, packages, inventory);
  }

 private:
  // A claim that counts at this place becomes a component the first time its content is met there.
  void visit(const Location& location) {
    bool first = location.digest.empty() || seen_.insert(location.digest).second;
    for (std::size_t i = 0; i < location.facts->packages.size(); ++i) {
      const PackageClaim& claim = location.facts->packages[i];
      if (!claim.installed) continue;
      if (!is_database_claim(claim) && !depends_on_place(claim)) {
        if (first) make(location, claim);
      } else if (!counts_at(location, claim.component.ecosystem)) {
        if (first) elsewhere_.emplace_back(&location, &claim);
      } else if (databases_.emplace(location.digest, i).second) {
        make(location, claim);
      }
    }
    if (!first) return;
    std::optional<PackageClaim> archive = claim_java_archive(location.path, *location.facts);
    if (archive) make(location, own_.emplace_back(std::move(*archive)));
  }

  std::string_view find_os_release() const {
    for (const char* path : {"etc/os-release", "usr/lib/os-release"})
      if (const image::TreeFile* file = in_.tree.find(path)) return file->entry.path;
    return {};
  }

  bool counts_at(const Location& location, std::string_view ecosystem) const {
    if (ecosystem == "npm") return is_node_package(location);
    if (ecosystem == "PyPI") return is_python_distribution(location.path);
    if (location.is_member || location.file->shadowed) return false;
    std::string_view path = location.path;
    if (ecosystem == "os") return path == os_release_;
    if (ecosystem == "apk")
      return path == "lib/apk/db/installed" || path == "usr/lib/apk/db/installed";
    if (ecosystem == "rpm") return is_rpm_database(path);
    return path == "var/lib/dpkg/status" || path.starts_with("dpkg/status.d/") ||
           path.find("/dpkg/status.d/") != path.npos;
  }

  // node_modules/NAME/package.json, node_modules/@SCOPE/NAME/package.json, and that of an
  // application.
  static bool is_node_package(const Location& location) {
    std::vector<std::string_view> parts = split(location.path, '/');
    if (parts.back() != "package.json") return false;
    const std::size_t name = parts.size() >= 2 ? parts.size() - 2 : 0;
    if (name > 0 && parts[name - 1] == "node_modules") return true;
    if (name > 1 && parts[name - 1].starts_with('@') && parts[name - 2] == "node_modules")
      return true;
    return !location.is_member && std::ranges::find(parts, "node_modules") == parts.end();
  }

  static bool is_python_distribution(std::string_view path) {
    std::vector<std::string_view> parts = split(path, '/');
    std::string_view file = parts.back();
    if (file.ends_with(".egg-info")) return true;  // distutils wrote a file
    if (parts.size() < 2 || (file != "METADATA" && file != "PKG-INFO")) return false;
    std::string_view folder = parts[parts.size() - 2];
    return folder.ends_with(".dist-info") || folder.ends_with(".egg-info") || folder == "EGG-INFO";
  }

  // The folder moved more than once (rpm's _dbpath), and may be reached by a link.
  static bool is_rpm_database(std::string_view path) {
    std::size_t slash = path.rfind('/');
    std::string_view folder = path.substr(0, slash == path.npos ? 0 : slash);
    std::string_view name = path.substr(slash == path.npos ? 0 : slash + 1);
    const bool is_folder =
        folder == "var/lib/rpm" || folder == "usr/lib/sysimage/rpm" || folder == "usr/share/rpm";
    return is_folder && (name == "Packages" || name == "Packages.db" || name == "rpmdb.sqlite");
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
      if (!is_of_manager(made.component.ecosystem)) continue;
      Result<Purl> purl = parse_purl(made.component.purl);
      if (!purl) continue;
      purl->namespace_ = os->name;
      purl->qualifiers["distro"] = distribution;
      made.component.purl = purl->text();
    }
  }

  // The release file, the image of modules and the virtual machine of one installation are one
  // runtime. The machine names it: it is what runs.
  void join_java_runtimes() {
    std::map<std::pair<std::string, std::string>, Made*> first;  // by folder and version
    std::stable_sort(made_.begin(), made_.end(), [](const Made& a, const Made& b) {
      return java_rank(a.component) < java_rank(b.component);
    });
    for (Made& made : made_) {
      std::optional<std::string> home = java_home(made.component);
      if (!home) continue;
      auto [known, is_new] = first.try_emplace({*home, made.component.version.exact}, &made);
      if (is_new) continue;
      std::ranges::move(made.component.evidence,
                        std::back_inserter(known->second->component.evidence));
      made.component.evidence.clear();
    }
    std::erase_if(made_, [](const Made& made) { return made.component.evidence.empty(); });
  }

  static int java_rank(const Component& c) {
    return c.file.ends_with("/libjvm.so") ? 0 : c.file.ends_with("/modules") ? 1 : 2;
  }

  // Of a part of a Java installation: the folder that it is in.
  static std::optional<std::string> java_home(const Component& c) {
    if (c.name != "openjdk" || c.kind != ComponentKind::runtime) return std::nullopt;
    const std::string path = "/" + c.file;
    if (std::size_t lib = path.rfind("/lib/"); lib != path.npos) return path.substr(0, lib);
    if (path.ends_with("/release")) return path.substr(0, path.rfind('/'));
    return std::nullopt;
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

  // Where rpm keeps its packages and no reader knew the form: too damaged to be recognised, or one
  // that nobody here reads. Either way packages are missing.
  void add_unread_databases(Inventory& inventory) const {
    for (const image::TreeFile& file : in_.tree.files()) {
      if (file.shadowed || file.entry.size == 0 || !is_rpm_database(file.entry.path)) continue;
      auto at = in_.facts.find(file.entry.digest);
      if (at == in_.facts.end() || at->second.kind == FileKind::database) continue;
      inventory.gaps.push_back({"packages", file.entry.path, file.entry.digest, file.layer,
                                ErrorCode::malformed,
                                "rpm keeps its packages here, and none could be read"});
    }
  }

  static std::string why_not(const Location& location) {
    const image::TreeFile& file = *location.file;
    if (location.path.ends_with("/package.json") || location.path.ends_with("/METADATA") ||
        location.path.ends_with("/PKG-INFO"))
      return "it describes a package and is not where one is installed";
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
  std::deque<PackageClaim> own_;  // claims that need a path; made_ points to them
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
