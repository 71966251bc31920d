#include <gtest/gtest.h>

#include "base/text.h"
#include "report/columns.h"
#include "report/formats.h"
#include "report/testing.h"

namespace fathom {
namespace {

using namespace fathom::testing;

std::string table(const Report& report, std::size_t width = 100, bool colour = false) {
  return kTableReporter.run(report, {.width = width, .colour = colour});
}

// The lines that contain `text`.
std::vector<std::string> lines_with(const std::string& output, std::string_view text) {
  std::vector<std::string> found;
  for (std::string_view line : lines_of(output))
    if (line.find(text) != line.npos) found.emplace_back(line);
  return found;
}

bool has(const std::string& output, std::string_view text) {
  return !lines_with(output, text).empty();
}

// Takes "\x1b[…m" out.
std::string without_colour(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b')
      i = text.find('m', i);
    else
      out += text[i];
  }
  return out;
}

TEST(Table, NoLineIsWiderThanTheTerminal) {
  for (const Report& report : {small_report(), full_report(), hostile_report(), Report{}}) {
    for (std::size_t width : {60u, 72u, 80u, 100u, 133u, 200u}) {
      const std::string output = table(report, width);
      for (std::string_view line : lines_of(output)) EXPECT_LE(display_width(line), width) << line;
    }
  }
}

TEST(Table, ColourChangesNothingButColour) {
  for (const Report& report : {small_report(), full_report(), hostile_report()}) {
    const std::string plain = table(report, 80, false), coloured = table(report, 80, true);
    EXPECT_EQ(plain.find('\x1b'), plain.npos);
    EXPECT_NE(coloured.find('\x1b'), coloured.npos);
    // Cells are padded inside their colour, lines are trimmed outside: only trailing blanks differ.
    std::string trimmed;
    const std::string uncoloured = without_colour(coloured);
    for (std::string_view line : lines_of(uncoloured))
      trimmed += std::string(line.substr(0, line.find_last_not_of(' ') + 1)) + "\n";
    EXPECT_EQ(trimmed, plain);
  }
}

TEST(Table, BeginsWithTheCoverage) {
  const std::string output = table(small_report(), 200);
  EXPECT_EQ(lines_of(output)[0],
            "sqlite-service.tar  linux/amd64  1 file, 1 identified, 0 inert, 0 gaps · executable "
            "bytes 3.1 MB, 62 % attributed · advisories to 2026-08-31");
}

TEST(Table, RoundsTheShareDown) {
  Report report = small_report();
  report.coverage.attributed_bytes = report.coverage.executable_bytes - 1;
  EXPECT_TRUE(has(table(report, 200), "99 % attributed"));
}

TEST(Table, CollapsesUncertainRanges) {
  const std::string output = table(small_report());
  EXPECT_TRUE(has(output, "+ 20 with uncertain version range"));
  EXPECT_FALSE(has(output, "CVE-2019-19000"));
  EXPECT_TRUE(has(output, "2 findings: 1 critical, 1 high · 20 uncertain"));
}

TEST(Table, ShowsWhatCouldNotBeJudgedAboveTheFindings) {
  const std::string output = table(full_report());
  const std::size_t judged = output.find("not assessed"), finding = output.find("CVE-"),
                    gaps = output.find("3 gaps, see below");
  ASSERT_NE(judged, output.npos);
  ASSERT_NE(gaps, output.npos);
  EXPECT_LT(judged, finding);
  EXPECT_LT(gaps, finding);
  EXPECT_TRUE(has(output, "deb (60 components), npm (12 components)"));
}

TEST(Table, LeavesOutColumnsThatWouldBeEmpty) {
  EXPECT_FALSE(has(table(small_report()), "KEV"));
  EXPECT_EQ(lines_with(table(full_report()), "KEV").size(), 2u);  // the title and one row
}

TEST(Table, PutsTheSameFlawsOfSeveralFilesInOneGroup) {
  const std::string output = table(full_report());
  EXPECT_EQ(lines_with(output, "CVE-2018-25032").size(), 1u);
  EXPECT_TRUE(has(output, "zlib 1.2.8–1.2.11"));
  EXPECT_TRUE(has(output, "and 1 other file"));
}

TEST(Table, CutsLongListsWithACount) {
  const std::string output = table(full_report());
  EXPECT_TRUE(has(output, "… and 6 more (use -o json)"));  // 14 of SQLite, 8 shown
  Report nine = small_report();
  nine.findings.resize(2);
  for (int i = 0; i < 7; ++i)
    nine.findings.push_back(finding("CVE-1-" + std::to_string(i), "c1", Severity::low));
  EXPECT_FALSE(has(table(nine), "more (use")) << "a count would take the line of the ninth";
}

TEST(Table, CountsIgnoredAndKnownFindings) {
  const std::string output = table(full_report());
  EXPECT_TRUE(has(output, "+ 1 ignored, 1 in baseline"));
  EXPECT_FALSE(has(output, "CVE-2023-4911"));
}

TEST(Table, ShowsAFindingWhoseComponentIsMissing) {
  Report report = small_report();
  report.findings.push_back(finding("CVE-2000-0001", "c99", Severity::critical));
  EXPECT_TRUE(has(table(report), "CVE-2000-0001"));
}

TEST(Table, SaysPlainlyThatNothingWasRecognised) {
  const std::string output = table(hostile_report());
  EXPECT_TRUE(has(output, "Nothing was recognised: no component in 2 files."));
  EXPECT_FALSE(has(output, "No known vulnerabilities"));
  EXPECT_TRUE(has(table(Report{}), "there are no files with content"));
}

TEST(Table, DoesNotCallSilenceAResult) {
  Report report = small_report();
  report.findings.clear();
  EXPECT_TRUE(has(table(report), "No known vulnerabilities in 1 component"));
  report.coverage.ecosystems[0].advisories = 0;
  EXPECT_FALSE(has(table(report), "No known vulnerabilities"));
  EXPECT_TRUE(has(table(report), "not assessed, no advisories in the data: C (1 component)"));
}

TEST(Table, LetsNoForeignTextReachTheTerminal) {
  const std::string output = table(hostile_report());
  EXPECT_TRUE(is_utf8(output));
  for (char c : output) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  EXPECT_EQ(output.find("\xe2\x80\xae"), output.npos) << "a bidirectional override";
  EXPECT_EQ(output.find("\xc2\x9b"), output.npos) << "a C1 control sequence introducer";
  EXPECT_TRUE(has(output, "\\x1b[2J"));
}

TEST(Table, SaysWhyTheExitStatusIsNotZero) {
  Report report = small_report();
  report.exit_status = 3;
  EXPECT_TRUE(has(table(report), "not assessed, see above (exit status 3)"));
  report.exit_status = 1;
  report.policy = {true, {"2 findings of severity high or above"}};
  EXPECT_TRUE(has(table(report), "policy failed: 2 findings of severity high or above"));
}

TEST(Table, ShowsProbabilitiesAsPerCent) {
  Report report = small_report();
  report.findings.resize(2);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"0.01234", " 1.2% "}, {"0.00012", "<0.1%"}, {"0.93", " 93% "}, {"1", "100%"},
      {"1.0", "100%"},       {"0.5", " 50% "},     {"0.1", " 10% "},  {"0.0999", " 9.9% "}};
  for (const auto& [epss, shown] : cases) {
    report.findings[0].epss = epss;
    EXPECT_TRUE(has(table(report), shown)) << epss << "\n" << table(report);
  }
  report.findings[0].epss = "not a number";
  EXPECT_FALSE(has(table(report), "not a number"));
}

}  // namespace
}  // namespace fathom
