#include <gtest/gtest.h>

#include <map>

#include "base/text.h"
#include "lineage/provenance.h"

namespace fathom::lineage {
namespace {

const std::string kRows =
    "os\tdebian:{major}\tdebian\t-\n"
    "made\t-\t*\tADD file:\n"
    "more\t-\t*\tbazel build\n"
    "packages\tdistroless/tiny\tdeb\tnetbase,base-files\n"
    "label\t-\tname\torg.opencontainers.image.base.name\n"
    "label\t-\tdigest\torg.opencontainers.image.base.digest\n"
    "label\t-\trevision\torg.opencontainers.image.revision\n";

std::vector<BaseRow> rows(const std::string& more = "") {
  Result<std::vector<BaseRow>> read = parse_base_rows(kRows + more);
  EXPECT_TRUE(read) << read.error().message;
  return read ? *read : std::vector<BaseRow>();
}

std::string digest(char digit) { return "sha256:" + std::string(64, digit); }

// An image of layers that each bring some files; a file's content is named by its digest.
class Picture {
 public:
  Picture& layer(std::string created_by, std::string created = "") {
    image::Layer made;
    layers_.push_back(made);
    const char digit = static_cast<char>('1' + report.image.layers.size());
    report.image.layers.push_back(
        {digest(digit), digest(digit), 10, std::move(created_by), 1, std::move(created)});
    return *this;
  }
  Picture& file(std::string path, FileFacts content = {}) {
    image::Entry entry;
    entry.path = std::move(path);
    entry.size = 4;
    entry.digest = "sha256:" + std::string(60, 'f') + std::to_string(1000 + facts_.size());
    facts_[entry.digest] = std::move(content);
    layers_.back().entries.push_back(entry);
    return *this;
  }
  Picture& system(std::string id, std::string version) {
    FileFacts facts;
    facts.packages.emplace_back();
    Component& os = facts.packages[0].component;
    os.ecosystem = "os";
    os.name = std::move(id);
    os.version.exact = std::move(version);
    os.evidence = {{"os-release", "", "", Place::at_line(1), "ID=" + os.name}};
    return file("etc/os-release", std::move(facts));
  }
  Picture& packages(const std::vector<std::pair<std::string, std::string>>& list) {
    FileFacts facts;
    facts.kind = FileKind::database;
    for (const auto& [name, version] : list) {
      Component package;
      package.ecosystem = "deb";
      package.kind = ComponentKind::package;
      package.name = name;
      package.version.exact = version;
      facts.packages.push_back({package, {}, true});
    }
    return file("var/lib/dpkg/status", std::move(facts));
  }
  Picture& component(std::string name, std::string version) {
    Component package;
    package.id = "c" + std::to_string(report.components.size() + 1);
    package.ecosystem = "deb";
    package.kind = ComponentKind::package;
    package.name = std::move(name);
    package.version.exact = std::move(version);
    report.components.push_back(package);
    return *this;
  }
  // As the source "dir" has it: a layer that nobody made as one.
  Picture& no_layers() {
    for (LayerRow& layer : report.image.layers) layer.digest = layer.diff_id = "";
    return *this;
  }

  const Report& trace(const std::vector<BaseRow>& table) {
    const image::FileTree tree = image::flatten(layers_, {});
    for (const image::TreeFile& file : tree.files()) {
      FileRow row;
      row.path = file.entry.path;
      row.digest = file.entry.digest;
      row.size = file.entry.size;
      row.layer = file.layer;
      row.shadowed = file.shadowed;
      if (auto found = origins.find(row.path); found != origins.end()) row.origin = found->second;
      if (owners.contains(row.path)) row.owner = owners[row.path];
      report.files.push_back(row);
    }
    const auto facts_of = [&](const std::string& of) {
      auto found = facts_.find(of);
      return found == facts_.end() ? nullptr : &found->second;
    };
    const auto is_older = [](std::string_view, std::string_view a, std::string_view b) {
      return a < b;
    };
    trace_origins({info, report.image, tree, facts_of}, {table, is_older, "2028-06-30"}, report);
    return report;
  }

  const FileRow& at(std::string_view path) const {
    for (const FileRow& file : report.files)
      if (file.path == path && !file.shadowed) return file;
    ADD_FAILURE() << path;
    return report.files.front();
  }

  image::ImageInfo info;
  Report report;
  std::map<std::string, FileOrigin> origins;  // what assembling had found
  std::map<std::string, std::string> owners;

 private:
  std::vector<image::Layer> layers_;
  std::map<std::string, FileFacts> facts_;
};

// ---- Rows

TEST(BaseRows, AreTakenAsAWholeOrNotAtAll) {
  for (const char* bad :
       {"layers\tx\t-\tnodigest\n", "layers\tx\tJan 1\tsha256:00\n", "layers\tx\t-\t-\n",
        "packages\tx\trpm\ta\n", "os\t-\tdebian\t-\n", "label\t-\tcolour\tx\n",
        "unknown\tx\t-\ty\n", "os debian:12 debian -\n", "made\t-\t-\tx\n"}) {
    Result<std::vector<BaseRow>> read = parse_base_rows(std::string("# comment\n\n") + bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_NE(read.error().message.find("line 3"), std::string::npos) << read.error().message;
  }
  EXPECT_EQ(rows().size(), 7u);
}

TEST(BaseRows, ALineOfLayersIsReadBack) {
  const std::string line = layers_line("our/base:3", "2026-01-02", {digest('1'), digest('2')});
  Result<std::vector<BaseRow>> read = parse_base_rows(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at(0).name, "our/base:3");
  EXPECT_EQ(read->at(0).key, "2026-01-02");
  EXPECT_EQ(read->at(0).values, (std::vector{digest('1'), digest('2')}));
}

// ---- Base

TEST(Base, KnownLayersSayWhoAndWhereItEnds) {
  Picture picture;
  picture.layer("").layer("").layer("COPY app /");
  const std::string table = layers_line("short", "2025-01-01", {digest('1')}) +
                            layers_line("our/base:3", "2026-01-02", {digest('1'), digest('2')}) +
                            layers_line("other", "", {digest('2')});
  const BaseImage& base = picture.trace(rows(table)).origin.base;
  EXPECT_EQ(base.name, "our/base:3");
  EXPECT_EQ(base.by, BaseBy::layers);
  EXPECT_EQ(base.layers, 2u);
  EXPECT_EQ(base.created, "2026-01-02");
  EXPECT_TRUE(base.end_is_known);
  EXPECT_EQ(base.evidence.size(), 2u);
}

TEST(Base, TheSystemsOwnLayerIsWhereItEnds) {
  Picture picture;
  picture.layer("/bin/sh -c #(nop) ADD file:1f0 in / ", "2026-03-01T00:00:00Z")
      .system("debian", "12");
  picture.layer("RUN apt-get install x").file("usr/bin/x");
  const BaseImage& base = picture.trace(rows()).origin.base;
  EXPECT_EQ(base.name, "debian:12");
  EXPECT_EQ(base.by, BaseBy::distribution);
  EXPECT_EQ(base.layers, 1u);
  EXPECT_EQ(base.created, "2026-03-01");
  EXPECT_EQ(base.end_of_life, "2028-06-30");
  EXPECT_EQ(picture.at("etc/os-release").origin.side, Side::base);
  EXPECT_EQ(picture.at("usr/bin/x").origin.side, Side::yours);
}

TEST(Base, FollowingLayersOfItsToolBelongToIt) {
  Picture picture;
  picture.layer("bazel build ...").system("debian", "12");
  picture.layer("bazel build ...").file("etc/protocols").layer("COPY app /").file("app");
  EXPECT_EQ(picture.trace(rows()).origin.base.layers, 2u);
}

TEST(Base, ALayerThatSomebodyMadeHasNoEnd) {
  Picture picture;
  picture.layer("COPY rootfs /").system("debian", "12").file("app");
  picture.layer("COPY more /").file("more");
  const BaseImage& base = picture.trace(rows()).origin.base;
  EXPECT_EQ(base.name, "debian:12");
  EXPECT_FALSE(base.end_is_known);
  EXPECT_EQ(picture.at("app").origin.side, Side::unknown);
  EXPECT_EQ(picture.at("more").origin.side, Side::unknown);
}

TEST(Base, ALabelNamesItAndDoesNotSayWhereItEnds) {
  Picture picture;
  picture.info.labels = {{"org.opencontainers.image.base.name", "registry.example/node:20"},
                         {"org.opencontainers.image.base.digest", digest('9')},
                         {"org.opencontainers.image.revision", "abc123"}};
  picture.layer("ADD file:1 in /").system("debian", "12").layer("RUN node").file("node");
  const Report& report = picture.trace(rows());
  EXPECT_EQ(report.origin.base.name, "registry.example/node:20");
  EXPECT_EQ(report.origin.base.digest, digest('9'));
  EXPECT_EQ(picture.at("etc/os-release").origin.side, Side::base);
  EXPECT_EQ(picture.at("node").origin.side, Side::unknown);
  ASSERT_EQ(report.origin.revisions.size(), 1u);
  EXPECT_EQ(report.origin.revisions[0].id, "abc123");
}

TEST(Base, ExactPackagesNameIt) {
  Picture picture;
  picture.layer("bazel build")
      .system("debian", "12")
      .packages({{"base-files", "12"}, {"netbase", "6"}});
  EXPECT_EQ(picture.trace(rows()).origin.base.name, "distroless/tiny");
  Picture more;
  more.layer("bazel build")
      .system("debian", "12")
      .packages({{"base-files", "12"}, {"netbase", "6"}, {"bash", "5"}});
  EXPECT_EQ(more.trace(rows()).origin.base.name, "debian:12");
}

TEST(Base, AFolderHasTheBasesPackagesAndNobodyKnowsWhoseTheRestIs) {
  Picture picture;
  picture.layer("")
      .system("debian", "12")
      .packages({{"base-files", "12"}, {"netbase", "6"}, {"bash", "5"}});
  picture.no_layers().component("netbase", "6").component("bash", "5");
  const Report& report = picture.trace(rows());
  EXPECT_EQ(report.origin.base.name, "distroless/tiny");
  EXPECT_EQ(report.components[0].side, Side::base);
  EXPECT_EQ(report.components[1].side, Side::unknown);
}

TEST(Base, NothingRecognisedIsFromScratch) {
  Picture picture;
  picture.layer("COPY app /").file("app");
  const BaseImage& base = picture.trace(rows()).origin.base;
  EXPECT_EQ(base.by, BaseBy::nothing);
  EXPECT_EQ(picture.at("app").origin.side, Side::yours);
  Picture folder;
  folder.layer("").file("app").no_layers();
  folder.trace(rows());
  EXPECT_EQ(folder.at("app").origin.side, Side::unknown);
}

// A later layer's database has the base's packages too; what it has in another version is yours.
TEST(Base, PackagesAreTheBasesInItsVersions) {
  Picture picture;
  picture.layer("ADD file:1 in /")
      .system("debian", "12")
      .packages({{"libc6", "2.36-9"}, {"bash", "5"}});
  picture.layer("RUN apt-get").packages({{"libc6", "2.36-10"}, {"bash", "5"}, {"curl", "7"}});
  picture.component("libc6", "2.36-10").component("bash", "5").component("curl", "7");
  Finding finding;
  finding.id = "CVE-1";
  finding.component = "c2";
  finding.fixed_in = {"5.1"};
  picture.report.findings = {finding};
  finding.id = "CVE-2";
  finding.fixed_in = {"5.2"};
  picture.report.findings.push_back(finding);
  finding.component = "c3";
  picture.report.findings.push_back(finding);
  const Report& report = picture.trace(rows());
  EXPECT_EQ(report.components[0].side, Side::yours);
  EXPECT_EQ(report.components[1].side, Side::base);
  EXPECT_EQ(report.components[2].side, Side::yours);
  ASSERT_EQ(report.origin.base.updates.size(), 1u);
  EXPECT_EQ(report.origin.base.updates[0].name, "bash");
  EXPECT_EQ(report.origin.base.updates[0].available, "5.2");
  EXPECT_EQ(report.origin.base.updates[0].fixes, (std::vector<std::string>{"CVE-1", "CVE-2"}));
}

// ---- Files

TEST(Origins, EachFileIsExplainedByTheFirstThatApplies) {
  FileFacts statement;
  statement.statements.emplace_back();
  Picture picture;
  picture.layer("ADD file:1 in /").system("debian", "12").file("from-base").file("changed");
  picture.layer("COPY x /").file("owned").file("built").file("nothing").packages({});
  picture.owners["owned"] = "c1";
  picture.origins["owned"].checksum = Checksum::same;
  picture.origins["changed"].checksum = Checksum::changed;
  picture.origins["built"].revisions = {{"program", "git", "abc", "", "", false, {}}};
  picture.origins["nothing"].revisions = {{"compiler", "git", "abc", "", "", false, {}}};
  const Report& report = picture.trace(rows());
  const auto explained = [&](std::string_view path) { return picture.at(path).origin.explained; };
  EXPECT_EQ(explained("from-base"), Explained::base);
  EXPECT_EQ(explained("changed"), Explained::no);
  EXPECT_EQ(explained("owned"), Explained::package);
  EXPECT_EQ(explained("built"), Explained::revision);
  EXPECT_EQ(explained("nothing"), Explained::no);
  EXPECT_EQ(explained("var/lib/dpkg/status"), Explained::database);
  std::uint64_t files = 0;
  for (const OriginCount& count : report.origin.counts) files += count.files;
  EXPECT_EQ(files, report.files.size());
  EXPECT_EQ(report.origin.counts[0].explained, Explained::no);
  EXPECT_EQ(report.origin.counts[0].files, 2u);
}

TEST(Origins, StatementsInsideAndBesideNameDigests) {
  Picture picture;
  picture.report.image.digest = digest('a');
  picture.layer("COPY x /").file("app");
  picture.trace(rows());
  const std::string app = picture.at("app").digest;
  FileFacts holds;
  Statement statement;
  statement.predicate = "https://slsa.dev/provenance/v1";
  statement.builder = "builder";
  statement.subjects = {{"app", app}, {"image", digest('a')}};
  holds.statements = {statement};
  Picture again;
  again.report.image.digest = digest('a');
  again.layer("COPY x /").file("app").file("provenance.json", holds);
  const Report& report = again.trace(rows());
  ASSERT_EQ(again.at("app").origin.attested.size(), 1u);
  EXPECT_EQ(again.at("app").origin.attested[0].builder, "builder");
  EXPECT_EQ(again.at("app").origin.attested[0].evidence.file, "provenance.json");
  EXPECT_EQ(again.at("app").origin.explained, Explained::attested);
  ASSERT_EQ(report.origin.attested.size(), 1u);
  EXPECT_EQ(report.origin.attested[0].name, "image");
}

}  // namespace
}  // namespace fathom::lineage
