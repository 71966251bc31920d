// What the schemas of the formats do not say: the limits of those who read them, what is left out
// and what is never left out, and that nothing from an image does anything.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "json/value.h"
#include "model/texts.h"
#include "report/formats.h"
#include "report/rows.h"
#include "report/testing.h"

namespace fathom {
namespace {

using namespace fathom::testing;
using json::Value;

Value parsed(const Reporter& reporter, const Report& report, const ReportOptions& options = {}) {
  Result<Value> value = json::parse(reporter.run(report, options));
  EXPECT_TRUE(value.has_value()) << (value ? "" : value.error().message);
  return value ? std::move(*value) : Value();
}

const ReportOptions kWithSuppressed = {.width = 100, .colour = false, .show_suppressed = true};

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++n;
  return n;
}

// ---- Rows

TEST(Rows, FingerprintsKeepThroughVersionsAndTellCopiesApart) {
  Report old = small_report();
  Report newer = old;
  newer.components[0].version.exact = "3.32.0";
  newer.components[0].purl = "pkg:generic/sqlite@3.32.0?arch=arm64";
  std::swap(newer.findings[0], newer.findings[1]);
  EXPECT_EQ(rows_of(old, {})[0].fingerprint, rows_of(newer, {})[1].fingerprint);
  EXPECT_NE(rows_of(old, {})[0].fingerprint, rows_of(old, {})[1].fingerprint);

  newer.components[0].file = "elsewhere";
  EXPECT_NE(rows_of(old, {})[0].fingerprint, rows_of(newer, {})[1].fingerprint);

  Component copy = old.components[0];
  copy.id = "c2";
  old.components.push_back(copy);
  Finding again = old.findings[0];
  again.component = "c2";
  old.findings.push_back(again);
  const std::vector<FindingRow> rows = rows_of(old, {});
  EXPECT_EQ(rows.front().fingerprint.substr(0, 33), rows.back().fingerprint.substr(0, 33));
  EXPECT_TRUE(rows.back().fingerprint.ends_with(":2"));
}

TEST(Rows, AnIgnoreRuleMovesNoFingerprint) {
  Report report = full_report();
  const std::string last = rows_of(report, {}).back().fingerprint;
  report.findings[0].ignored = true;
  EXPECT_EQ(rows_of(report, {}).back().fingerprint, last);
}

TEST(Rows, PagesAreForIdsOnly) {
  EXPECT_EQ(advisory_url("CVE-2022-35737"), "https://nvd.nist.gov/vuln/detail/CVE-2022-35737");
  EXPECT_EQ(advisory_url("MAL-2024-1"), "https://osv.dev/vulnerability/MAL-2024-1");
  for (const char* id : {"", "CVE-1)](http://x", "a b", "a/../b", "CVE-1\n", "javascript:alert(1)"})
    EXPECT_EQ(advisory_url(id), "") << id;
}

TEST(Rows, ImagePurl) {
  ImageRow image = small_report().image;
  const std::string digest = "sha256:" + std::string(64, '1');
  EXPECT_EQ(image_purl(image), "pkg:oci/sqlite-service@" + digest +
                                   "?arch=amd64&repository_url=example%2Fsqlite-service&tag=1.0");
  image.names = {"127.0.0.1:5000/team/App@sha256:1"};
  image.platform = "";
  EXPECT_EQ(image_purl(image),
            "pkg:oci/app@" + digest + "?repository_url=127.0.0.1:5000%2Fteam%2FApp");
  image.names = {"busybox"};
  EXPECT_EQ(image_purl(image), "pkg:oci/busybox@" + digest);
  image.digest = "";
  EXPECT_EQ(image_purl(image), "");
}

// ---- What is suppressed

TEST(Suppressed, IsLeftOutUnlessAskedFor) {
  const Report report = full_report();  // one ignored, one shown not to apply
  for (const Reporter* reporter : {&kSarifReporter, &kGitlabReporter, &kCsvReporter}) {
    const std::string text = reporter->run(report, {});
    const std::string with = reporter->run(report, kWithSuppressed);
    for (const char* id : {"CVE-2023-4911", "CVE-2020-28483"}) {
      EXPECT_EQ(text.find(id), text.npos) << reporter->name << " " << id;
      EXPECT_NE(with.find(id), with.npos) << reporter->name << " " << id;
    }
    EXPECT_NE(with.find("not set-user-id here (ignore.yaml:3)"), with.npos) << reporter->name;
    EXPECT_NE(text.find("CVE-2024-2961"), text.npos) << reporter->name;  // in the baseline
  }
  const Value sarif = parsed(kSarifReporter, report, kWithSuppressed);
  std::size_t suppressed = 0, unchanged = 0;
  for (const Value& result : sarif["runs"].elements()[0]["results"].elements()) {
    suppressed += result.has("suppressions");
    unchanged += result["baselineState"].text_or() == "unchanged";
  }
  EXPECT_EQ(suppressed, 2u);
  EXPECT_EQ(unchanged, 1u);
}

TEST(Junit, CountsAddUpAndOnlyWhatCountsFails) {
  const std::string text = kJunitReporter.run(full_report(), {});
  EXPECT_EQ(count(text, "<testcase"), count(text, "</testcase>") + count(text, "time=\"0\"/>\n"));
  const Totals totals = totals_of(full_report());
  EXPECT_EQ(count(text, "<failure"), totals.active() + 1);          // and the policy
  EXPECT_EQ(count(text, "<error"), full_report().gaps.size() + 2);  // and deb, npm: not assessed
  EXPECT_NE(text.find("failures=\"" + std::to_string(totals.active() + 1) + "\""), text.npos);
  EXPECT_NE(text.find("tests=\"" + std::to_string(count(text, "<testcase")) + "\""), text.npos);
  Report passed = small_report();
  passed.findings.clear();
  EXPECT_EQ(kJunitReporter.run(passed, {}).find("<failure"), std::string::npos);
}

// ---- Limits of the readers

// https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning
TEST(Sarif, StaysWithinGithubsLimitsAndKeepsTheWorst) {
  Report report = small_report();
  report.findings.clear();
  for (int i = 0; i < 6'000; ++i) {
    Finding f = finding("CVE-2020-" + std::to_string(100'000 + i), "c1", Severity::low);
    f.aliases.assign(50, "GHSA-xxxx-xxxx-xxxx");
    report.findings.push_back(f);
  }
  report.findings.push_back(finding("CVE-2021-1", "c1", Severity::critical));
  report.gaps.assign(5000, {"elf", "x", "", 0, ErrorCode::malformed, "reason"});
  const std::string text = kSarifReporter.run(report, {});
  EXPECT_LT(text.size(), 30u << 20);  // 10 MB compressed
  const Value run = parsed(kSarifReporter, report)["runs"].elements()[0];
  const auto& results = run["results"].elements();
  const auto& rules = run["tool"]["driver"]["rules"].elements();
  EXPECT_EQ(results.size(), 5000u);
  EXPECT_EQ(rules.size(), 5000u);
  EXPECT_EQ(results[0]["ruleId"].text_or(), "CVE-2021-1");
  EXPECT_NE(text.find("The 1,001 least severe findings are not in this file"), text.npos);
  EXPECT_NE(text.find("4,800 more gaps are not in this file"), text.npos);
  for (const Value& rule : rules) {
    EXPECT_LE(rule["properties"]["tags"].elements().size(), 10u);
    for (const char* name : {"shortDescription", "fullDescription"})
      EXPECT_LE(rule[name]["text"].text_or().size(), 1024u);
  }
}

TEST(Sarif, EveryResultPointsAtItsRule) {
  const Value run = parsed(kSarifReporter, full_report())["runs"].elements()[0];
  const auto& rules = run["tool"]["driver"]["rules"].elements();
  std::set<std::string_view> fingerprints;
  for (const Value& result : run["results"].elements()) {
    const auto index = result["ruleIndex"].natural();
    ASSERT_TRUE(index && *index < rules.size());
    EXPECT_EQ(rules[*index]["id"].text_or(), result["ruleId"].text_or());
    EXPECT_EQ(result["locations"].elements().size(), 1u);
    EXPECT_TRUE(
        fingerprints.insert(result["partialFingerprints"]["primaryLocationLineHash"].text_or())
            .second);
  }
  EXPECT_GT(fingerprints.size(), 10u);
}

TEST(Markdown, FitsACommentHoweverLongTheNamesAre) {
  Report report = full_report();
  for_each_text(report, [](std::string& text) { text += std::string(5000, '<'); });
  report.gaps.assign(1000, report.gaps[0]);
  report.notes.assign(1000, report.notes[0]);
  while (report.findings.size() < 2000) report.findings.push_back(report.findings[0]);
  EXPECT_LT(kMarkdownReporter.run(report, kWithSuppressed).size(), 65'536u);
}

TEST(Markdown, SaysTheVerdictInOneLineAndWhatWasNotAssessed) {
  const std::string text = kMarkdownReporter.run(full_report(), {});
  const std::string_view third = lines_of(text)[2];
  EXPECT_TRUE(third.starts_with("**Failed**: 1 critical, 3 high, 12 low")) << third;
  EXPECT_NE(text.find("> Not assessed, no advisories in the data: `deb (60 components)`"),
            text.npos);
  EXPECT_EQ(kMarkdownReporter.run(hostile_report(), {}).find("no findings"), std::string::npos);
}

// ---- VEX

TEST(Openvex, SaysNotAffectedOnlyWithProofAndTheWorseOfTwo) {
  Report report = small_report();
  Component copy = report.components[0];
  copy.id = "c2";
  copy.file = "other";
  report.components.push_back(copy);
  Finding proven = finding("CVE-2020-1", "c1", Severity::high);
  proven.verdict = Verdict::not_present;
  Finding unproven = proven;
  unproven.id = "CVE-2020-2";
  proven.evidence = report.components[0].evidence;
  Finding reachable = proven;
  reachable.id = "CVE-2020-3";
  Finding worse = reachable;
  worse.component = "c2";
  worse.verdict = Verdict::reachable;
  report.findings = {proven, unproven, reachable, worse};
  const Value document = parsed(kOpenvexReporter, report);
  const auto& statements = document["statements"].elements();
  ASSERT_EQ(statements.size(), 3u);
  EXPECT_EQ(statements[0]["status"].text_or(), "not_affected");
  EXPECT_EQ(statements[0]["justification"].text_or(), "vulnerable_code_not_present");
  EXPECT_EQ(statements[1]["status"].text_or(), "under_investigation");
  EXPECT_EQ(statements[2]["status"].text_or(), "affected");
  EXPECT_TRUE(statements[2].has("action_statement"));
}

TEST(Spdx, KeepsALicenceThatIsNoneWordForWord) {
  const std::string text = kSpdxReporter.run(full_report(), {});
  EXPECT_NE(text.find("\"licenseDeclared\": \"LicenseRef-fathom-1\""), text.npos);
  EXPECT_NE(text.find("\"extractedText\": \"MIT style, see LICENSE\""), text.npos);
  EXPECT_NE(text.find("LGPL-2.1-or-later AND (GPL-2.0-only WITH Classpath-exception-2.0)"),
            text.npos);
}

// ---- Nothing from an image does anything

// Every text of the report is this: an escape sequence, an override, markup of every kind.
constexpr std::string_view kPayload =
    "=cmd|'/c x'!A0\x1b]0;owned\x07\x1b[31m\xe2\x80\xae\xe2\x80\x8b\xef\xbb\xbf\xc2\x9b\xff\r\n\t"
    "\"><script>alert(1)</script><img src=x onerror=y>`|`](http://evil)![x](http://evil)"
    "@team #1 http://evil.example {0} %s \xf3\xa0\x81\x81]]>&amp;--><!--";

// No character that changes how a terminal or an editor shows what is around it, but line ends.
bool is_plain_text(std::string_view text) {
  std::string without;
  for (char c : text)
    if (c != '\n' && c != '\r') without += c;
  return printable(without, without.size() * 8) == without;
}

TEST(Hostile, NoFormatPassesAControlCharacterOn) {
  for (Report report : {small_report(), full_report(), hostile_report()}) {
    const std::string now = report.now;
    std::size_t n = 0;
    for_each_text(report,
                  [&](std::string& text) { text = std::string(kPayload) + std::to_string(n++); });
    report.now = now;
    for (const Reporter* reporter : all_reporters()) {
      const std::string text = reporter->run(report, kWithSuppressed);
      EXPECT_TRUE(is_utf8(text)) << reporter->name;
      EXPECT_TRUE(is_plain_text(text)) << reporter->name;
      EXPECT_FALSE(text.empty());
    }
  }
}

Report poisoned_report() {
  Report report = full_report();
  const std::string now = report.now;
  for (Component& component : report.components) {
    component.name = component.file = component.purl = component.version.exact = kPayload;
    component.evidence[0].seen = component.evidence[0].file = kPayload;
  }
  for (Finding& finding : report.findings) {
    finding.id += kPayload;
    finding.why = finding.ignored_because = kPayload;
    finding.fixed_in = finding.aliases = {std::string(kPayload)};
  }
  for (Gap& gap : report.gaps) gap.file = gap.reason = kPayload;
  report.image.names = report.notes = report.policy.reasons = {std::string(kPayload)};
  return report;
}

TEST(Hostile, NoSpreadsheetSeesAFormula) {
  const std::string text = kCsvReporter.run(poisoned_report(), kWithSuppressed);
  std::size_t fields = 0;
  for (std::size_t at = 0; (at = text.find(",\"", at)) != text.npos; at += 2, ++fields)
    EXPECT_EQ(std::string_view("=+-@|%").find(text[at + 2]), std::string_view::npos);
  EXPECT_GT(fields, 400u);
  const std::size_t rows = rows_of(poisoned_report(), kWithSuppressed).size();
  EXPECT_EQ(count(text, "\r\n"), rows + 1);
  EXPECT_EQ(count(text, "\n"), rows + 1);
}

// Outside code spans there is nothing that Markdown or HTML makes something of but our own.
TEST(Hostile, NoMarkdownLeavesItsCodeSpan) {
  const std::string text = kMarkdownReporter.run(poisoned_report(), kWithSuppressed);
  std::string outside;
  for (std::string_view line : lines_of(text)) {
    const std::vector<std::string_view> parts = split(line, '`');
    EXPECT_EQ(parts.size() % 2, 1u) << line;  // spans are closed on their line
    for (std::size_t i = 0; i < parts.size(); i += 2) outside += std::string(parts[i]) + "\n";
  }
  for (const char* bad : {"script", "img", "evil", "@", "owned", "alert", "http", "<!--"})
    EXPECT_EQ(outside.find(bad), outside.npos) << bad;
  // A cell more or less would move what stands in the next.
  for (std::string_view line : lines_of(text))
    if (line.starts_with("| ")) {
      EXPECT_EQ(count(line, "|"), 7u) << line;
    }
}

TEST(Hostile, NoMarkupInXml) {
  const std::string text = kJunitReporter.run(poisoned_report(), kWithSuppressed);
  for (const char* bad : {"<script", "<img", "]]>", "<!--", "&amp;amp;amp;"})
    EXPECT_EQ(text.find(bad), text.npos) << bad;
  // Every tag is one of ours.
  for (std::size_t at = 0; (at = text.find('<', at)) != text.npos; ++at) {
    const std::string_view rest = std::string_view(text).substr(at);
    EXPECT_TRUE(std::ranges::any_of(
        std::initializer_list<std::string_view>{"<?xml ", "<testsuites ", "<testsuite ",
                                                "<testcase ", "<failure ", "<error ", "<skipped ",
                                                "</testsuites>", "</testsuite>", "</testcase>",
                                                "</failure>", "</error>", "</skipped>"},
        [&](std::string_view tag) { return rest.starts_with(tag); }))
        << rest.substr(0, 40);
  }
}

TEST(Hostile, NoLinkInSarif) {
  const Value run =
      parsed(kSarifReporter, poisoned_report(), kWithSuppressed)["runs"].elements()[0];
  for (const Value& result : run["results"].elements()) {
    const std::string_view text = result["message"]["text"].text_or();
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '[' || text[i] == ']') {
        EXPECT_EQ(text[i - 1], '\\') << text;
      }
    const std::string_view uri =
        result["locations"].elements()[0]["physicalLocation"]["artifactLocation"]["uri"].text_or();
    EXPECT_EQ(uri.find_first_of(":\"<>` "), uri.npos) << uri;
  }
}

}  // namespace
}  // namespace fathom
