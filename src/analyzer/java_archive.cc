// Maven's pom.properties gives group, artifact and version; archives that other tools built have no
// such file, and then the manifest and the name of the file must do. The group is the weak point:
// it is in neither. A table has it for artifacts that are common (data/java/groups.tsv), and the
// packages of the classes must fit; else it is a guess from the manifest or from the packages.

#include "analyzer/java_archive.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "model/purl.h"

namespace fathom {

extern const std::string_view kJavaGroupsTsv;

namespace {

constexpr std::string_view kName = "java-archive";

// Attributes by which an archive is named, and a few that say how it is run.
constexpr auto kKept = std::to_array<std::string_view>(
    {"Implementation-Title", "Implementation-Version", "Implementation-Vendor-Id",
     "Implementation-Vendor", "Specification-Title", "Specification-Version", "Bundle-SymbolicName",
     "Bundle-Version", "Bundle-Name", "Automatic-Module-Name", "Main-Class", "Start-Class",
     "Spring-Boot-Version", "Extension-Name", "Plugin-Version", "Short-Name"});

std::string_view attribute(const JavaFacts& java, std::string_view name) {
  for (const auto& [key, value] : java.manifest)
    if (key == name) return value;
  return {};
}

// ---- Gathering

// The part of both that ends with a whole folder.
std::string common_package(std::string_view a, std::string_view b) {
  auto [end, unused] = std::ranges::mismatch(a, b);
  auto size = static_cast<std::size_t>(end - a.begin());
  if (size == a.size() && size == b.size()) return std::string(a);
  bool whole = (size == a.size() && size < b.size() && b[size] == '/') ||
               (size == b.size() && size < a.size() && a[size] == '/');
  if (whole) return std::string(a.substr(0, size));
  std::size_t slash = a.substr(0, size).rfind('/');
  return std::string(a.substr(0, slash == a.npos ? 0 : slash));
}

class Gatherer {
 public:
  explicit Gatherer(FileFacts& facts) : facts_(facts) {}

  void run() {
    for (MemberFacts& member : facts_.members) visit(member);
    if (java_.classes == 0 && java_.manifest.empty() && claims_.empty()) return;
    java_.is_archive = true;
    facts_.java = std::move(java_);
    std::ranges::move(claims_, std::back_inserter(facts_.packages));
  }

 private:
  void visit(MemberFacts& member) {
    FileFacts& facts = member.facts;
    if (facts.java && !facts.java->class_name.empty()) return note_class(*facts.java);
    if (member.path == "META-INF/MANIFEST.MF" && facts.java) {
      for (auto& entry : facts.java->manifest)
        if (std::ranges::find(kKept, entry.first) != kKept.end())
          java_.manifest.push_back(std::move(entry));
      facts.java.reset();
      return;
    }
    if (!member.path.ends_with("/pom.properties")) return;
    for (PackageClaim& claim : facts.packages) take(member.path, std::move(claim));
    facts.packages.clear();
  }

  void note_class(const JavaFacts& java) {
    std::size_t slash = java.class_name.rfind('/');
    if (slash == java.class_name.npos) return;
    std::string_view package = std::string_view(java.class_name).substr(0, slash);
    java_.package =
        java_.classes == 0 ? std::string(package) : common_package(java_.package, package);
    ++java_.classes;
  }

  void take(const std::string& path, PackageClaim claim) {
    for (Evidence& evidence : claim.component.evidence) {
      evidence.seen = text_of(evidence.place) + ": " + evidence.seen;
      evidence.place = Place::named(path);
    }
    claims_.push_back(std::move(claim));
  }

  FileFacts& facts_;
  JavaFacts java_;
  std::vector<PackageClaim> claims_;
};

// ---- Naming

bool is_version_text(std::string_view text) {
  return !text.empty() && text[0] >= '0' && text[0] <= '9' &&
         text.find_first_of("${} \t,;") == text.npos;
}

// "4.1.100.Final-linux-x86_64" → "4.1.100.Final": platforms and what jars are for.
std::string_view without_classifier(std::string_view version) {
  for (std::string_view word : {"-linux",
                                "-osx",
                                "-windows",
                                "-jdk",
                                "-jre8",
                                "-javadoc",
                                "-sources",
                                "-tests",
                                "-test",
                                "-all",
                                "-shaded",
                                "-uber",
                                "-exec",
                                "-fat",
                                "-boot",
                                "-standalone",
                                "-jar-with-dependencies",
                                "-jakarta",
                                "-native",
                                "-no_aop",
                                "-plain",
                                "-bundle"}) {
    std::size_t at = version.find(word);
    if (at != version.npos && at > 0) version = version.substr(0, at);
  }
  return version;
}

// The part of "log4j-1.2-api-2.17.1" or "foo-1.0-beta-2" with which the version starts: the last
// one that begins with a digit, and what belongs to it. 0: there is none.
std::size_t version_part(const std::vector<std::string_view>& parts) {
  auto is_number = [&](std::size_t i) {
    return !parts[i].empty() && parts[i][0] >= '0' && parts[i][0] <= '9';
  };
  auto is_qualifier = [&](std::size_t i) {
    constexpr auto kWords = std::to_array<std::string_view>(
        {"alpha", "beta", "rc", "cr", "m", "b", "pre", "milestone"});
    return std::ranges::find(kWords, to_lower(parts[i])) != kWords.end();
  };
  std::size_t at = parts.size() - 1;
  while (at > 0 && !is_number(at)) --at;
  while (at > 1) {
    if (is_number(at - 1))
      --at;
    else if (at > 2 && is_qualifier(at - 1) && is_number(at - 2))
      at -= 2;
    else
      break;
  }
  return at;
}

std::string_view base_name(std::string_view path) {
  std::size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

const std::multimap<std::string_view, std::string_view>& groups() {
  static const auto rows = [] {
    std::multimap<std::string_view, std::string_view> out;
    for (std::string_view line : lines_of(kJavaGroupsTsv)) {
      if (line.empty() || line.starts_with('#')) continue;
      std::size_t tab = line.find('\t');
      if (tab != line.npos) out.emplace(line.substr(0, tab), line.substr(tab + 1));
    }
    return out;
  }();
  return rows;
}

// How many leading parts "org.springframework.boot" and "org/springframework/boot/x" share.
std::size_t shared_parts(std::string_view group, std::string_view package) {
  std::vector<std::string_view> a = split(group, '.'), b = split(package, '/');
  std::size_t n = 0;
  while (n < a.size() && n < b.size() && a[n] == b[n]) ++n;
  return n;
}

bool is_dotted_name(std::string_view text) {
  return text.find('.') != text.npos && text.find_first_of(" /:,;()@") == text.npos &&
         !(text[0] >= '0' && text[0] <= '9');
}

class Namer {
 public:
  Namer(std::string_view path, const JavaFacts& java)
      : java_(java), file_(split_java_file_name(path)), file_name_(base_name(path)) {}

  std::optional<PackageClaim> claim() {
    choose_artifact();
    choose_version();
    choose_group();
    if (artifact_.empty()) return std::nullopt;
    PackageClaim claim;
    Component& c = claim.component;
    bool application = !attribute(java_, "Start-Class").empty();
    c.kind = application ? ComponentKind::application : ComponentKind::module;
    c.name = group_.empty() ? artifact_ : group_ + ":" + artifact_;
    c.version.exact = version_;
    c.ecosystem = "Maven";
    c.purl =
        Purl{.type = "maven", .namespace_ = group_, .name = artifact_, .version = version_}.text();
    c.confidence = !group_is_known_  ? Confidence::low
                   : version_agrees_ ? Confidence::high
                                     : Confidence::medium;
    if (evidence_.empty()) note(Place{}, "Java archive " + std::string(file_name_));
    c.evidence = std::move(evidence_);
    return claim;
  }

 private:
  void choose_artifact() {
    if (file_.is_archive) {
      artifact_ = file_.artifact;
      note(Place{}, "file name " + std::string(file_name_));
      return;
    }
    for (std::string_view name : {"Implementation-Title", "Bundle-SymbolicName",
                                  "Automatic-Module-Name", "Extension-Name", "Short-Name"}) {
      std::string_view value = attribute(java_, name);
      value = value.substr(0, value.find(';'));
      if (value.empty() || value.find_first_of(" $") != value.npos) continue;
      std::size_t dot = value.rfind('.');
      artifact_ = dot == value.npos ? value : value.substr(dot + 1);
      note_attribute(name);
      return;
    }
    artifact_ = file_name_;
  }

  void choose_version() {
    constexpr auto kStated = std::to_array<std::string_view>(
        {"Implementation-Version", "Plugin-Version", "Bundle-Version", "Specification-Version"});
    for (std::string_view name : kStated) {
      std::string_view value = attribute(java_, name);
      if (file_.version.empty() || value != file_.version) continue;
      version_ = value;
      version_agrees_ = true;
      return note_attribute(name);
    }
    for (std::string_view name : kStated) {
      std::string_view value = attribute(java_, name);
      value = value.substr(0, value.find(' '));
      // A specification has many implementations, which have versions of their own.
      if (name == "Specification-Version" && !file_.version.empty()) break;
      if (!is_version_text(value)) continue;
      version_ = value;
      return note_attribute(name);
    }
    version_ = file_.version;
  }

  void choose_group() {
    auto [begin, end] = groups().equal_range(artifact_);
    std::size_t best = 0;
    for (auto row = begin; row != end; ++row) {
      std::size_t shared = java_.package.empty() ? 1 : shared_parts(row->second, java_.package);
      if (shared <= best) continue;
      best = shared;
      group_ = row->second;
      group_is_known_ = true;
    }
    if (group_is_known_) return;
    if (std::string_view id = attribute(java_, "Implementation-Vendor-Id"); is_dotted(id)) {
      group_ = id;
      return note_attribute("Implementation-Vendor-Id");
    }
    for (std::string_view name : {"Bundle-SymbolicName", "Automatic-Module-Name"}) {
      std::string_view value = attribute(java_, name);
      value = value.substr(0, value.find(';'));
      if (!is_dotted(value)) continue;
      group_ = value.substr(0, value.rfind('.'));
      return note_attribute(name);
    }
    std::string package = java_.package;
    std::ranges::replace(package, '/', '.');
    std::vector<std::string_view> parts = split(package, '.');
    constexpr std::size_t kGroupParts = 3;
    if (parts.size() > kGroupParts) parts.resize(kGroupParts);
    if (parts.size() < 2) return;
    for (std::string_view part : parts) group_ += (group_.empty() ? "" : ".") + std::string(part);
    note(Place{}, "classes below " + java_.package);
  }

  static bool is_dotted(std::string_view text) { return !text.empty() && is_dotted_name(text); }

  void note_attribute(std::string_view name) {
    note(Place::named("META-INF/MANIFEST.MF"),
         std::string(name) + ": " + std::string(attribute(java_, name)));
  }
  void note(Place place, std::string seen) {
    evidence_.push_back({.analyzer = std::string(kName),
                         .file = {},
                         .file_digest = {},
                         .place = std::move(place),
                         .seen = std::move(seen)});
  }

  const JavaFacts& java_;
  JavaFileName file_;
  std::string_view file_name_;
  std::string artifact_, version_, group_;
  bool version_agrees_ = false, group_is_known_ = false;
  std::vector<Evidence> evidence_;
};

std::string_view artifact_of(const Component& component) {
  std::string_view name = component.name;
  return name.substr(name.find(':') + 1);
}

// Whether a pom.properties in the archive is the archive's own: its artifact is in the name of the
// file, or it is the only one and the manifest does not speak of another.
bool is_named(std::string_view path, const FileFacts& facts) {
  const JavaFileName file = split_java_file_name(path);
  std::size_t count = 0;
  for (const PackageClaim& claim : facts.packages) {
    if (claim.component.ecosystem != "Maven") continue;
    ++count;
    if (artifact_of(claim.component) == file.artifact) return true;
    std::string_view title = attribute(*facts.java, "Implementation-Title");
    std::string_view bundle = attribute(*facts.java, "Bundle-SymbolicName");
    if (!title.empty() && artifact_of(claim.component) == title) return true;
    if (!bundle.empty() && bundle.ends_with(artifact_of(claim.component))) return true;
  }
  // The name of a renamed archive says nothing; a name with a version does.
  return count == 1 && file.version.empty();
}

}  // namespace

void describe_java_archive(FileFacts& facts) { Gatherer(facts).run(); }

std::optional<PackageClaim> claim_java_archive(std::string_view path, const FileFacts& facts) {
  if (!facts.java || !facts.java->is_archive || is_named(path, facts)) return std::nullopt;
  return Namer(path, *facts.java).claim();
}

JavaFileName split_java_file_name(std::string_view path) {
  JavaFileName out;
  std::string_view name = base_name(path);
  for (std::string_view extension : {".jar", ".war", ".ear", ".jpi", ".hpi", ".par", ".sar", ".rar",
                                     ".nar", ".kar", ".lpkg", ".jmod"}) {
    if (!name.ends_with(extension)) continue;
    name.remove_suffix(extension.size());
    out.is_archive = true;
    break;
  }
  const std::vector<std::string_view> parts = split(name, '-');
  std::size_t first = version_part(parts);
  if (first == 0 || (first == 1 && parts[0].empty())) {
    out.artifact = name;
    return out;
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < first; ++i) at += parts[i].size() + 1;
  out.artifact = name.substr(0, at - 1);
  out.version = without_classifier(name.substr(at));
  return out;
}

}  // namespace fathom
