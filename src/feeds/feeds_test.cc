#include "feeds/feed.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "archive/zip_writer.h"
#include "base/text.h"
#include "feeds/export.h"
#include "feeds/merge.h"
#include "json/value.h"
#include "vuln/databases.h"
#include "vuln/match.h"

namespace fathom::feeds {
namespace {

constexpr std::string_view kTables =
    "ecosystem\tDebian\tdpkg\tdeb/debian\tdebian\t:{major}\n"
    "ecosystem\tAlpine\tapk\tapk/alpine\talpine\t:v{minor}|edge=:edge\n"
    "ecosystem\tUbuntu\tdpkg\tdeb/ubuntu\tubuntu\t:{version}:LTS|:{version}\n"
    "ecosystem\tPyPI\tpep440\tpypi\t-\t-\n"
    "ecosystem\tnpm\tsemver\tnpm\t-\t-\n"
    "ecosystem\tWolfi\tapk\tapk/wolfi\twolfi\t-\n"
    "release\tdebian\t12\tbookworm\t2026-06-10\t2028-06-30\n"
    "release\tdebian\t13\ttrixie\t2028-08-09\t-\n";

Context context() {
  Context c;
  c.tables = vuln::Distributions::parse(kTables);
  c.libraries["sqlite:sqlite"] = {"sqlite:sqlite", "sqlite", vuln::Scheme::dotted};
  c.file_day = "2026-11-20";
  c.last_day = "2026-11-25";
  return c;
}

struct Read {
  Batch rows;
  Summary summary;

  const vuln::Advisory* find(std::string_view id, std::string_view ecosystem = {}) const {
    for (const vuln::Advisory& a : rows.advisories)
      if (a.id == id && (ecosystem.empty() || a.ecosystem == ecosystem)) return &a;
    return nullptr;
  }
  const vuln::SourceRow* source(std::string_view name, std::string_view part = {}) const {
    for (const Part& p : summary.parts)
      if (p.row.name == name && p.row.part == part) return &p.row;
    return nullptr;
  }
};

Result<Read> read(std::string_view text, const Context& with = context()) {
  Read out;
  out.summary = TRY(read_feed(ByteView::of(text), "feed", with, [&](Batch&& batch) {
    return append(out.rows, std::move(batch), FeedLimits{});
  }));
  return out;
}

Read expect(std::string_view text) {
  Result<Read> out = read(text);
  EXPECT_TRUE(out) << (out ? "" : out.error().message);
  return std::move(out).value_or({});
}

constexpr std::string_view kOsv = R"({"schema_version":"1.6.0","id":"GHSA-aaaa-bbbb-cccc",
 "modified":"2026-11-01T00:00:00Z","published":"2026-10-01T00:00:00Z","aliases":["CVE-2026-0001"],
 "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
 "affected":[{"package":{"ecosystem":"PyPI","name":"Some_Package"},
  "ranges":[{"type":"GIT","repo":"https://x/y","events":[{"introduced":"0"}]},
   {"type":"ECOSYSTEM","events":[{"fixed":"1.4"},{"introduced":"1.0"},{"introduced":"2.0"},{"last_affected":"2.1"}]}],
  "versions":["1.2","0.9.post1"]}]})";

TEST(Osv, ReadsEventsInAnyOrderAndVersionsOutsideThem) {
  Read out = expect(kOsv);
  const vuln::Advisory* a = out.find("GHSA-aaaa-bbbb-cccc");
  ASSERT_NE(a, nullptr);
  std::vector<vuln::Range> wanted = {
      {"1.0", false, "1.4", ""}, {"2.0", false, "", "2.1"}, {"0.9.post1", false, "", "0.9.post1"}};
  EXPECT_EQ(a->ranges, wanted);
  EXPECT_EQ(a->fixed_in, std::vector<std::string>{"1.4"});
  EXPECT_EQ(a->aliases, std::vector<std::string>{"CVE-2026-0001"});
  EXPECT_EQ(a->severity, Severity::critical);
  EXPECT_EQ(a->modified, "2026-11-01");
  ASSERT_NE(out.source("osv", "PyPI"), nullptr);
  EXPECT_EQ(out.source("osv", "PyPI")->newest, "2026-11-01");
}

TEST(Osv, MakesAnAdvisoryOfEachVulnerabilityOfABulletin) {
  Read out = expect(R"({"id":"USN-1-1","modified":"2026-01-01T00:00:00Z",
    "upstream":["CVE-2026-1","CVE-2026-2222","CVE-2026-3333"],"affected":[{"package":
    {"ecosystem":"Ubuntu:22.04:LTS","name":"curl"},"ranges":[{"type":"ECOSYSTEM",
    "events":[{"introduced":"0"},{"fixed":"7.81.0-1ubuntu1.20"}]}]}]})");
  EXPECT_EQ(out.rows.advisories.size(), 3u);
  const vuln::Advisory* a = out.find("CVE-2026-2222");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->document, "USN-1-1");
  EXPECT_EQ(a->fix, FixState::fixed);
}

TEST(Osv, KeepsWithdrawnRecordsAsSuch) {
  Read out = expect(R"({"id":"GHSA-x","modified":"2026-01-01T00:00:00Z",
    "withdrawn":"2026-01-01T00:00:00Z","affected":[]})");
  ASSERT_EQ(out.rows.advisories.size(), 1u);
  EXPECT_TRUE(out.rows.advisories[0].withdrawn);
}

TEST(Osv, LeavesWhatCannotBeOrderedUnreadable) {
  Read out = expect(R"({"id":"X-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":
    {"ecosystem":"Nowhere","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},
    {"fixed":"1"}]}]},{"package":{"ecosystem":"npm","name":"q"},"ranges":[{"type":"SEMVER",
    "events":[{"introduced":"not a version"}]}]}]})");
  ASSERT_EQ(out.rows.advisories.size(), 2u);
  for (const vuln::Advisory& a : out.rows.advisories) {
    EXPECT_TRUE(a.ranges.empty());
    EXPECT_FALSE(a.unreadable.empty());
  }
}

TEST(Osv, ReadsLinesAndReportsTheBrokenOneAmongThem) {
  std::string one(kOsv);
  std::erase(one, '\n');
  Read out = expect(one + "\n{\"id\": \"a\", \"id\": \"b\"}\n" + one + "\n");
  EXPECT_EQ(out.rows.advisories.size(), 2u);
  ASSERT_EQ(out.summary.problems.size(), 1u);
  EXPECT_NE(out.summary.problems[0].message.find("duplicate key"), std::string::npos);
  EXPECT_FALSE(read(one + "\n" + one.substr(0, one.size() / 2)));  // cut in the middle of a line
}

TEST(Osv, ReadsAZipOfRecordsAndRefusesABrokenOne) {
  std::string zip;
  archive::ZipWriter writer([&](std::string_view bytes) -> Done {
    zip += bytes;
    return Ok{};
  });
  for (int i = 0; i < 20; ++i) {
    std::string record(kOsv);
    record.replace(record.find("GHSA-aaaa"), 9, "GHSA-" + std::to_string(1000 + i));
    ASSERT_TRUE(writer.add("GHSA-" + std::to_string(i) + ".json", record));
  }
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(expect(zip).rows.advisories.size(), 20u);
  EXPECT_FALSE(read(zip.substr(0, zip.size() / 2)));
  EXPECT_FALSE(read(zip.substr(0, zip.size() - 1)));
  std::string bad = zip;
  bad[200] = static_cast<char>(bad[200] ^ 0x55);
  EXPECT_FALSE(read(bad));
}

TEST(Osv, HoldsVersionsAgainstLimits) {
  std::string record(kOsv);
  record.replace(record.find("\"1.2\""), 5, "\"" + std::string(100'000, '1') + "\"");
  Result<Read> out = read(record);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::limit_exceeded);
}

TEST(Nvd, RatesCvesAndKnowsLibrariesByTheirCpe) {
  Read out = expect(
      R"({"resultsPerPage":2,"format":"NVD_CVE","version":"2.0","timestamp":"2026-11-01T00:00:00.000",
   "vulnerabilities":[{"cve":{"id":"CVE-2026-7777","vulnStatus":"Analyzed","published":"2026-01-01T00:00:00.000",
    "lastModified":"2026-02-02T00:00:00.000","cveTags":[{"sourceIdentifier":"x","tags":["disputed"]}],
    "metrics":{"cvssMetricV31":[{"type":"Primary","cvssData":{"vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}}]},
    "configurations":[{"nodes":[{"operator":"OR","negate":false,"cpeMatch":[
      {"vulnerable":true,"criteria":"cpe:2.3:a:sqlite:sqlite:*:*:*:*:*:*:*:*","versionStartIncluding":"3.0","versionEndExcluding":"3.40.1"},
      {"vulnerable":false,"criteria":"cpe:2.3:a:sqlite:sqlite:9.9:*:*:*:*:*:*:*"},
      {"vulnerable":true,"criteria":"cpe:2.3:a:other:thing:1.0:*:*:*:*:*:*:*"}]}]}]}},
   {"cve":{"id":"CVE-2026-8888","vulnStatus":"Rejected","published":"2026-01-01T00:00:00.000","lastModified":"2026-01-01T00:00:00.000"}}]})");
  ASSERT_EQ(out.rows.cves.size(), 2u);
  EXPECT_EQ(out.rows.cves[0].cvss_score, "7.5");
  EXPECT_TRUE(out.rows.cves[0].disputed);
  EXPECT_TRUE(out.rows.cves[1].rejected);
  const vuln::Advisory* a = out.find("CVE-2026-7777");
  ASSERT_NE(a, nullptr);
  EXPECT_TRUE(a->secondary);
  EXPECT_EQ(a->ranges, (std::vector<vuln::Range>{{"3.0", false, "3.40.1", ""}}));
  EXPECT_EQ(out.rows.advisories.size(), 1u);
}

TEST(Catalogues, AreReadWholeOrNotAtAll) {
  Read kev = expect(
      R"({"title":"CISA","catalogVersion":"2026.11.19","dateReleased":"2026-11-19T00:00:00.0000Z",
    "count":1,"vulnerabilities":[{"cveID":"CVE-2026-5555"}]})");
  EXPECT_EQ(kev.rows.known_exploited, std::vector<std::string>{"CVE-2026-5555"});
  EXPECT_EQ(kev.source("kev")->newest, "2026-11-19");
  EXPECT_FALSE(
      read(R"({"catalogVersion":"1","count":2,"vulnerabilities":[{"cveID":"CVE-2026-5555"}]})"));

  constexpr std::string_view kEpss =
      "#model_version:v2025.03.14,score_date:2026-11-18T00:00:00+0000\ncve,epss,percentile\n"
      "CVE-2026-5555,0.12345,0.9\nCVE-1999-0001,1e-05,0.00001\n";
  Read epss = expect(kEpss);
  ASSERT_EQ(epss.rows.epss.size(), 2u);
  EXPECT_EQ(epss.rows.epss[0].second.score_e5, 12345u);
  EXPECT_EQ(epss.source("epss")->newest, "2026-11-18");
  EXPECT_FALSE(read(std::string(kEpss) + "CVE-2026-1,1.5,0"));
  EXPECT_FALSE(read(kEpss.substr(0, kEpss.size() - 12)));
}

constexpr std::string_view kDebian = R"({"curl":{
 "CVE-2026-1000":{"scope":"remote","releases":{
  "bookworm":{"status":"resolved","fixed_version":"7.88.1-10+deb12u4","urgency":"not yet assigned"},
  "trixie":{"status":"resolved","fixed_version":"0","urgency":"low"},
  "sid":{"status":"open","urgency":"high**"}}},
 "CVE-2026-1001":{"releases":{"bookworm":{"status":"open","urgency":"unimportant"}}},
 "CVE-2026-1002":{"releases":{"bookworm":{"status":"open","nodsa":"Minor issue","nodsa_reason":"postponed","urgency":"medium"}}},
 "CVE-2026-1003":{"releases":{"bookworm":{"status":"open","nodsa":"","nodsa_reason":"ignored","urgency":"low"}}},
 "CVE-2026-1004":{"releases":{"bookworm":{"status":"open","urgency":"end-of-life"}}},
 "CVE-2026-1005":{"releases":{"bookworm":{"status":"undetermined","urgency":"low"}}},
 "CVE-2026-1006":{"releases":{"bookworm":{"status":"whatever"}}}}})";

TEST(Debian, SaysPerReleaseWhatIsFixedAndWhatNeverWillBe) {
  Read out = expect(kDebian);
  auto at = [&](std::string_view id, std::string_view ecosystem = "Debian:12") {
    const vuln::Advisory* a = out.find(id, ecosystem);
    EXPECT_NE(a, nullptr) << id;
    return a == nullptr ? vuln::Advisory{} : *a;
  };
  EXPECT_EQ(at("CVE-2026-1000").fixed_in, std::vector<std::string>{"7.88.1-10+deb12u4"});
  EXPECT_EQ(at("CVE-2026-1000", "Debian:13").unaffected.size(), 1u);
  EXPECT_EQ(at("CVE-2026-1000", "Debian:sid").severity, Severity::high);
  EXPECT_EQ(at("CVE-2026-1001").severity, Severity::none);
  EXPECT_EQ(at("CVE-2026-1002").fix, FixState::deferred);
  EXPECT_EQ(at("CVE-2026-1002").note, "postponed: Minor issue");
  EXPECT_EQ(at("CVE-2026-1003").fix, FixState::will_not_fix);
  EXPECT_EQ(at("CVE-2026-1004").fix, FixState::end_of_life);
  EXPECT_FALSE(at("CVE-2026-1005").unreadable.empty());
  EXPECT_EQ(out.summary.problems.size(), 1u);
  EXPECT_EQ(out.source("debian")->newest, "2026-11-20");
  EXPECT_FALSE(read(kDebian.substr(0, kDebian.size() - 3)));
}

TEST(Secdb, HasTheFixOfEachReleaseAndWhatNeverWasAffected) {
  Read out = expect(R"json({"apkurl":"{{urlprefix}}","archs":["x86_64"],"reponame":"main",
    "urlprefix":"https://dl-cdn.alpinelinux.org/alpine","distroversion":"v3.20","packages":[{"pkg":
    {"name":"curl","secfixes":{"8.9.0-r0":["CVE-2026-1","CVE-2026-2222 GHSA-q"],"8.9.1-r0":
    ["CVE-2026-2222 (+ regression fix)"],"0":["CVE-2026-3333"]}}}]})json");
  const vuln::Advisory* a = out.find("CVE-2026-2222", "Alpine:v3.20");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->fixed_in, std::vector<std::string>{"8.9.1-r0"});
  EXPECT_EQ(a->aliases, std::vector<std::string>{"GHSA-q"});
  EXPECT_EQ(a->source, "alpine-main");
  EXPECT_EQ(out.find("CVE-2026-3333")->unaffected.size(), 1u);
}

TEST(Csaf, MakesAdvisoriesOfPackagesAndStatementsOfWhatIsNotAffected) {
  Read out = expect(R"({"document":{"csaf_version":"2.0","category":"csaf_vex","title":"t",
    "publisher":{"category":"vendor","name":"V","namespace":"https://v"},"tracking":{"id":"V-1",
    "current_release_date":"2026-10-10T00:00:00Z","initial_release_date":"2026-10-10T00:00:00Z",
    "revision_history":[],"status":"final","version":"1"}},"product_tree":{"branches":[{"category":"vendor",
    "name":"V","branches":[{"category":"product_version","name":"a","product":{"product_id":"P1","name":"a",
    "product_identification_helper":{"purl":"pkg:npm/%40v/left@1.2.0"}}},{"category":"product_version",
    "name":"b","product":{"product_id":"P2","name":"b","product_identification_helper":{"purl":
    "pkg:deb/debian/curl@7.88.1-10?distro=debian-12"}}},{"category":"product_version","name":"c","product":
    {"product_id":"P3","name":"c"}}]}]},"vulnerabilities":[{"cve":"CVE-2026-4000","product_status":{"fixed":["P1"],
    "known_affected":["P2","P3"]},"remediations":[{"category":"no_fix_planned","details":"no","product_ids":["P2"]}]},
    {"cve":"CVE-2026-4001","product_status":{"known_not_affected":["P1"]},"threats":[{"category":"impact",
    "details":"not reachable"}]}]})");
  const vuln::Advisory* fixed = out.find("CVE-2026-4000", "npm");
  ASSERT_NE(fixed, nullptr);
  EXPECT_EQ(fixed->package, "@v/left");
  EXPECT_EQ(fixed->fixed_in, std::vector<std::string>{"1.2.0"});
  const vuln::Advisory* open = out.find("CVE-2026-4000", "Debian:12");
  ASSERT_NE(open, nullptr);
  EXPECT_EQ(open->fix, FixState::will_not_fix);
  ASSERT_EQ(out.rows.statements.size(), 1u + 1u);  // fixed is a statement too
  EXPECT_EQ(out.summary.problems.size(), 1u);      // P3 has no package URL
}

TEST(OpenVex, MakesAdvisoriesAndStatements) {
  Read out = expect(R"({"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://v/1","author":"V",
    "timestamp":"2026-10-10T00:00:00Z","version":1,"statements":[
    {"vulnerability":{"name":"CVE-2026-5000"},"products":[{"@id":"pkg:npm/left@1.0.0"}],"status":"affected","action_statement":"x"},
    {"vulnerability":{"name":"CVE-2026-5001"},"products":[{"@id":"pkg:npm/left@1.0.0"}],"status":"not_affected",
     "justification":"vulnerable_code_not_present"}]})");
  ASSERT_NE(out.find("CVE-2026-5000"), nullptr);
  EXPECT_EQ(out.find("CVE-2026-5000")->ranges,
            (std::vector<vuln::Range>{{"1.0.0", false, "", "1.0.0"}}));
  ASSERT_EQ(out.rows.statements.size(), 1u);
  EXPECT_EQ(out.rows.statements[0].rule.id, "CVE-2026-5001");
}

TEST(Feeds, RefuseWhatHasNoKnownForm) {
  for (std::string_view text :
       {"", "{}", "[]", "hello", "{\"a\":1}", "\x1f\x8b\x08", "PK\x03\x04", "null"})
    EXPECT_FALSE(read(text)) << text;
  EXPECT_FALSE(read(std::string(100'000, '[')));
}

TEST(Feeds, HaveNoDateWhenItHasNotComeYet) {
  std::string record(kOsv);
  record.replace(record.find("2026-11-01"), 10, "9999-12-31");
  EXPECT_EQ(expect(record).find("GHSA-aaaa-bbbb-cccc")->modified, "");
}

// ---- Export: what comes out goes in again and is the same

Incoming incoming(std::string_view text) {
  Read one = expect(text);
  return {std::move(one.rows), std::move(one.summary), "/feeds/x", "2026-11-24T00:00:00Z",
          "sha256:0"};
}

TEST(Export, GivesTheSameBytesWhenImportedAgain) {
  vuln::PackContent content;
  for (std::string_view text : {kOsv, kDebian}) merge(content, incoming(text));
  merge(content, incoming("cve,epss,percentile\nCVE-2026-5555,0.12345,0.9\n"));
  merge(content,
        incoming(R"({"catalogVersion":"1","vulnerabilities":[{"cveID":"CVE-2026-5555"}]})"));
  const Bytes pack = *vuln::write_pack(content);
  const vuln::Database database = *vuln::Database::open(pack);

  std::string lines;
  ASSERT_TRUE(export_database(database, [&](const std::string&, std::string_view line) -> Done {
    EXPECT_EQ(line.find('\n'), line.npos);
    EXPECT_TRUE(json::parse(line));
    lines += std::string(line) + "\n";
    return Ok{};
  }));
  vuln::PackContent again;
  merge(again, incoming(lines));
  EXPECT_EQ(*vuln::write_pack(again), pack);
}

}  // namespace
}  // namespace fathom::feeds
