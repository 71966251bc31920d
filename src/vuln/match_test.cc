#include "vuln/match.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>

#include "base/text.h"
#include "vuln/embedded_pack.h"
#include "vuln/judge.h"
#include "vuln/pack_writer.h"

namespace fathom::vuln {
namespace {

Component component(std::string id, std::string ecosystem, std::string name, std::string version) {
  Component c;
  c.id = std::move(id);
  c.ecosystem = std::move(ecosystem);
  c.name = std::move(name);
  c.version.exact = std::move(version);
  c.evidence = {{"classifier", "bin/app", "sha256:00", Place::at_offset(7), "lib 1.0"}};
  return c;
}

Range range(std::string introduced, std::string fixed) {
  return {std::move(introduced), false, std::move(fixed), ""};
}

Advisory advisory(std::string id, std::vector<Range> ranges) {
  Advisory a;
  a.id = std::move(id);
  a.ecosystem = "C";
  a.package = "lib";
  a.ranges = std::move(ranges);
  return a;
}

std::vector<Finding> match_against(std::vector<Advisory> advisories,
                                   const std::vector<Component>& components) {
  PackContent content;
  content.advisories = std::move(advisories);
  content.known_exploited = {"CVE-2049-9"};
  content.epss = {{"CVE-2049-1", {1'234, 56'000}}, {"CVE-2049-2", {100'000, 100'000}}};
  Bytes pack = *write_pack(content);
  return match(components, *Database::open(pack));
}

VersionClaim exactly(std::string version) { return {std::move(version), {}, {}, {}}; }
VersionClaim between(std::string low, std::string high) {
  return {{}, std::move(low), std::move(high), {}};
}
VersionClaim one_of(std::vector<std::string> candidates) { return {{}, {}, {}, candidates}; }

std::string verdict(const Advisory& a, const VersionClaim& version) {
  Judgement j = judge(a, version);
  if (!j.concerns) return "unaffected";
  EXPECT_FALSE(j.why.empty());
  return std::string(j.verdict == Verdict::unknown ? "unknown" : "affected") +
         (j.uncertain ? ", uncertain" : "");
}

TEST(Judge, ExactVersions) {
  Advisory a = advisory("CVE-2049-1", {range("1.2", "1.4"), range("2.0", "")});
  a.ranges.push_back({"1.6", true, "", "1.8"});
  EXPECT_EQ(verdict(a, exactly("1.1.9")), "unaffected");
  EXPECT_EQ(verdict(a, exactly("1.2")), "affected");
  EXPECT_EQ(verdict(a, exactly("1.2.0")), "affected");
  EXPECT_EQ(verdict(a, exactly("1.4-rc1")), "affected");
  EXPECT_EQ(verdict(a, exactly("1.4")), "unaffected");
  EXPECT_EQ(verdict(a, exactly("1.6")), "unaffected");
  EXPECT_EQ(verdict(a, exactly("1.6.1")), "affected");
  EXPECT_EQ(verdict(a, exactly("1.8")), "affected");
  EXPECT_EQ(verdict(a, exactly("1.8.1")), "unaffected");
  EXPECT_EQ(verdict(a, exactly("99")), "affected");
  EXPECT_EQ(verdict(a, exactly("trunk")), "unknown, uncertain");
  EXPECT_EQ(judge(a, exactly("1.3")).why, "1.3 is in the affected range >= 1.2, < 1.4");
}

TEST(Judge, UnaffectedRangesWin) {
  Advisory a = advisory("CVE-2049-1", {Range{}});
  a.unaffected = {range("1.4", "1.5"), range("1.6", "")};
  EXPECT_EQ(verdict(a, exactly("1.3")), "affected");
  EXPECT_EQ(verdict(a, exactly("1.4.1")), "unaffected");
  EXPECT_EQ(verdict(a, exactly("1.5.1")), "affected");
  EXPECT_EQ(verdict(a, exactly("1.7")), "unaffected");
  EXPECT_EQ(verdict(a, between("1.3", "1.3.9")), "affected");
  EXPECT_EQ(verdict(a, between("1.3", "1.4.2")), "unknown");
  EXPECT_EQ(verdict(a, between("1.4.1", "1.4.2")), "unaffected");
  EXPECT_EQ(judge(a, exactly("1.3")).why,
            "1.3 is outside the unaffected ranges >= 1.4, < 1.5; >= 1.6");
}

TEST(Judge, Intervals) {
  Advisory a = advisory("CVE-2049-1", {range("1.2", "1.4"), range("1.6", "1.8")});
  EXPECT_EQ(verdict(a, between("1.2", "1.3")), "affected");
  EXPECT_EQ(verdict(a, between("1.2", "1.4")), "unknown");
  EXPECT_EQ(verdict(a, between("1.0", "1.2")), "unknown");
  EXPECT_EQ(verdict(a, between("1.0", "1.1")), "unaffected");
  EXPECT_EQ(verdict(a, between("1.4", "1.5")), "unaffected");
  EXPECT_EQ(verdict(a, between("1.3", "1.7")), "unknown");  // 1.5 may be in it
  EXPECT_EQ(verdict(a, between("", "1.3")), "unknown");
  EXPECT_EQ(verdict(a, between("", "1.1")), "unaffected");
  EXPECT_EQ(verdict(a, between("1.7", "")), "unknown");
  EXPECT_EQ(verdict(a, between("1.8", "")), "unaffected");
  Advisory all = advisory("CVE-2049-1", {Range{}});
  EXPECT_EQ(verdict(all, between("", "1.3")), "affected");
  EXPECT_EQ(verdict(all, between("1.3", "")), "affected");
}

TEST(Judge, CandidatesAreJudgedOneByOne) {
  Advisory a = advisory("CVE-2049-1", {range("1.2", "1.4"), range("1.6", "1.8")});
  EXPECT_EQ(verdict(a, one_of({"1.2", "1.3", "1.7"})), "affected");
  EXPECT_EQ(verdict(a, one_of({"1.2", "1.5"})), "unknown");
  EXPECT_EQ(verdict(a, one_of({"1.4", "1.5"})), "unaffected");
  EXPECT_EQ(verdict(a, one_of({"1.4", "what"})), "unknown, uncertain");
}

TEST(Judge, WhatCannotBeReadIsUnknownNeverSilent) {
  Advisory none = advisory("CVE-2049-1", {});
  EXPECT_EQ(verdict(none, exactly("1.0")), "unknown, uncertain");
  Advisory part = advisory("CVE-2049-1", {range("", "1.4")});
  part.unreadable = {"Before v2.24.1"};
  EXPECT_EQ(verdict(part, exactly("1.3")), "affected");
  EXPECT_EQ(verdict(part, exactly("1.5")), "unknown, uncertain");
  EXPECT_NE(judge(part, exactly("1.5")).why.find("Before v2.24.1"), std::string::npos);
  Advisory odd = advisory("CVE-2049-1", {range("soon", "1.4")});
  EXPECT_EQ(verdict(odd, exactly("1.3")), "unknown, uncertain");
}

TEST(Judge, LowConfidenceStaysAffectedButUncertain) {
  Advisory a = advisory("CVE-2049-1", {range("", "1.4")});
  a.low_confidence = true;
  EXPECT_EQ(verdict(a, exactly("1.3")), "affected, uncertain");
  EXPECT_EQ(verdict(a, exactly("1.4")), "unaffected");
  EXPECT_TRUE(judge(a, exactly("1.3")).why.starts_with("version range uncertain: "));
}

TEST(Match, AnUnknownVersionYieldsNothingHere) {
  EXPECT_TRUE(match_against({advisory("CVE-2049-1", {Range{}})}, {component("c1", "C", "lib", "")})
                  .empty());
}

TEST(Match, ADistributionsBuildMayHaveTheFix) {
  Component library = component("c2", "C", "lib", "1.9");
  library.packaged_as = "c1";
  std::vector<Finding> findings =
      match_against({advisory("CVE-2049-1", {range("", "1.10")})},
                    {component("c1", "deb", "liblib1", "1.9-2+deb12u3"), library});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].verdict, Verdict::unknown);
  EXPECT_TRUE(findings[0].range_uncertain);
  EXPECT_EQ(findings[0].why,
            "1.9 is in the affected range < 1.10; but it is the build of package liblib1 "
            "1.9-2+deb12u3, which may have the fix");
}

TEST(Match, FillsAFinding) {
  Advisory a = advisory("CVE-2049-1", {range("", "1.10")});
  a.fixed_in = {"1.10", "1.8.7", "1.9.2", "soon"};  // 1.8.7 is older than the component
  a.severity = Severity::high;
  a.cvss = "CVSS:3.1/x";
  a.cvss_score = "7.5";
  a.published = "2099-01-01";
  a.source = "somebody";
  std::vector<Finding> findings = match_against({a}, {component("c1", "C", "lib", "1.9")});
  ASSERT_EQ(findings.size(), 1u);
  const Finding& f = findings[0];
  EXPECT_EQ(f.id, "CVE-2049-1");
  EXPECT_EQ(f.component, "c1");
  EXPECT_EQ(f.fixed_in, (std::vector<std::string>{"1.9.2", "1.10", "soon"}));
  EXPECT_EQ(f.epss, "0.01234");
  EXPECT_EQ(f.epss_percentile, "0.56000");
  EXPECT_EQ(f.cvss_score, "7.5");
  EXPECT_EQ(f.severity, Severity::high);
  EXPECT_FALSE(f.kev);
  ASSERT_EQ(f.evidence.size(), 1u);
  EXPECT_EQ(f.evidence[0].seen, "lib 1.0");
}

TEST(Match, AdvisoriesThatShareANameAreOneFinding) {
  Advisory ghsa = advisory("GHSA-1", {Range{}}), own = advisory("OWN-1", {Range{}}),
           other = advisory("OWN-2", {Range{}});
  ghsa.aliases = {"CVE-2049-9"};
  own.aliases = {"GHSA-1"};
  own.low_confidence = true;
  own.severity = Severity::low;
  std::vector<Finding> findings = match_against(
      {ghsa, own, other}, {component("c1", "C", "lib", "1"), component("c2", "C", "lib", "2")});
  ASSERT_EQ(findings.size(), 4u);
  EXPECT_EQ(findings[0].id, "CVE-2049-9");
  EXPECT_EQ(findings[0].aliases, (std::vector<std::string>{"GHSA-1", "OWN-1"}));
  EXPECT_TRUE(findings[0].kev);
  EXPECT_FALSE(findings[0].range_uncertain);
  EXPECT_EQ(findings[0].severity, Severity::low);
  EXPECT_EQ(findings[1].component, "c2");
  EXPECT_EQ(findings[2].id, "OWN-2");
}

TEST(Match, PutsWhatMattersFirst) {
  auto rated = [](std::string id, Severity severity) {
    Advisory a = advisory(std::move(id), {Range{}});
    a.severity = severity;
    return a;
  };
  Advisory doubtful = rated("CVE-2049-4", Severity::critical);
  doubtful.low_confidence = true;
  std::vector<Finding> findings = match_against(
      {doubtful, rated("CVE-2049-1", Severity::high), rated("CVE-2049-2", Severity::high),
       rated("CVE-2049-3", Severity::critical), rated("CVE-2049-9", Severity::low)},
      {component("c10", "C", "lib", "1"), component("c9", "C", "lib", "1")});
  std::vector<std::string> order;
  for (const Finding& f : findings) order.push_back(f.id.substr(9) + f.component);
  EXPECT_EQ(join(order, " "), "9c9 9c10 3c9 3c10 2c9 2c10 1c9 1c10 4c9 4c10");
}

TEST(Coverage, SaysWhatCannotBeJudged) {
  PackContent content;
  content.advisories = {advisory("CVE-2049-1", {Range{}})};
  content.advisories[0].published = "2099-05-05";
  Bytes pack = *write_pack(content);
  std::vector<EcosystemCoverage> rows =
      coverage({component("c1", "deb", "x", "1"), component("c2", "C", "x", "1"),
                component("c3", "C", "y", "")},
               *Database::open(pack));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].ecosystem, "C");
  EXPECT_EQ(rows[0].components, 2u);
  EXPECT_EQ(rows[0].advisories, 1u);
  EXPECT_EQ(rows[0].newest, "2099-05-05");
  EXPECT_EQ(rows[1].ecosystem, "deb");
  EXPECT_EQ(rows[1].advisories, 0u);
}

// ---- the real pack

Database real() {
  Result<Database> db = Database::open(embedded_pack());
  EXPECT_TRUE(db) << (db ? "" : db.error().message);
  return *std::move(db);
}

bool has_name(const Finding& f, std::string_view name) {
  return f.id == name || std::ranges::find(f.aliases, name) != f.aliases.end();
}

TEST(RealPack, KnowsWhatIsPubliclyKnown) {
  Database db = real();
  std::ifstream file(FATHOM_SOURCE_DIR "/tests/data/vuln/facts.tsv");
  int facts = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string_view> f = split(line, '\t');
    ASSERT_EQ(f.size(), 5u) << line;
    std::vector<Finding> findings =
        match({component("c1", std::string(f[0]), std::string(f[1]), std::string(f[2]))}, db);
    auto found =
        std::ranges::find_if(findings, [&](const Finding& x) { return has_name(x, f[3]); });
    std::string_view verdict = found == findings.end()              ? "unaffected"
                               : found->verdict == Verdict::unknown ? "unknown"
                                                                    : "affected";
    EXPECT_EQ(verdict, f[4]) << line << (found == findings.end() ? "" : ": " + found->why);
    ++facts;
  }
  EXPECT_GE(facts, 80);
}

TEST(RealPack, HasEveryEcosystem) {
  Database db = real();
  std::map<std::string, std::uint64_t> least = {
      {"C", 6000},        {"Go", 6000},      {"PyPI", 2600},     {"npm", 1100},
      {"RubyGems", 1200}, {"bitnami", 7400}, {"crates.io", 1100}};
  for (const auto& [name, count] : least) {
    ASSERT_TRUE(db.ecosystem(name)) << name;
    EXPECT_GE(db.ecosystem(name)->advisories, count) << name;
    EXPECT_GE(db.ecosystem(name)->newest, "2024") << name;
  }
  EXPECT_FALSE(db.ecosystem("deb"));
  EXPECT_TRUE(db.section("classifiers").starts_with(R"({"classifiers":[)"));
  EXPECT_EQ(db.id().size(), 7u + 64);
  ASSERT_TRUE(db.library("zlib"));
}

// No version may lie in an advisory's range and at the same time be said to be fixed there.
TEST(RealPack, FixedVersionsAreNotAffected) {
  Database db = real();
  std::size_t checked = 0;
  for (std::string_view library : {"openssl", "curl", "sqlite", "zlib", "libxml2", "glibc"})
    for (const Advisory& a : db.advisories_for("C", library)) {
      if (a.fixed_in.empty() || a.ranges.empty() || !a.unreadable.empty()) continue;
      auto last = std::ranges::max_element(a.fixed_in, [&](const auto& x, const auto& y) {
        return compare(a.scheme, x, y).value_or(std::strong_ordering::equal) < 0;
      });
      EXPECT_FALSE(judge(a, {*last, {}, {}, {}}).concerns) << a.id << " " << *last;
      ++checked;
    }
  EXPECT_GE(checked, 500u);
}

}  // namespace
}  // namespace fathom::vuln
