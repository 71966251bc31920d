#include "report/read_report.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "model/texts.h"
#include "report/formats.h"
#include "report/testing.h"

namespace fathom {
namespace {

using namespace fathom::testing;

std::string written(const Report& report) { return kJsonReporter.run(report, {}); }

std::string error_of(std::string_view json) {
  Result<Report> report = read_report(json);
  return report ? "(read)" : report.error().message;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

// Every member of the vocabulary at a value that is not its default.
Report saturated_report() {
  Report r = full_report();
  r.incomplete = true;
  r.image.entrypoint = {"/bin/a", ""};
  r.image.command = {"x"};
  Component& c = r.components[0];
  c.source_name = "source";
  c.source_version = "1.0-1";
  c.packaged_as = r.components[1].id;
  c.evidence[0].place = {Place::Kind::address, 0xffffffff81000000u, ".text"};
  c.evidence[1].place = {Place::Kind::pointer, 0, "/a/0"};
  r.components[1].evidence[0].place = {};
  r.files[1].owner = r.components[1].id;
  r.findings[0].verdict = Verdict::present_unreachable;
  r.findings[0].evidence = c.evidence;
  const Revision revision{"program", "git", "abc",        "2026-01-01T00:00:00Z",
                          "x",       true,  c.evidence[0]};
  const Attested attested{"predicate", "name", "builder", true, c.evidence[1]};
  c.side = Side::base;
  r.image.layers[0].created = "2026-01-01T00:00:00Z";
  r.files[1].origin = {Side::yours, Explained::attested, Checksum::changed, c.id,
                       "0102",      {"GCC: 12"},         {revision},        {attested}};
  r.origin.base = {"debian:12",
                   digest_of('7'),
                   BaseBy::stated,
                   1,
                   true,
                   "2026-01-01",
                   7,
                   "2028-06-30",
                   true,
                   {{c.id, "bash", "5.2", "5.3", {"CVE-1"}}},
                   c.evidence};
  r.origin.counts = {{Explained::revision, 1, 2}};
  r.origin.revisions = {revision};
  r.origin.attested = {attested};
  return r;
}

TEST(ReadReport, ReadsBackEveryMember) {
  for (const Report& report : {small_report(), full_report(), saturated_report()}) {
    Result<Report> back = read_report(written(report));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(encode_value(*back) == encode_value(report));  // all that the model has
  }
}

TEST(ReadReport, EveryFormatIsTheSameFromTheReportReadBack) {
  for (Report report : {small_report(), full_report(), saturated_report(), hostile_report()}) {
    for_each_text(report, [](std::string& text) { text = utf8_or_escaped(text); });
    Result<Report> back = read_report(written(report));
    ASSERT_TRUE(back) << back.error().message;
    for (const Reporter* reporter : all_reporters())
      for (bool all : {false, true}) {
        ReportOptions options;
        options.show_suppressed = all;
        EXPECT_TRUE(reporter->run(*back, options) == reporter->run(report, options))
            << reporter->name;
      }
  }
}

TEST(ReadReport, SaysWhereAndWhatIsWrong) {
  const std::string text = written(full_report());
  struct Break {
    std::string_view from, to, message;
  };
  for (const Break& b : {
           Break{"\"schema\": 1", "\"schema\": 2", "/schema: this fathom reads 1"},
           Break{"\"schema\": 1", "\"shema\": 1", "not a fathom report"},
           Break{"\"name\": \"fathom\"", "\"name\": \"other\"", "/tool/name: not a fathom report"},
           Break{"\"exit_status\": 1", "\"exit_status\": -1", "/exit_status: expected a whole"},
           Break{"\"exit_status\": 1", "\"exit_status\": 5", "/exit_status: expected 0 to 4"},
           Break{"\"target\":", "\"surprise\": 1, \"target\":",
                 "the document: unknown member \"surprise\""},
           Break{"\"severity\": \"high\"", "\"severity\": \"urgent\"",
                 "/findings/0/severity: unknown word \"urgent\""},
           Break{"\"kev\": true", "\"kev\": 1", "/findings/0/kev: expected true or false"},
           Break{"\"kev\": true,", "", "/findings/0: \"kev\" is missing"},
           Break{"\"component\": \"c3\"", "\"component\": \"c999\"", "/findings: one refers to"},
           Break{"\"status\": \"assessed\"", "\"status\": \"not assessed\"",
                 "/coverage/ecosystems/0/status: contradicts"},
           Break{"\"justification\": \"vulnerable_code_not_present\"",
                 "\"justification\": \"vulnerable_code_not_in_execute_path\"",
                 "/verdict/justification: is not what"},
           Break{"\"now\": \"2026-11-24T12:00:00Z\"", "\"now\": \"today\"",
                 "/now: expected a time"},
           Break{"\"fixed_in\": [", "\"fixed_in\": [7,", "/findings/0/fixed_in/0: expected a text"},
       }) {
    const std::string message = error_of(replaced(text, b.from, b.to));
    EXPECT_NE(message.find(b.message), std::string::npos) << message << " for " << b.to;
  }
  EXPECT_EQ(error_of("[]"), "not a fathom report; write one with -o json");
  EXPECT_NE(error_of(text.substr(0, text.size() / 2)).find("at byte"), std::string::npos)
      << error_of(text.substr(0, text.size() / 2));
}

TEST(ReadReport, StaysWithinLimits) {
  Limits limits;
  limits.report_bytes = 1000;
  EXPECT_NE(read_report(written(full_report()), limits).error().message.find("more than 1"),
            std::string::npos);
  limits = {};
  limits.report_nodes = 50;
  EXPECT_EQ(read_report(written(full_report()), limits).error().code, ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace fathom
