#include "vuln/databases.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "vuln/distributions.h"
#include "vuln/match.h"
#include "vuln/pack_writer.h"
#include "vuln/user_data.h"

namespace fathom::vuln {
namespace {

constexpr std::string_view kTables =
    "ecosystem\tDebian\tdpkg\tdeb/debian\tdebian\t:{major}\n"
    "ecosystem\tAlpine\tapk\tapk/alpine\talpine\t:v{minor}|edge=:edge\n"
    "ecosystem\tUbuntu\tdpkg\tdeb/ubuntu\tubuntu\t:{version}:LTS|:{version}\n"
    "ecosystem\tWolfi\tapk\tapk/wolfi\twolfi\t-\n"
    "ecosystem\tPyPI\tpep440\tpypi\t-\t-\n"
    "release\tdebian\t12\tbookworm\t2026-06-10\t2028-06-30\n"
    "release\talpine\t3.20\t-\t2026-04-01\t-\n";

Advisory row(std::string id, std::string ecosystem, std::string package, std::string fixed,
             Scheme scheme = Scheme::dotted) {
  Advisory a;
  a.id = std::move(id);
  a.ecosystem = std::move(ecosystem);
  a.package = std::move(package);
  a.scheme = scheme;
  a.source = "made up";
  Range range;
  range.fixed = fixed;
  a.ranges = {range};
  a.fixed_in = {std::move(fixed)};
  return a;
}

Bytes pack_of(PackContent content) {
  content.sections["distributions"] = kTables;
  return *write_pack(std::move(content));
}

std::vector<std::string> fixes(const Databases& databases, std::string_view ecosystem = "PyPI") {
  std::vector<std::string> out;
  for (const Advisory& a : databases.advisories_for(ecosystem, "p"))
    out.push_back(a.id + " " + (a.fixed_in.empty() ? "-" : a.fixed_in[0]));
  std::sort(out.begin(), out.end());
  return out;
}

class Stack : public testing::Test {
 protected:
  Databases stack(const PackContent& built_in, const PackContent& user) {
    built_in_ = pack_of(built_in);
    user_ = pack_of(user);
    return {*Database::open(built_in_), Database::open(user_).value_or(Database())};
  }
  Bytes built_in_, user_;
};

TEST_F(Stack, OfARecordThatBothHaveTheNewerDataCount) {
  PackContent ours, theirs;
  ours.advisories = {row("A", "PyPI", "p", "1"), row("B", "PyPI", "p", "1")};
  theirs.advisories = {row("B", "PyPI", "p", "2"), row("C", "PyPI", "p", "2")};
  ours.newest["PyPI"] = "2026-01-01";
  theirs.newest["PyPI"] = "2026-02-02";
  EXPECT_EQ(fixes(stack(ours, theirs)), (std::vector<std::string>{"A 1", "B 2", "C 2"}));
  theirs.newest["PyPI"] = "2025-12-31";
  EXPECT_EQ(fixes(stack(ours, theirs)), (std::vector<std::string>{"A 1", "B 1", "C 2"}));
}

TEST_F(Stack, WhatWasWithdrawnTakesTheOlderRecordWithIt) {
  PackContent ours, theirs;
  ours.advisories = {row("A", "PyPI", "p", "1"), row("B", "PyPI", "p", "1")};
  Advisory gone = row("B", "", "", "");
  gone.withdrawn = true;
  theirs.advisories = {gone, row("C", "PyPI", "other", "2")};
  theirs.newest["PyPI"] = "2026-02-02";
  EXPECT_EQ(fixes(stack(ours, theirs)), (std::vector<std::string>{"A 1"}));
}

TEST_F(Stack, SecondarySourcesGiveWay) {
  PackContent ours, theirs;
  ours.advisories = {row("CVE-2026-1111", "PyPI", "p", "1")};
  Advisory known = row("CVE-2026-1111", "PyPI", "p", "9"),
           other = row("CVE-2026-2222", "PyPI", "p", "9");
  known.source = other.source = "nvd";
  known.document = "nvd:1";
  known.secondary = other.secondary = true;
  theirs.advisories = {known, other};
  theirs.newest["PyPI"] = "2026-02-02";
  EXPECT_EQ(fixes(stack(ours, theirs)),
            (std::vector<std::string>{"CVE-2026-1111 1", "CVE-2026-2222 9"}));
}

TEST_F(Stack, CataloguesComeWholeFromTheNewerOne) {
  PackContent ours, theirs;
  ours.known_exploited = {"CVE-2026-1111"};
  ours.sources = {{"kev", "", "2026-01-01", "", "", "", 1}};
  theirs.known_exploited = {"CVE-2026-2222"};
  theirs.sources = {{"kev", "", "2026-02-02", "", "", "", 1}};
  Databases newer = stack(ours, theirs);
  EXPECT_FALSE(newer.is_known_exploited("CVE-2026-1111"));
  EXPECT_TRUE(newer.is_known_exploited("CVE-2026-2222"));
  theirs.sources[0].newest = "2025-02-02";
  EXPECT_TRUE(stack(ours, theirs).is_known_exploited("CVE-2026-1111"));
  theirs.sources.clear();
  EXPECT_TRUE(stack(ours, theirs).is_known_exploited("CVE-2026-1111"));
}

TEST(Pack, WritesWhatItReadsAgainToTheSameBytes) {
  PackContent content;
  content.advisories = {row("A", "PyPI", "p", "1")};
  content.advisories[0].note = "n";
  content.advisories[0].document = "DOC-1";
  content.advisories[0].modified = "2026-01-01";
  content.advisories[0].fix = FixState::will_not_fix;
  content.advisories[0].disputed = true;
  content.cves = {{"CVE-2026-1000", "v", "7.5", Severity::high, false, true}};
  content.sources = {{"osv", "PyPI", "2026-01-01", "o", "i", "d", 7}};
  content.epss = {{"CVE-2026-1000", {5, 6}}};
  content.known_exploited = {"CVE-2026-1000"};
  content.newest["PyPI"] = "2026-01-01";
  const Bytes pack = *write_pack(content);
  const Database database = *Database::open(pack);
  EXPECT_EQ(*write_pack(content_of(database)), pack);
  EXPECT_TRUE(database.verify());
  EXPECT_TRUE(database.has_record("DOC-1"));
  EXPECT_FALSE(database.has_record("A"));
  EXPECT_EQ(database.advisories_for("PyPI", "p")[0], content.advisories[0]);
  EXPECT_TRUE(database.cve("CVE-2026-1000")->disputed);
  Bytes bad = pack;
  bad.back() ^= 1;
  EXPECT_FALSE(Database::open(bad)->verify());
}

TEST(Distributions, NamesTheReleaseOfAnImage) {
  const Distributions tables = Distributions::parse(kTables);
  auto first = [&](std::string_view os, std::string_view version) {
    std::optional<Release> release = tables.release_of(os, version);
    return release ? release->ecosystems.front() : "none";
  };
  EXPECT_EQ(first("debian", "12"), "Debian:12");
  EXPECT_EQ(first("debian", "12.5"), "Debian:12");
  EXPECT_EQ(first("debian", ""), "none");
  EXPECT_EQ(first("alpine", "3.20.3"), "Alpine:v3.20");
  EXPECT_EQ(first("alpine", "3.21_alpha20240923"), "Alpine:edge");
  EXPECT_EQ(first("alpine", "edge"), "none");
  EXPECT_EQ(first("ubuntu", "22.04"), "Ubuntu:22.04:LTS");
  EXPECT_EQ(first("wolfi", "20230201"), "Wolfi");
  EXPECT_EQ(first("kali", "2026.1"), "none");
  EXPECT_EQ(tables.release_of("debian", "12")->end_of_life, "2028-06-30");
  EXPECT_EQ(tables.release_of("alpine", "3.20.3")->end_of_life, "2026-04-01");
  EXPECT_EQ(tables.ecosystem_of("deb", "debian", "debian-12"), "Debian:12");
  EXPECT_EQ(tables.ecosystem_of("deb", "debian", "bookworm"), "Debian:12");
  EXPECT_EQ(tables.ecosystem_of("pypi", "", ""), "PyPI");
  EXPECT_EQ(tables.ecosystem_of("nothing", "", ""), "");
  EXPECT_EQ(tables.ecosystem_of_codename("Debian", "sid"), "Debian:sid");
}

// ---- Matching with a distribution

Component os() {
  Component c;
  c.id = "c1";
  c.ecosystem = "os";
  c.name = "debian";
  c.version.exact = "12";
  return c;
}

Component package(std::string version) {
  Component c;
  c.id = "c2";
  c.ecosystem = "deb";
  c.name = "libp1";
  c.source_name = "p";
  c.version.exact = std::move(version);
  c.evidence = {{"dpkg", "status", "", Place::at_line(1), "x"}};
  return c;
}

Component library() {
  Component c;
  c.id = "c3";
  c.ecosystem = "C";
  c.name = "p";
  c.version.exact = "0.5";
  c.packaged_as = "c2";
  c.evidence = {{"classifier", "libp.so", "", Place::at_offset(1), "x"}};
  return c;
}

class Distribution : public testing::Test {
 protected:
  Distribution() {
    Advisory never = row("CVE-2026-1003", "Debian:12", "p", "", Scheme::dpkg);
    never.ranges = never.unaffected = {{}};
    never.fixed_in = {};
    content_.advisories = {row("CVE-2026-1000", "Debian:12", "p", "1.0-2", Scheme::dpkg),
                           row("CVE-2026-1000", "Debian:13", "p", "9", Scheme::dpkg), never};
    for (const char* id : {"CVE-2026-1000", "CVE-2026-1003", "CVE-2026-1004"})
      content_.advisories.push_back(row(id, "C", "p", "1.0"));
    pack_ = pack_of(content_);
  }
  std::vector<Finding> findings(const std::string& version) {
    return match({os(), package(version), library()}, Databases(*Database::open(pack_)));
  }
  PackContent content_;
  Bytes pack_;
};

TEST_F(Distribution, JudgesByTheSourcePackageInTheRelease) {
  std::vector<Finding> all = findings("1.0-1");
  ASSERT_EQ(all.size(), 3u);
  auto of = [&](std::string_view component) {
    std::vector<std::string> out;
    for (const Finding& f : all)
      if (f.component == component) out.push_back(f.id + " " + std::string(name_of(f.verdict)));
    std::sort(out.begin(), out.end());
    return out;
  };
  EXPECT_EQ(of("c2"), std::vector<std::string>{"CVE-2026-1000 affected_by_version"});
  // The package's finding is not the library's too; what never was affected is proven; the rest is
  // open.
  EXPECT_EQ(of("c3"), (std::vector<std::string>{"CVE-2026-1003 patched", "CVE-2026-1004 unknown"}));
}

TEST_F(Distribution, TakesAFixOfTheDistributionForOne) {
  for (const Finding& f : findings("1.0-2")) {
    EXPECT_EQ(f.component, "c3");
    if (f.id != "CVE-2026-1000") continue;
    EXPECT_EQ(f.verdict, Verdict::patched);
    EXPECT_FALSE(f.range_uncertain);
    EXPECT_NE(f.why.find("fixed in 1.0-2"), std::string::npos);
  }
}

TEST_F(Distribution, CountsTheReleaseInTheCoverage) {
  for (const EcosystemCoverage& row :
       coverage({os(), package("1.0-1")}, Databases(*Database::open(pack_)))) {
    if (row.ecosystem != "deb") continue;
    EXPECT_EQ(row.release, "Debian:12");
    EXPECT_EQ(row.advisories, 2u);
  }
}

TEST(Match, CallsARejectedCveUncertain) {
  PackContent content;
  content.advisories = {row("CVE-2026-1000", "C", "p", "1.0")};
  content.cves = {{"CVE-2026-1000", "", "", Severity::high, true, false}};
  const Bytes pack = pack_of(content);
  Component c = library();
  c.packaged_as.clear();
  std::vector<Finding> all = match({c}, Databases(*Database::open(pack)));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].withdrawn);
  EXPECT_TRUE(all[0].range_uncertain);
  EXPECT_EQ(all[0].severity, Severity::high);
}

// ---- The user's file

TEST(UserData, IsReplacedAsAWholeAndRefusedWhenDamaged) {
  const std::string folder = testing::TempDir() + "fathom-data-" + std::to_string(::getpid());
  const DataPlace place = *data_place(folder, [](const std::string&) { return std::string(); });
  EXPECT_FALSE(UserData::open(place.pack)->has_value());
  PackContent content;
  content.advisories = {row("A", "PyPI", "p", "1")};
  {
    Result<DataLock> lock = DataLock::take(place, 1);
    ASSERT_TRUE(lock) << lock.error().message;
    EXPECT_FALSE(DataLock::take(place, 0));  // one writer
    ASSERT_TRUE(lock->replace(place, *write_pack(content)));
  }
  Result<std::optional<UserData>> data = UserData::open(place.pack);
  ASSERT_TRUE(data && *data);
  EXPECT_EQ((**data).database().advisories_for("PyPI", "p").size(), 1u);
  std::filesystem::resize_file(place.pack, std::filesystem::file_size(place.pack) - 64);
  EXPECT_FALSE(UserData::open(place.pack));
  std::filesystem::remove_all(folder);
}

TEST(UserData, LiesWhereItIsSaid) {
  auto none = [](const std::string&) { return std::string(); };
  auto home = [](const std::string& name) { return std::string(name == "HOME" ? "/home/me" : ""); };
  auto xdg = [](const std::string&) { return std::string("/x"); };
  EXPECT_FALSE(data_place("", none));
  EXPECT_EQ(data_place("", home)->pack, "/home/me/.local/share/fathom/advisories.pack");
  EXPECT_EQ(data_place("", xdg)->pack, "/x/fathom/advisories.pack");
  EXPECT_EQ(data_place("/d", none)->pack, "/d/advisories.pack");
  EXPECT_EQ(data_place("/d/old.pack", none)->folder, "/d");
}

}  // namespace
}  // namespace fathom::vuln
