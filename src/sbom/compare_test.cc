#include "sbom/compare.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sbom/names.h"

namespace fathom::sbom {
namespace {

std::string digest(char c) { return "sha256:" + std::string(64, c); }

int compare(std::string_view a, std::string_view b) { return a < b ? -1 : a > b; }

// An image with a dpkg database, a Go program with SQLite in it, and a vendor's library.
class Compare : public ::testing::Test {
 protected:
  Compare() {
    add("c1", ComponentKind::package, "deb", "libssl3", "3.0.11-1", "var/lib/dpkg/status");
    add("c2", ComponentKind::runtime, "Go", "stdlib", "1.21.3", "app");
    add("c3", ComponentKind::module, "Go", "github.com/a/b", "v1.2.3", "app");
    add("c4", ComponentKind::embedded_library, "C", "sqlite", "3.38.5", "app");
    add("c5", ComponentKind::embedded_library, "C", "openssl", "3.0.11", "usr/lib/libssl.so.3");
    report.components.back().packaged_as = "c1";
    add("c6", ComponentKind::embedded_library, "C", "zlib", "", "opt/v/libz.so");
    report.components.back().version = {"", "1.2.8", "1.2.11", {"1.2.8", "1.2.11"}};
    file("app", 'a', "", 1000);
    file("opt/v/libz.so", 'b', "", 100);
    file("usr/lib/libssl.so.3", 'c', "c1", 500);
    facts[digest('a')].attributions = {{"go-pclntab", 300, "Go", "stdlib"},
                                       {"go-pclntab", 200, "Go", "github.com/a/b"}};
    facts[digest('a')].sha1 = std::string(40, '1');
    facts[digest('b')];
    facts[digest('c')];
    libraries.ids = {"sqlite", "openssl", "zlib", "libpng"};
    libraries.by_name = {{"sqlite3", "sqlite"}};
  }

  void add(std::string id, ComponentKind kind, std::string ecosystem, std::string name,
           std::string version, std::string path) {
    Component c;
    c.id = std::move(id);
    c.kind = kind;
    c.ecosystem = std::move(ecosystem);
    c.name = std::move(name);
    c.version.exact = std::move(version);
    c.file = path;
    c.evidence = {{"test", std::move(path), "", Place::at_line(1), c.name}};
    report.components.push_back(std::move(c));
  }
  void file(std::string path, char content, std::string owner, std::uint64_t executable) {
    FileRow row;
    row.path = std::move(path);
    row.digest = digest(content);
    row.owner = std::move(owner);
    row.executable_bytes = executable;
    report.files.push_back(std::move(row));
  }

  static SbomEntry entry(std::string name, std::string version, std::string purl = {}) {
    SbomEntry e;
    e.name = std::move(name);
    e.version = std::move(version);
    e.type = "library";
    e.purl = std::move(purl);
    return e;
  }
  SbomRow hold(std::vector<SbomEntry> entries, Origin origin = {"given", "x.json", "", -1}) {
    SbomDocument document;
    document.entries = std::move(entries);
    const Truth truth{report, facts, libraries, compare};
    return Holder(truth).hold(document, origin);
  }
  ClaimRow one(SbomEntry e) { return hold({std::move(e)}).claims[0]; }

  Report report;
  std::map<std::string, FileFacts> facts;
  LibraryIds libraries;
};

TEST_F(Compare, WhatIsListedIsConfirmedWithItsEvidence) {
  const ClaimRow claim = one(entry("libssl3", "3.0.11-1", "pkg:deb/debian/libssl3@3.0.11-1"));
  EXPECT_EQ(claim.state, ClaimState::confirmed);
  EXPECT_EQ(claim.component, "c1");
  ASSERT_EQ(claim.evidence.size(), 1u);
  EXPECT_EQ(claim.evidence[0].file, "var/lib/dpkg/status");
}

TEST_F(Compare, ModulesAreFoundWhateverTheirCaseAndMajorVersion) {
  add("c9", ComponentKind::module, "Go", "github.com/Upper/Case/v2", "v2.0.1", "app");
  EXPECT_EQ(one(entry("x", "v2.0.1", "pkg:golang/github.com/upper/case@v2.0.1#v2")).component, "c9");
}

TEST_F(Compare, AnotherVersionIsSaidAndNotCountedAsTrue) {
  const ClaimRow claim = one(entry("b", "v1.2.4", "pkg:golang/github.com/a/b@v1.2.4"));
  EXPECT_EQ(claim.state, ClaimState::other_version);
  EXPECT_NE(claim.why.find("v1.2.3"), std::string::npos);
}

TEST_F(Compare, LibrariesAreFoundByTheNamesOfOthers) {
  EXPECT_EQ(one(entry("sqlite3", "3.38.5", "pkg:generic/sqlite3@3.38.5")).component, "c4");
  EXPECT_EQ(one(entry("libsqlite3-0", "3.38.5-1", "pkg:deb/debian/libsqlite3-0@3.38.5-1")).state,
            ClaimState::not_found)
      << "the database of the image does not list the package, whatever its code is called";
  EXPECT_EQ(one(entry("zlib1g", "1:1.2.11.dfsg-2", "pkg:rpm/x/zlib@1.2.11-2")).state,
            ClaimState::confirmed)
      << "within what the code can be";
  EXPECT_EQ(one(entry("zlib", "1.2.13", "pkg:generic/zlib@1.2.13")).state,
            ClaimState::other_version);
  SbomEntry by_cpe = entry("Some SQL engine", "3.38.5");
  by_cpe.cpe = "cpe:2.3:a:sqlite:sqlite:3.38.5:*:*:*:*:*:*:*";
  EXPECT_EQ(one(by_cpe).component, "c4");
}

TEST_F(Compare, ALibraryThatWasRecognisedIsKnown) {
  add("c9", ComponentKind::embedded_library, "C", "libgcc", "12.2.0", "app");
  EXPECT_EQ(one(entry("libgcc", "12.2.0", "pkg:generic/libgcc@12.2.0")).component, "c9");
}

TEST_F(Compare, WhatCouldNotBeRecognisedIsNotCalledMissing) {
  EXPECT_EQ(one(entry("libpng", "1.6", "pkg:generic/libpng@1.6")).state, ClaimState::not_found);
  EXPECT_EQ(one(entry("nobody", "1", "pkg:generic/nobody@1")).state, ClaimState::not_checked);
  EXPECT_EQ(one(entry("react", "1", "pkg:npm/react@1")).state, ClaimState::not_checked);
  EXPECT_EQ(one(entry("x", "1", "pkg:golang/github.com/x/x@1")).state, ClaimState::not_found);
}

TEST_F(Compare, CratesAreNotCalledMissingWhereAProgramDoesNotListThem) {
  EXPECT_EQ(one(entry("serde", "1", "pkg:cargo/serde@1")).state, ClaimState::not_checked)
      << "the vendor's library may be Rust";
  const SbomRow row = hold({entry("serde", "1", "pkg:cargo/serde@1")}, {"program", "app", "", -1});
  EXPECT_EQ(row.claims[0].state, ClaimState::not_found) << "that program is Go";
}

TEST_F(Compare, FilesAreHeldByTheirContent) {
  SbomEntry e = entry("/app", "");
  e.type = "file";
  e.files = {"app"};
  EXPECT_EQ(one(e).state, ClaimState::confirmed);
  e.digests = {"sha1:" + std::string(40, '1')};
  EXPECT_EQ(one(e).state, ClaimState::confirmed);
  e.digests = {digest('f')};
  EXPECT_EQ(one(e).state, ClaimState::other_digest);
  e.digests = {digest('b')};
  EXPECT_EQ(one(e).state, ClaimState::confirmed) << "at another path";
  e.digests = {"sha512:" + std::string(128, '0')};
  EXPECT_EQ(one(e).state, ClaimState::not_checked);
  e.files = {"gone"};
  EXPECT_EQ(one(e).state, ClaimState::not_found);
}

TEST_F(Compare, CountsWhatIsTrueAndWhatIsMissing) {
  const SbomRow row = hold({entry("libssl3", "3.0.11-1", "pkg:deb/debian/libssl3@3.0.11-1"),
                            entry("stdlib", "go1.21.3", "pkg:golang/stdlib@1.21.3"),
                            entry("b", "v1", "pkg:golang/github.com/a/b@v1"),
                            entry("what", "1", "pkg:npm/what@1")});
  EXPECT_EQ(precision_of(row), 6666) << "two of three; npm is not decided";
  EXPECT_EQ(row.found, 6u);
  EXPECT_EQ(row.unclaimed, (std::vector<std::string>{"c4", "c6"}))
      << "openssl is the build of the package that is claimed; the module is claimed, wrongly";
  EXPECT_EQ(recall_of(row), 6666);
  EXPECT_EQ(row.executable_bytes, 1600u);
  EXPECT_EQ(row.explained_bytes, 800u) << "the package's file, and Go's own library in the program";
}

TEST_F(Compare, AnEmptyDocumentClaimsNothing) {
  const SbomRow row = hold({});
  EXPECT_EQ(precision_of(row), -1);
  EXPECT_EQ(recall_of(row), 0);
  EXPECT_EQ(row.explained_bytes, 0u);
}

TEST_F(Compare, TheScopeFollowsThePlaceOfTheDocument) {
  file("opt/v/.spdx-v.spdx", 'e', "", 0);
  const SbomRow bitnami = hold({entry("zlib", "1.2.8", "pkg:generic/zlib@1.2.8")},
                               {"file", "opt/v/.spdx-v.spdx", digest('e'), -1});
  EXPECT_EQ(bitnami.scope, "opt/v/");
  EXPECT_EQ(bitnami.found, 1u);
  EXPECT_EQ(recall_of(bitnami), 10'000);
  file("usr/share/sbom/libssl3.json", 'f', "c1", 0);
  EXPECT_EQ(hold({}, {"file", "usr/share/sbom/libssl3.json", digest('f'), -1}).scope,
            "package libssl3");
  EXPECT_EQ(hold({}, {"program", "app", digest('a'), -1}).found, 3u);
}

TEST_F(Compare, AWheelIsTheFoldersOfItsName) {
  for (const char* path : {"site/a-1.dist-info/RECORD", "site/a-1.dist-info/sboms/s.json",
                           "site/a.libs/x.so", "site/A/y.so"})
    file(path, 'e', "", 1);
  add("c7", ComponentKind::embedded_library, "C", "libpng", "1", "site/a.libs/x.so");
  const Origin origin{"file", "site/a-1.dist-info/sboms/s.json", digest('e'), -1};
  EXPECT_EQ(hold({}, origin).scope, "site/");
  file("site/b-1.dist-info/RECORD", 'e', "", 0);
  add("c8", ComponentKind::embedded_library, "C", "zlib", "1", "site/b/z.so");
  const SbomRow row = hold({}, origin);
  EXPECT_EQ(row.scope, "site/a*");
  EXPECT_EQ(row.unclaimed, std::vector<std::string>{"c7"});
}

TEST(Names, OfReleases) {
  EXPECT_EQ(upstream_release("deb", "1:1.2.13.dfsg-1"), "1.2.13");
  EXPECT_EQ(upstream_release("rpm", "1.2.11-40.el9"), "1.2.11");
  EXPECT_EQ(upstream_release("apk", "3.1.4-r5"), "3.1.4");
  EXPECT_EQ(upstream_release("github", "release-1.23.0"), "1.23.0");
  EXPECT_EQ(upstream_release("github", "23e8ff8479b39f3f2e97fdca28d814f0c434c39b"), "");
  EXPECT_EQ(upstream_release("generic", "v1.0"), "1.0");
  EXPECT_EQ(plain_version("Go", "go1.21.3"), "1.21.3");
  EXPECT_EQ(plain_version("Go", "(devel)"), "");
  EXPECT_EQ(plain_version("C", "UNKNOWN"), "");
}

}  // namespace
}  // namespace fathom::sbom
