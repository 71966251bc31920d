// Whole outputs, compared with the files under testdata/. FATHOM_REBASE=1 rewrites them; the diff
// is reviewed. tests/validators reads the same files, so what it approves is what is written here.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "report/formats.h"
#include "report/testing.h"

namespace fathom {
namespace {

using namespace fathom::testing;

void expect_file(const std::string& name, const std::string& actual) {
  const std::string path = std::string(FATHOM_SOURCE_DIR) + "/src/report/testdata/" + name;
  if (const char* rebase = std::getenv("FATHOM_REBASE"); rebase && std::string_view(rebase) == "1")
    std::ofstream(path, std::ios::binary) << actual;
  std::ifstream in(path, std::ios::binary);
  ASSERT_TRUE(in.is_open()) << path;
  const std::string expected{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(expected, actual) << path;
}

void expect_all_formats(const std::string& name, const Report& report) {
  for (std::size_t width : {80u, 100u})
    expect_file(name + ".table" + std::to_string(width) + ".txt",
                kTableReporter.run(report, {.width = width, .colour = false}));
  expect_file(name + ".report.json", kJsonReporter.run(report, {}));
  expect_file(name + ".cdx.json", kCycloneDxReporter.run(report, {}));
  expect_file(name + ".cdx17.json", kCycloneDx17Reporter.run(report, {}));
  expect_file(name + ".spdx", kSpdxTagValueReporter.run(report, {}));
  expect_file(name + ".spdx3.json", kSpdx3Reporter.run(report, {}));
  expect_file(name + ".spdx.json", kSpdxReporter.run(report, {}));
  expect_file(name + ".sarif", kSarifReporter.run(report, {}));
  expect_file(name + ".gitlab.json", kGitlabReporter.run(report, {}));
  expect_file(name + ".junit.xml", kJunitReporter.run(report, {}));
  expect_file(name + ".md", kMarkdownReporter.run(report, {}));
  expect_file(name + ".csv", kCsvReporter.run(report, {}));
  expect_file(name + ".openvex.json", kOpenvexReporter.run(report, {}));
}

TEST(Examples, Small) { expect_all_formats("small", small_report()); }
TEST(Examples, Full) { expect_all_formats("full", full_report()); }
TEST(Examples, Hostile) { expect_all_formats("hostile", hostile_report()); }

}  // namespace
}  // namespace fathom
