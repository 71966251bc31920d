#include "diff/report_diff.h"

#include <gtest/gtest.h>

#include "diff/write.h"
#include "report/testing.h"

namespace fathom::diff {
namespace {

TEST(ReportDiff, AReportIsTheSameAsItself) {
  const Report r = testing::full_report();
  const ReportDiff diff = compare(r, r);
  EXPECT_TRUE(diff.empty());
  EXPECT_GT(diff.same_files, 0u);
  EXPECT_EQ(diff.bytes_before, diff.bytes_after);
}

TEST(ReportDiff, EachKindOfChange) {
  const Report a = testing::full_report();
  Report b = a;
  b.image.platform = "linux/amd64";
  b.components[0].version.exact = "3.39.2";  // sqlite
  b.components.push_back(testing::component("c99", ComponentKind::package, "curl", "8", "status"));
  std::erase_if(b.findings, [](const Finding& f) { return f.id == "CVE-2020-11656"; });
  b.files[1].digest = testing::digest_of('9');
  b.files[1].size += 100;
  FileRow added = b.files[1];
  added.path = "usr/bin/new";
  b.files.push_back(added);
  HardeningRow row;
  row.path = "sqlite-service";
  row.checks = {{"relro", "full", Rating::good, "", {}, ""}};
  Report before = a;
  before.hardening = {row};
  row.checks[0].value = "none";
  row.checks[0].rating = Rating::missing;
  b.hardening = {row};

  const ReportDiff diff = compare(before, b);
  ASSERT_EQ(diff.image.size(), 1u);
  EXPECT_EQ(diff.image[0].after, "linux/amd64");
  ASSERT_EQ(diff.components.size(), 2u);
  EXPECT_EQ(diff.components[0].sign, '+');
  EXPECT_EQ(diff.components[0].what, "curl");
  EXPECT_EQ(diff.components[1].before, "3.31.1");
  EXPECT_EQ(diff.components[1].after, "3.39.2");
  ASSERT_EQ(diff.findings.size(), 1u);
  EXPECT_EQ(diff.findings[0].sign, '-');
  EXPECT_EQ(diff.findings[0].what, "CVE-2020-11656");
  ASSERT_EQ(diff.hardening.size(), 1u);
  EXPECT_EQ(diff.hardening[0].before, "full (good)");
  EXPECT_EQ(diff.hardening[0].after, "none (missing)");
  ASSERT_EQ(diff.files.size(), 2u);
  EXPECT_EQ(diff.files[0].what, "sqlite-service");
  EXPECT_EQ(diff.files[1].sign, '+');
  EXPECT_EQ(diff.changed_programs, std::vector<std::string>{"sqlite-service"});
  ASSERT_EQ(diff.sizes.size(), 2u);
  EXPECT_EQ(diff.sizes[0].component, "usr/bin/new");  // the larger difference first
  EXPECT_EQ(diff.sizes[1].difference(), 100);
}

TEST(ReportDiff, TheTextShowsHostileNamesAsTheyAre) {
  Report a = testing::full_report(), b = a;
  b.files[1].path = "bin/\x1b[2Jx\xe2\x80\xae";
  Compared compared{"a", "b", compare(a, b), {}, {"note\x1b"}};
  const std::string text = text_of(compared, 100, false);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_NE(text.find("added"), std::string::npos);
  EXPECT_TRUE(compared.is_different());
  EXPECT_EQ(json_of(compared).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace fathom::diff
