#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "policy/keys.h"
#include "policy/policy.h"

namespace fathom::policy {
namespace {

std::vector<std::string> parse(std::string_view text) {
  auto keys = parse_baseline(text, "old.json");
  EXPECT_TRUE(keys.has_value()) << (keys ? "" : keys.error().message);
  return keys ? std::move(*keys) : std::vector<std::string>{};
}

std::string error(std::string_view text) {
  auto keys = parse_baseline(text, "old.json");
  EXPECT_FALSE(keys.has_value()) << text;
  return keys ? "" : keys.error().message;
}

TEST(Baseline, ReadsKeysOfIdAndAliases) {
  const auto keys = parse(R"({"schema": 1, "tool": {"name": "fathom"},
    "components": [{"id": "c1", "name": "gin", "purl": "pkg:golang/x/gin@v1", "file": "usr/bin/api"}],
    "findings": [{"id": "CVE-1", "aliases": ["GO-1"], "component": "c1"}]})");
  const KeyParts cve{"CVE-1", "gin", "pkg:golang/x/gin@v2?type=module", "usr/bin/api"};
  KeyParts go = cve;
  go.id = "GO-1";
  EXPECT_EQ(keys, (std::vector<std::string>{finding_key(cve), finding_key(go)}));
}

TEST(Baseline, KeysDependOnWhatMatters) {
  const KeyParts base{"CVE-1", "zlib", "", "usr/bin/a"};
  const auto differs = [&](KeyParts other) { return finding_key(other) != finding_key(base); };
  EXPECT_TRUE(differs({"CVE-2", "zlib", "", "usr/bin/a"}));
  EXPECT_TRUE(differs({"CVE-1", "zlibx", "", "usr/bin/a"}));
  EXPECT_TRUE(differs({"CVE-1", "zlib", "", "usr/bin/b"}));
  EXPECT_TRUE(differs({"CVE-1", "zlib", "pkg:generic/zlib@1", "usr/bin/a"}));
  EXPECT_TRUE(differs({"CVE-1", "zlibusr/bin/a", "", ""}));
}

// The report that the unit tests of report/ write, with the reporter's own names of members.
TEST(Baseline, ReadsARealReport) {
  std::ifstream in(FATHOM_SOURCE_DIR "/src/report/testdata/full.report.json", std::ios::binary);
  ASSERT_TRUE(in.is_open());
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto keys = parse(text);
  auto has = [&](const KeyParts& parts) {
    return std::find(keys.begin(), keys.end(), finding_key(parts)) != keys.end();
  };
  EXPECT_TRUE(has({"CVE-2022-35737", "sqlite", "pkg:generic/sqlite@3.46.0", "sqlite-service"}));
  EXPECT_TRUE(has({"CVE-2018-25032", "zlib", "", "opt/vendor/bin/convert"}));
  EXPECT_TRUE(has({"GO-2021-0052", "", "pkg:golang/github.com/gin-gonic/gin@v1", "usr/bin/api"}));
  EXPECT_FALSE(has({"CVE-2022-35737", "sqlite", "pkg:generic/sqlite@3.46.0", "other"}));
  for (std::size_t n = 0; n < text.size(); n += 997)
    EXPECT_FALSE(parse_baseline(std::string_view(text).substr(0, n), "x").has_value()) << n;
}

TEST(Baseline, RefusesWhatIsNoReportOfOurs) {
  EXPECT_NE(error("").find("old.json"), std::string::npos);
  EXPECT_NE(error("{}").find("not a fathom report"), std::string::npos);
  EXPECT_NE(error(R"({"schema": 1, "tool": {"name": "other"}, "findings": [], "components": []})")
                .find("not a fathom report"),
            std::string::npos);
  EXPECT_NE(error(R"({"schema": 2, "tool": {"name": "fathom"}, "findings": [], "components": []})")
                .find("report schema 2, this fathom reads 1"),
            std::string::npos);
  EXPECT_NE(error(R"({"schema": 1, "tool": {"name": "fathom"}, "components": [],
                      "findings": [{"id": "CVE-1", "component": "c1"}]})")
                .find("/findings/0: component is not in the report"),
            std::string::npos);
  EXPECT_NE(error(R"({"schema": 1, "tool": {"name": "fathom"}, "components": [], "findings": [7]})")
                .find("/findings/0: id is missing"),
            std::string::npos);
}

}  // namespace
}  // namespace fathom::policy
