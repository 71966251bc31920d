// JUnit XML as Jenkins, GitLab and Azure read it. The format never had an owner; what is written
// here is what all their readers share: https://github.com/testmoapp/junitxml collects it.
//
// A scan is told as tests so that a build's page shows it: one case for the policy, one per
// ecosystem (an error when the data cannot judge it), one per component without findings (passed),
// one per finding (failed; skipped when the version range is uncertain, the finding is known to
// the baseline or is suppressed), one per gap (an error). The gate is the exit status, not the
// number of failures.

#include <set>

#include "base/text.h"
#include "report/escape.h"
#include "report/formats.h"
#include "report/rows.h"

namespace fathom {
namespace {

enum class Outcome { passed, failed, error, skipped };

struct TestCase {
  std::string class_name, name, message, type, details;
  Outcome outcome = Outcome::passed;
};

struct Suite {
  std::string name;
  std::vector<TestCase> cases;

  std::size_t count(Outcome outcome) const {
    std::size_t n = 0;
    for (const TestCase& test : cases) n += test.outcome == outcome;
    return n;
  }
};

Suite policy_suite(const Report& report) {
  const bool failed = report.policy.failed || report.exit_status != 0;
  return {"policy",
          {{.class_name = "fathom",
            .name = "policy",
            .message = failed ? outcome_text(report) : "",
            .type = failed ? "exit status " + std::to_string(report.exit_status) : "",
            .details = {},
            .outcome = failed ? Outcome::failed : Outcome::passed}}};
}

Suite data_suite(const Report& report) {
  Suite suite{"data", {}};
  for (const EcosystemCoverage& row : report.coverage.ecosystems) {
    const bool assessed = row.advisories > 0 || row.components == 0;
    suite.cases.push_back(
        {.class_name = "ecosystem",
         .name = row.ecosystem,
         .message = assessed ? "" : "not assessed: the data has no advisories for it",
         .type = assessed ? "" : "not assessed",
         .details = {},
         .outcome = assessed ? Outcome::passed : Outcome::error});
  }
  return suite;
}

std::string component_name(const Component& component) {
  return component.name + " " + version_text(component.version);
}

// A line each, so that the foreign parts cannot make up lines of their own.
std::string details_of(const FindingRow& row) {
  const Finding& finding = *row.finding;
  std::vector<std::string> lines = {"severity: " + std::string(name_of(finding.severity))};
  auto add = [&](std::string_view name, std::string_view text) {
    if (!text.empty()) lines.push_back(std::string(name) + ": " + xml_text(text));
  };
  add("CVSS", finding.cvss_score + (finding.cvss.empty() ? "" : " " + finding.cvss));
  add("known to be exploited", finding.kev ? "yes" : "");
  add("EPSS", finding.epss);
  add("aliases", join(finding.aliases, ", "));
  add("fixed in", join(finding.fixed_in, ", "));
  add("verdict", std::string(name_of(finding.verdict)) + ", " + finding.why);
  add("file", row.component->file);
  add("purl", row.component->purl);
  add("cpe", row.component->cpe);
  for (const Evidence& evidence : row.component->evidence)
    add("seen", evidence.analyzer + " at " + text_of(evidence.place) + ": " + evidence.seen);
  add("page", advisory_url(finding.id));
  return join(lines, "\n");
}

TestCase case_of(const FindingRow& row) {
  const Finding& finding = *row.finding;
  TestCase test;
  test.class_name = row.component->file.empty() ? "image" : row.component->file;
  test.name = finding.id + " in " + component_name(*row.component);
  test.type = std::string(name_of(finding.severity));
  test.details = details_of(row);
  test.outcome = Outcome::skipped;
  if (row.suppression != Suppression::none) {
    test.message = reason_of(finding);
  } else if (finding.in_baseline) {
    test.message = "in the baseline";
  } else if (finding.range_uncertain) {
    test.message = "uncertain: " + finding.why;
  } else {
    test.outcome = Outcome::failed;
    test.message = finding.fixed_in.empty()
                       ? finding.why
                       : finding.why + "; fixed in " + join(finding.fixed_in, ", ");
  }
  return test;
}

Suite component_suite(const Report& report, const ReportOptions& options) {
  Suite suite{"components", {}};
  std::set<std::string_view> with_findings, unassessed;
  for (const FindingRow& row : rows_of(report, options)) {
    with_findings.insert(row.finding->component);
    suite.cases.push_back(case_of(row));
  }
  for (const EcosystemCoverage& row : report.coverage.ecosystems)
    if (row.advisories == 0) unassessed.insert(row.ecosystem);
  for (const Component& component : report.components) {
    if (with_findings.contains(component.id)) continue;
    const bool skipped = unassessed.contains(component.ecosystem);
    suite.cases.push_back({.class_name = component.file.empty() ? "image" : component.file,
                           .name = component_name(component),
                           .message = skipped ? "not assessed: no advisories in the data" : "",
                           .type = {},
                           .details = {},
                           .outcome = skipped ? Outcome::skipped : Outcome::passed});
  }
  return suite;
}

Suite gap_suite(const Report& report) {
  Suite suite{"gaps", {}};
  for (const Gap& gap : report.gaps)
    suite.cases.push_back({.class_name = gap.file.empty() ? "image" : gap.file,
                           .name = gap.stage,
                           .message = gap.reason,
                           .type = std::string(name_of(gap.code)),
                           .details = {},
                           .outcome = Outcome::error});
  return suite;
}

// ---- Writing

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + xml_text(value, 400) + "\"";
}

std::string_view element_of(Outcome outcome) {
  return outcome == Outcome::failed ? "failure" : outcome == Outcome::error ? "error" : "skipped";
}

std::string text_of(const TestCase& test) {
  std::string out = "    <testcase" + attribute("classname", test.class_name) +
                    attribute("name", test.name) + " time=\"0\"";
  if (test.outcome == Outcome::passed) return out + "/>\n";
  const std::string element(element_of(test.outcome));
  out += ">\n      <" + element + attribute("message", test.message);
  if (!test.type.empty()) out += attribute("type", test.type);
  out += test.details.empty() ? "/>\n" : ">" + test.details + "</" + element + ">\n";
  return out + "    </testcase>\n";
}

std::string counts_of(std::size_t tests, std::size_t failures, std::size_t errors) {
  return " tests=\"" + std::to_string(tests) + "\" failures=\"" + std::to_string(failures) +
         "\" errors=\"" + std::to_string(errors) + "\"";
}

std::string text_of(const Suite& suite, const Report& report) {
  std::string out =
      "  <testsuite name=\"" + suite.name + "\"" +
      counts_of(suite.cases.size(), suite.count(Outcome::failed), suite.count(Outcome::error)) +
      " skipped=\"" + std::to_string(suite.count(Outcome::skipped)) + "\" time=\"0\"" +
      attribute("timestamp", report.now.substr(0, 19)) + ">\n";
  for (const TestCase& test : suite.cases) out += text_of(test);
  return out + "  </testsuite>\n";
}

std::string run(const Report& report, const ReportOptions& options) {
  const Suite suites[] = {policy_suite(report), data_suite(report),
                          component_suite(report, options), gap_suite(report)};
  std::size_t tests = 0, failures = 0, errors = 0;
  std::string body;
  for (const Suite& suite : suites) {
    tests += suite.cases.size();
    failures += suite.count(Outcome::failed);
    errors += suite.count(Outcome::error);
    body += text_of(suite, report);
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" +
         attribute("name", "fathom " + std::string(image_name(report))) +
         counts_of(tests, failures, errors) + " time=\"0\">\n" + body + "</testsuites>\n";
}

}  // namespace

const Reporter kJunitReporter = {
    .name = "junit",
    .version = 1,
    .summary = "JUnit XML: findings as failed tests, gaps as errors",
    .run = run,
};

}  // namespace fathom
