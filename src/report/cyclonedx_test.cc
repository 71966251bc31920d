// What the CycloneDX schema cannot say; tests/validators checks the rest on the examples.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "json/value.h"
#include "report/bom.h"
#include "report/formats.h"
#include "report/spdx.h"
#include "report/testing.h"
#include "report/uuid.h"

namespace fathom {
namespace {

using namespace fathom::testing;
using json::Value;

Value parsed(const Report& report) {
  Result<Value> value = json::parse(kCycloneDxReporter.run(report, {}));
  EXPECT_TRUE(value.has_value()) << (value ? "" : value.error().message);
  return value ? std::move(*value) : Value();
}

Value analysis(const Finding& finding) {
  Report report = small_report();
  report.findings = {finding};
  return parsed(report)["vulnerabilities"].elements()[0]["analysis"];
}

TEST(Uuid, IsThatOfTheRfcAndOfPython) {
  // RFC 9562 A.4, and uuid.uuid5(uuid.NAMESPACE_DNS, "python.org").
  EXPECT_EQ(uuid_of(kDnsNamespace, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  EXPECT_EQ(uuid_of(kDnsNamespace, "python.org"), "886313e1-3b8a-5372-9b90-0c9aee199e5d");
}

TEST(Spdx, TellsExpressionsFromProse) {
  for (const char* text : {"MIT", "GPL-2.0+", "LicenseRef-x", "DocumentRef-a:LicenseRef-b",
                           "MIT OR (Apache-2.0 AND BSD-3-Clause)", "((MIT))",
                           "GPL-2.0-only WITH Classpath-exception-2.0 AND MIT"})
    EXPECT_TRUE(is_spdx_expression(text)) << text;
  for (const char* text :
       {"", " ", "MIT style", "MIT,BSD", "MIT AND", "OR MIT", "(MIT", "MIT)", "()", "MIT (BSD)",
        "(MIT) WITH x", "MIT WITH (x)", "AND", "+", "see <https://example.org>", "MIT\nBSD"})
    EXPECT_FALSE(is_spdx_expression(text)) << text;
}

TEST(CycloneDx, ListsEverythingFlatAndSaysWhichFileHasWhat) {
  const Value bom = parsed(full_report());
  std::vector<std::string_view> files;
  std::map<std::string_view, std::string_view> names;  // by bom-ref
  for (const Value& component : bom["components"].elements()) {
    EXPECT_FALSE(component.has("components")) << "readers drop what is nested";
    names[component["bom-ref"].text_or()] = component["name"].text_or();
    if (component["type"].text_or() != "file") continue;
    files.push_back(component["name"].text_or());
    EXPECT_EQ(component["hashes"].elements()[0]["content"].text_or(), std::string(64, 'a'));
  }
  EXPECT_EQ(names.size(), full_report().components.size() + files.size());
  EXPECT_EQ(files, (std::vector<std::string_view>{
                       "sqlite-service", "opt/vendor/some-deeply/nested/folder/lib/libimaging.so.7",
                       "opt/vendor/bin/convert", "usr/bin/api"}));
  std::size_t inside = 0;
  for (const Value& dependency : bom["dependencies"].elements()) {
    if (names[dependency["ref"].text_or()] != "usr/bin/api") continue;
    for (const Value& on : dependency["dependsOn"].elements()) {
      EXPECT_TRUE(names[on.text_or()] == "stdlib" ||
                  names[on.text_or()] == "github.com/gin-gonic/gin");
      ++inside;
    }
  }
  EXPECT_EQ(inside, 2u);
}

TEST(CycloneDx, SaysHowAndWhereAComponentWasSeen) {
  const Value bom = parsed(small_report());
  const Value& sqlite = bom["components"].elements()[1];
  EXPECT_EQ(sqlite["purl"].text_or(), "pkg:generic/sqlite@3.31.1");
  const Value& identity = sqlite["evidence"]["identity"].elements()[0];
  EXPECT_EQ(identity["field"].text_or(), "name");
  EXPECT_EQ(identity["confidence"].number(), 0.9);
  EXPECT_EQ(identity["methods"].elements()[0]["technique"].text_or(), "binary-analysis");
  const auto& occurrences = sqlite["evidence"]["occurrences"].elements();
  EXPECT_EQ(occurrences[0]["offset"].integer(), 0x1f0040);
  EXPECT_FALSE(occurrences[1].has("offset")) << "an address is no file offset";
}

TEST(CycloneDx, CallsWhatIsWrittenInADatabaseManifestAnalysis) {
  const Value bom = parsed(full_report());
  const Value& libc = bom["components"].elements()[0];
  EXPECT_EQ(libc["name"].text_or(), "libc6");
  EXPECT_EQ(
      libc["evidence"]["identity"].elements()[0]["methods"].elements()[0]["technique"].text_or(),
      "manifest-analysis");
  EXPECT_EQ(libc["licenses"].elements()[0]["expression"].text_or(),
            "(LGPL-2.1-or-later) AND (GPL-2.0-only WITH Classpath-exception-2.0)");
}

TEST(CycloneDx, ClaimsNotAffectedOnlyWithProof) {
  Finding f = finding("CVE-1-1", "c1", Severity::high);
  EXPECT_EQ(analysis(f)["state"].text_or(), "in_triage");
  const std::vector<std::tuple<Verdict, std::string_view, std::string_view>> cases = {
      {Verdict::not_present, "not_affected", "code_not_present"},
      {Verdict::present_unreachable, "not_affected", "code_not_reachable"},
      {Verdict::patched, "resolved", ""}};
  for (const auto& [verdict, state, justification] : cases) {
    f.verdict = verdict;
    f.evidence = {};
    EXPECT_EQ(analysis(f)["state"].text_or(), "in_triage");
    EXPECT_FALSE(analysis(f).has("justification"));
    f.evidence = {seen("functions", "sqlite-service", Place::at_offset(1), "proof")};
    EXPECT_EQ(analysis(f)["state"].text_or(), state);
    EXPECT_EQ(analysis(f)["justification"].text_or(), justification);
    EXPECT_NE(analysis(f)["detail"].text_or().find("proof"), std::string_view::npos);
  }
  f.verdict = Verdict::reachable;
  EXPECT_EQ(analysis(f)["state"].text_or(), "exploitable");
}

TEST(CycloneDx, NamesTheScoringMethodByTheVector) {
  Report report = small_report();
  const std::vector<std::pair<std::string, std::string_view>> cases = {{"CVSS:4.0/AV:N", "CVSSv4"},
                                                                       {"CVSS:3.1/AV:N", "CVSSv31"},
                                                                       {"CVSS:3.0/AV:N", "CVSSv3"},
                                                                       {"AV:N/AC:L/Au:N", "CVSSv2"},
                                                                       {"something", "other"}};
  for (const auto& [vector, method] : cases) {
    report.findings[0].cvss = vector;
    const Value bom = parsed(report);
    const Value& rating = bom["vulnerabilities"].elements()[0]["ratings"].elements()[0];
    EXPECT_EQ(rating["method"].text_or(), method);
    EXPECT_EQ(rating["score"].number(), 9.8);
  }
}

TEST(CycloneDx, WritesNoScoreThatIsNoNumber) {
  Report report = small_report();
  for (const char* score : {"", "high", "-1", "1e9", "07", "7.", ".5", "7,5", "1.2.3"}) {
    report.findings[0].cvss_score = report.findings[0].epss = score;
    const Value bom = parsed(report);
    const auto& ratings = bom["vulnerabilities"].elements()[0]["ratings"].elements();
    EXPECT_EQ(ratings.size(), 1u);
    EXPECT_FALSE(ratings[0].has("score")) << score;
  }
}

TEST(CycloneDx, SerialNumberFollowsTheContentAndNothingElse) {
  const Value a = parsed(small_report()), b = parsed(small_report());
  Report later = small_report();
  later.now = "2030-01-01T00:00:00Z";
  Report other = small_report();
  other.components[0].version.exact = "3.31.2";
  EXPECT_TRUE(a["serialNumber"].text_or().starts_with("urn:uuid:"));
  EXPECT_EQ(a["serialNumber"].text_or(), b["serialNumber"].text_or());
  EXPECT_EQ(a["serialNumber"].text_or(), parsed(later)["serialNumber"].text_or());
  EXPECT_NE(a["serialNumber"].text_or(), parsed(other)["serialNumber"].text_or());
  EXPECT_FALSE(a["metadata"].has("timestamp"));
}

TEST(CycloneDx, AdmitsThatGapsMakeItIncomplete) {
  Report report = small_report();
  EXPECT_EQ(parsed(report)["compositions"].elements()[0]["aggregate"].text_or(), "unknown");
  report.gaps = {{"elf", "x", "", 0, ErrorCode::malformed, "y"}};
  EXPECT_EQ(parsed(report)["compositions"].elements()[0]["aggregate"].text_or(), "incomplete");
}

TEST(CycloneDx, NestsWhatAFileContainsWhenAsked) {
  const Report report = small_report();
  const auto bom = json::parse(kCycloneDxReporter.run(report, {.nested = true}));
  ASSERT_TRUE(bom);
  const auto& components = (*bom)["components"].elements();
  ASSERT_EQ(components.size(), 1u);
  EXPECT_EQ(components[0]["type"].text_or(), "file");
  EXPECT_EQ(components[0]["components"].elements()[0]["name"].text_or(), "sqlite");
}

TEST(CycloneDx, LinesOfTheSourceAreFrames) {
  Report report = small_report();
  report.components[0].evidence.push_back(
      seen("source-features", "sqlite-service", Place::at_offset(16), "line 1234 of btree.c"));
  const Value bom = parsed(report);
  const Value& frames =
      bom["components"].elements()[1]["evidence"]["callstack"]["frames"];
  ASSERT_EQ(frames.elements().size(), 1u);
  EXPECT_EQ(frames.elements()[0]["fullFilename"].text_or(), "btree.c");
  EXPECT_EQ(frames.elements()[0]["line"].natural(), 1234u);
  EXPECT_EQ(frames.elements()[0]["module"].text_or(), "sqlite-service");
}

TEST(CycloneDx, EveryComponentHasNames) {
  const Report report = full_report();
  const bom::Bom arranged = bom::arrange(report);
  ASSERT_EQ(arranged.items.size(), report.components.size());
  for (const bom::Item& item : arranged.items) {
    EXPECT_TRUE(item.purl.starts_with("pkg:")) << item.component->name;
    EXPECT_TRUE(item.cpe.starts_with("cpe:2.3:")) << item.component->name;
  }
  EXPECT_EQ(arranged.items[1].cpe, "cpe:2.3:a:glibc:glibc:2.36:*:*:*:*:*:*:*");
  EXPECT_TRUE(arranged.items[1].cpe_is_derived);
  EXPECT_FALSE(arranged.items[0].cpe_is_derived);
}

TEST(CycloneDx, ADistributionsBuildHasTheNameOfItsPackage) {
  Report report = full_report();
  report.components[2].packaged_as = "c2";
  EXPECT_EQ(bom::arrange(report).items[2].purl, report.components[1].purl);
}

TEST(Documents, CarryTheTimeOfTheImageUnlessAsked) {
  Report report = small_report();
  EXPECT_EQ(bom::time_of(report, {}), "1970-01-01T00:00:00Z");
  report.image.created = "2026-01-02T03:04:05.678Z";
  EXPECT_EQ(bom::time_of(report, {}), "2026-01-02T03:04:05Z");
  EXPECT_EQ(bom::time_of(report, {.timestamp = true}), report.now);
  report.image.created = "yesterday";
  EXPECT_EQ(bom::time_of(report, {}), "1970-01-01T00:00:00Z");
}

}  // namespace
}  // namespace fathom
