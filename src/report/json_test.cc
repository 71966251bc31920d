// What the schema cannot say about the JSON report; that it fits docs/report.schema.json is checked
// by tests/validators on the examples under testdata/.

#include <gtest/gtest.h>

#include "json/value.h"
#include "report/formats.h"
#include "report/testing.h"

namespace fathom {
namespace {

using namespace fathom::testing;

json::Value parsed(const Report& report) {
  Result<json::Value> value = json::parse(kJsonReporter.run(report, {}));
  EXPECT_TRUE(value.has_value()) << (value ? "" : value.error().message);
  return value ? std::move(*value) : json::Value();
}

TEST(Json, KeepsScoresAsTexts) {
  const json::Value report = parsed(small_report());
  const json::Value& finding = report["findings"].elements()[1];
  EXPECT_EQ(finding["cvss"]["score"].text_or(), "7.5");
  EXPECT_EQ(finding["epss"]["score"].text_or(), "0.01234");
  EXPECT_EQ(finding["epss"]["percentile"].text_or(), "0.84");
}

TEST(Json, WritesExactVersionOrIntervalNeverBoth) {
  const json::Value report = parsed(full_report());
  const auto& components = report["components"].elements();
  EXPECT_EQ(components[0]["version"].text_or(), "3.31.1");
  EXPECT_FALSE(components[0].has("versions"));
  EXPECT_FALSE(components[2].has("version"));
  EXPECT_EQ(components[2]["versions"]["low"].text_or(), "1.2.8");
  EXPECT_EQ(components[2]["versions"]["candidates"].elements().size(), 4u);
  Report unknown = small_report();
  unknown.components[0].version = {};
  const json::Value other = parsed(unknown);
  EXPECT_FALSE(other["components"].elements()[0].has("version"));
  EXPECT_FALSE(other["components"].elements()[0].has("versions"));
}

TEST(Json, GivesTheFirstEvidenceAsPlace) {
  const json::Value report = parsed(small_report());
  const json::Value& place = report["components"].elements()[0]["place"];
  EXPECT_EQ(place["kind"].text_or(), "offset");
  EXPECT_EQ(place["value"].integer(), 0x1f0040);
  EXPECT_EQ(place["section"].text_or(), ".rodata");
}

TEST(Json, NamesNoJustificationWithoutProof) {
  Report report = small_report();
  report.findings[0].verdict = Verdict::not_present;
  EXPECT_FALSE(parsed(report)["findings"].elements()[0]["verdict"].has("justification"));
  report.findings[0].evidence = {seen("functions", "sqlite-service", {}, "no such function")};
  EXPECT_EQ(parsed(report)["findings"].elements()[0]["verdict"]["justification"].text_or(),
            "vulnerable_code_not_present");
}

TEST(Json, SaysNotAssessedInsteadOfZero) {
  const json::Value report = parsed(full_report());
  const auto& rows = report["coverage"]["ecosystems"].elements();
  EXPECT_EQ(rows[0]["status"].text_or(), "assessed");
  EXPECT_EQ(rows[2]["status"].text_or(), "not assessed");
}

TEST(Json, CarriesAnyFileName) {
  const json::Value report = parsed(hostile_report());
  EXPECT_EQ(report["files"].elements()[0]["path"].text_or(), "bin/\\xff\\xfe\nname");
  EXPECT_EQ(report["gaps"].elements()[0]["file"].text_or(), "漢字/漢字漢字/\x1b[31mрусский");
}

TEST(Json, IsTheSameBytesEveryTime) {
  EXPECT_EQ(kJsonReporter.run(full_report(), {}),
            kJsonReporter.run(full_report(), {.width = 40, .colour = true}));
}

TEST(Reporters, AreFoundByName) {
  for (const Reporter* reporter : all_reporters())
    EXPECT_EQ(find_reporter(reporter->name), reporter);
  EXPECT_EQ(find_reporter("Table"), nullptr);
  EXPECT_EQ(find_reporter(""), nullptr);
}

}  // namespace
}  // namespace fathom
