#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "vuln/database.h"
#include "vuln/pack_writer.h"

namespace fathom::vuln {
namespace {

Range before(std::string version) {
  Range range;
  range.fixed = std::move(version);
  return range;
}

Advisory advisory(std::string id, std::string ecosystem, std::string package) {
  Advisory a;
  a.id = std::move(id);
  a.ecosystem = std::move(ecosystem);
  a.package = std::move(package);
  a.ranges = {before("1.2")};
  return a;
}

Advisory full_advisory() {
  Advisory a = advisory("GO-2099-0001", "Go", "example.org/mod");
  a.aliases = {"CVE-2049-1111", "GHSA-xxxx"};
  a.scheme = Scheme::semver;
  a.ranges.push_back({"1.5.0", true, "", "1.6.0"});
  a.unaffected = {{"1.1.0", false, "1.1.9", ""}};
  a.unreadable = {"some day"};
  a.fixed_in = {"1.2", "1.6.1"};
  a.severity = Severity::critical;
  a.cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
  a.cvss_score = "9.8";
  a.published = "2099-02-03";
  a.source = "made up";
  a.low_confidence = true;
  a.informational = true;
  return a;
}

PackContent small_content() {
  PackContent content;
  content.advisories = {full_advisory(), advisory("CVE-2049-2222", "C", "libz"),
                        advisory("CVE-2049-2223", "C", "libz"), advisory("CVE-2049-3", "C", "a"),
                        advisory("PYSEC-1", "PyPI", "My.Package_Name")};
  content.known_exploited = {"CVE-2049-2222"};
  content.epss = {{"CVE-2049-2222", {97'000, 99'900}}, {"CVE-1999-1", {5, 100'000}}};
  content.newest = {{"C", "2098-12-31"}, {"empty", "2097-01-01"}};
  content.libraries["libz"] = {{"vendor:libz"}, {"libz", "libz1g"}};
  content.sections["classifiers"] = R"({"classifiers":[]})";
  return content;
}

Bytes small_pack() {
  Result<Bytes> pack = write_pack(small_content());
  EXPECT_TRUE(pack) << (pack ? "" : pack.error().message);
  return std::move(pack).value_or({});
}

// Asks for everything there is to ask for.
std::size_t look_everything_up(const Database& db) {
  std::size_t found = db.id().size() + db.newest().size() + db.section("classifiers").size();
  for (std::string_view package : {"libz", "a", "zzz", ""})
    for (std::string_view ecosystem : {"C", "Go", "PyPI", ""})
      found += db.advisories_for(ecosystem, package).size();
  found += db.advisories_for("Go", "example.org/mod").size();
  for (const EcosystemInfo& info : db.ecosystems()) found += info.name.size();
  found += db.ecosystem("C").has_value() + db.library("libz").has_value();
  for (std::string_view cve : {"CVE-2049-2222", "CVE-1999-1", "CVE-2062-1"})
    found += std::size_t{db.is_known_exploited(cve)} + std::size_t{db.epss(cve).has_value()};
  return found;
}

TEST(Pack, KeepsWhatWasWritten) {
  Bytes bytes = small_pack();
  Result<Database> db = Database::open(bytes);
  ASSERT_TRUE(db) << db.error().message;
  std::vector<Advisory> go = db->advisories_for("Go", "example.org/mod");
  ASSERT_EQ(go.size(), 1u);
  EXPECT_EQ(go[0], full_advisory());
  std::vector<Advisory> c = db->advisories_for("C", "libz");
  ASSERT_EQ(c.size(), 2u);
  EXPECT_EQ(c[0].id, "CVE-2049-2222");
  EXPECT_EQ(c[1].id, "CVE-2049-2223");
  EXPECT_TRUE(db->advisories_for("C", "libz2").empty());
  EXPECT_TRUE(db->advisories_for("c", "libz").empty());
  EXPECT_EQ(db->section("classifiers"), R"({"classifiers":[]})");
  EXPECT_EQ(db->section("none"), "");
  ASSERT_TRUE(db->library("libz"));
  EXPECT_EQ(db->library("libz")->source_packages, (std::vector<std::string>{"libz", "libz1g"}));
  EXPECT_FALSE(db->library("liby"));
}

TEST(Pack, FindsPythonPackagesByAnySpelling) {
  Bytes bytes = small_pack();
  Database db = *Database::open(bytes);
  for (std::string_view name : {"my-package-name", "My.Package_Name", "MY__PACKAGE.-NAME"})
    EXPECT_EQ(db.advisories_for("PyPI", name).size(), 1u) << name;
  EXPECT_EQ(db.advisories_for("PyPI", "mypackagename").size(), 0u);
}

TEST(Pack, CountsEcosystems) {
  Bytes bytes = small_pack();
  Database db = *Database::open(bytes);
  std::vector<EcosystemInfo> all = db.ecosystems();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].name, "C");
  EXPECT_EQ(all[0].advisories, 3u);
  EXPECT_EQ(all[0].newest, "2098-12-31");  // stated
  EXPECT_EQ(all[1].name, "Go");
  EXPECT_EQ(all[1].newest, "2099-02-03");  // of its newest advisory
  EXPECT_EQ(db.ecosystem("empty")->advisories, 0u);
  EXPECT_FALSE(db.ecosystem("deb"));
  EXPECT_EQ(db.newest(), "2099-02-03");
}

TEST(Pack, KnowsExploitation) {
  Bytes bytes = small_pack();
  Database db = *Database::open(bytes);
  EXPECT_TRUE(db.is_known_exploited("CVE-2049-2222"));
  EXPECT_FALSE(db.is_known_exploited("CVE-2049-2223"));
  EXPECT_FALSE(db.is_known_exploited("GHSA-xxxx"));
  EXPECT_FALSE(db.is_known_exploited("CVE-20x9-2222"));
  ASSERT_TRUE(db.epss("CVE-1999-0001"));
  EXPECT_EQ(db.epss("CVE-1999-0001")->score_e5, 5u);
  EXPECT_EQ(db.epss("CVE-2049-2222")->percentile_e5, 99'900u);
  EXPECT_FALSE(db.epss("CVE-2049-1"));
}

TEST(Pack, IsTheSameInAnyOrder) {
  PackContent content = small_content(), turned = content;
  std::ranges::reverse(turned.advisories);
  turned.advisories.push_back(turned.advisories.front());  // equal ones are kept once
  EXPECT_EQ(*write_pack(content), *write_pack(turned));
  turned.advisories[0].fixed_in.push_back("9");
  Bytes other = *write_pack(turned), bytes = *write_pack(content);
  EXPECT_NE(Database::open(other)->id(), Database::open(bytes)->id());
}

TEST(Pack, RefusesWhatItCannotHold) {
  PackContent content = small_content();
  content.known_exploited.insert("CVE-1998-1");
  EXPECT_FALSE(write_pack(content));
  content = small_content();
  content.epss.push_back({"CVE-2020-67108864", {}});
  EXPECT_FALSE(write_pack(content));
  content = small_content();
  content.sections["seventeen letters"] = "";
  EXPECT_FALSE(write_pack(content));
  content = small_content();
  content.sections["kev"] = "";
  EXPECT_FALSE(write_pack(content));
}

TEST(HostilePack, EveryPrefixIsRefused) {
  Bytes bytes = small_pack();
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(Database::open(ByteView(std::span(bytes).first(n)))) << n;
}

TEST(HostilePack, EveryFlippedByteIsSurvived) {
  const Bytes good = small_pack();
  std::size_t everything = look_everything_up(*Database::open(good)), less = 0;
  for (std::size_t at = 0; at < good.size(); ++at)
    for (unsigned flip : {0xffu, 0x80u, 0x01u}) {
      Bytes bad = good;
      bad[at] = static_cast<std::uint8_t>(bad[at] ^ flip);
      Result<Database> db = Database::open(bad);
      if (db && look_everything_up(*db) < everything) ++less;
    }
  EXPECT_GT(less, 0u);  // damage inside the tables is not noticed on opening, and finds too little
}

// Lists that all cover the whole table would unfold to the square of the input.
TEST(HostilePack, OverlappingListsAreBounded) {
  PackContent content;
  for (int i = 0; i < 3000; ++i) {
    Advisory a = advisory("CVE-2049-" + std::to_string(i), "C", "libz");
    content.advisories.push_back(std::move(a));
  }
  Bytes bytes = *write_pack(content);
  // Every advisory record's number of ranges becomes huge: find records by their constant tail.
  std::size_t changed = 0;
  constexpr std::size_t kRanges = 60, kUnaffected = 64, kScheme = 68, kSize = 76;
  for (std::size_t at = 64; at + kSize <= bytes.size(); at += 4) {
    bool looks_like_record = bytes[at + kRanges] == 1 && bytes[at + kRanges + 1] == 0 &&
                             bytes[at + kRanges + 2] == 0 && bytes[at + kUnaffected] == 0 &&
                             bytes[at + kUnaffected + 1] == 0 &&
                             bytes[at + kScheme] == static_cast<std::uint8_t>(Scheme::dotted) &&
                             bytes[at + kSize - 1] == 0;
    if (!looks_like_record) continue;
    bytes[at + kRanges + 2] = 0xff;
    ++changed;
    at += kSize - 4;
  }
  ASSERT_GT(changed, 2000u);
  std::size_t ranges = 0;
  for (const Advisory& a : Database::open(bytes)->advisories_for("C", "libz"))
    ranges += a.ranges.size();
  EXPECT_LE(ranges, 600'000u);
}

}  // namespace
}  // namespace fathom::vuln
