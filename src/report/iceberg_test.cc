#include "report/iceberg.h"

#include <gtest/gtest.h>

#include "report/testing.h"

namespace fathom {
namespace {

using testing::component;
using testing::finding;

const SightRow* row_of(const Iceberg& iceberg, std::string_view name) {
  for (const SightRow& row : iceberg.rows)
    if (row.component->name == name) return &row;
  return nullptr;
}

// A package whose library was recognised, one whose files are there, one without any, a module, a
// library that nobody names.
Report report() {
  Report r;
  r.components = {
      component("c1", ComponentKind::package, "zlib1g", "1:1.2.13", "status"),
      component("c2", ComponentKind::embedded_library, "zlib", "1.2.13", "lib/libz.so.1"),
      component("c3", ComponentKind::package, "tzdata", "2026", "status"),
      component("c4", ComponentKind::package, "gone", "1", "status"),
      component("c5", ComponentKind::module, "example.org/m", "v1", "app"),
      component("c6", ComponentKind::embedded_library, "sqlite", "3.38.5", "app")};
  r.components[1].packaged_as = "c1";
  FileRow file;
  file.path = "usr/share/zoneinfo/UTC";
  file.owner = "c3";
  r.files = {file};
  r.findings = {finding("CVE-1", "c6", Severity::high), finding("CVE-2", "c6", Severity::critical),
                finding("CVE-3", "c1", Severity::low)};
  r.findings.push_back(finding("CVE-4", "c6", Severity::critical));
  r.findings.back().ignored = true;
  r.coverage.executable_bytes = 100;
  r.coverage.attributed_bytes = 60;
  return r;
}

TEST(Iceberg, EachComponentIsSeenOnce) {
  const Report r = report();
  const Iceberg iceberg = iceberg_of(r);
  EXPECT_EQ(iceberg.rows.size(), 5u);  // the package of zlib stands behind its code
  EXPECT_EQ(row_of(iceberg, "zlib")->sight, Sight::both);
  EXPECT_EQ(row_of(iceberg, "zlib")->counterpart->name, "zlib1g");
  EXPECT_EQ(row_of(iceberg, "zlib1g"), nullptr);
  EXPECT_EQ(row_of(iceberg, "tzdata")->sight, Sight::both);
  EXPECT_EQ(row_of(iceberg, "gone")->sight, Sight::claimed);
  EXPECT_EQ(row_of(iceberg, "example.org/m")->sight, Sight::claimed);
  EXPECT_EQ(row_of(iceberg, "sqlite")->sight, Sight::hidden);
  EXPECT_EQ(iceberg.dark_bytes, 40u);
}

TEST(Iceberg, FindingsGoWithBothNames) {
  const Report r = report();
  const Iceberg iceberg = iceberg_of(r);
  EXPECT_EQ(row_of(iceberg, "sqlite")->findings, 2u);  // one is ignored
  EXPECT_EQ(row_of(iceberg, "sqlite")->worst, Severity::critical);
  EXPECT_EQ(row_of(iceberg, "zlib")->findings, 1u);  // that of its package
  EXPECT_EQ(iceberg.hidden.findings, 2u);
  EXPECT_EQ(iceberg.visible().components, 4u);
  EXPECT_EQ(iceberg.visible().findings, 1u);
  EXPECT_EQ(iceberg.rows.front().component->name, "sqlite");
}

}  // namespace
}  // namespace fathom
