#include "vuln/requirement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "base/text.h"

namespace fathom::vuln {
namespace {

std::string read(Dialect dialect, std::string_view text) {
  Result<std::vector<Range>> ranges = parse_requirement(dialect, text);
  if (!ranges) return "?";
  std::vector<std::string> texts;
  for (const Range& r : *ranges) texts.push_back(text_of(r));
  return join(texts, " | ");
}

struct Case {
  std::string_view text, ranges;
};

TEST(Requirement, Cargo) {
  for (Case c : std::initializer_list<Case>{
           {">= 0.9.1", ">= 0.9.1"},
           {">= 0.6.1, < 0.7.0", ">= 0.6.1, < 0.7.0"},
           {"< 0.10.0, >= 0.9.18", ">= 0.9.18, < 0.10.0"},
           {"^0.10.4", ">= 0.10.4, < 0.11.0-0"},
           {"^ 2.2.1", ">= 2.2.1, < 3.0.0-0"},
           {"^0.0.3", ">= 0.0.3, < 0.0.4-0"},
           {"^0.0", ">= 0.0.0, < 0.1.0-0"},
           {"^1.2.3-rc.1", ">= 1.2.3-rc.1, < 2.0.0-0"},
           {"0.54.2", ">= 0.54.2, < 0.55.0-0"},  // a bare version has a caret
           {"~1.2", ">= 1.2.0, < 1.3.0-0"},
           {"~1", ">= 1.0.0, < 2.0.0-0"},
           {"=0.2.0", "= 0.2.0"},
           {"=1.2", ">= 1.2.0, < 1.3.0-0"},
           {"> 0.7.19", "> 0.7.19"},
           {"> 0", ">= 1.0.0"},
           {"<= 0.1.8", "<= 0.1.8"},
           {"<= 1.2", "< 1.3.0-0"},
           {"< 0.10", "< 0.10.0"},
           {">= 2", ">= 2.0.0"},
           {"1.*", ">= 1.0.0, < 2.0.0-0"},
           {"*", "all versions"},
           {">= 0.0.7 ", ">= 0.0.7"},
           {">= 0.2.8, < 0.3.0-rc.1", ">= 0.2.8, < 0.3.0-rc.1"},
           {"1.2.3.4", "?"},
           {"latest", "?"},
           {">< 1.0.0", "?"},
           {"!= 1.0.0", "?"},
           {">=", "?"},
           {"^18446744073709551615", "?"},
       })
    EXPECT_EQ(read(Dialect::cargo, c.text), c.ranges) << c.text;
}

TEST(Requirement, Npm) {
  for (Case c : std::initializer_list<Case>{
           {"<5.1.3", "< 5.1.3"},
           {">=0.9.7 <=2.2.2", ">= 0.9.7, <= 2.2.2"},
           {">= 0.9.7 <= 2.2.2", ">= 0.9.7, <= 2.2.2"},
           {">=1.6.5 <2.0.0 || >= 2.1.7", ">= 1.6.5, < 2.0.0 | >= 2.1.7"},
           {">=3.4.6 < 4.0.0|| >=4.0.5", ">= 3.4.6, < 4.0.0 | >= 4.0.5"},
           {"< 2.1.7 > 2.0.0", "> 2.0.0, < 2.1.7"},
           {"2.0.x || 2.1.x", ">= 2.0.0, < 2.1.0-0 | >= 2.1.0, < 2.2.0-0"},
           {"5.x", ">= 5.0.0, < 6.0.0-0"},
           {"7.0.0", "= 7.0.0"},
           {"=3.0.0-rc.1", "= 3.0.0-rc.1"},
           {"^4.2.3", ">= 4.2.3, < 5.0.0-0"},
           {"~0.8.0-pre", ">= 0.8.0-pre, < 0.9.0-0"},
           {"<= 1.0", "< 1.1.0-0"},
           {">=v2.0.0-alpha8", ">= 2.0.0-alpha8"},
           {"<=99.999.99999", "<= 99.999.99999"},
           {">=5.0.3 >=4.2.1", ">= 5.0.3"},
           {"*", "all versions"},
           {"", "all versions"},
           {"1.0.0 - 2.0.0", ">= 1.0.0, <= 2.0.0"},
           {"<1.2.3 || soon", "?"},
       })
    EXPECT_EQ(read(Dialect::npm, c.text), c.ranges) << c.text;
}

TEST(Requirement, Gem) {
  for (Case c : std::initializer_list<Case>{
           {">= 4.3.0", ">= 4.3.0"},
           {"~> 2.1.3", ">= 2.1.3, < 2.2.A"},
           {"~> 2.1", ">= 2.1, < 3.A"},
           {"~> 2", ">= 2, < 3.A"},
           {"~> 7.0.8, >= 7.0.8.5", ">= 7.0.8.5, < 7.1.A"},
           {"~> 3.0.0-preview", ">= 3.0.0-preview, < 3.1.A"},
           {"~> 4.1.0.beta2", ">= 4.1.0.beta2, < 4.2.A"},
           {"= 1.0", "= 1.0"},
           {"1.0", "= 1.0"},
           {"> 1.0, <= 2.0", "> 1.0, <= 2.0"},
           {"!= 1.0", "?"},
           {">= soon", "?"},
       })
    EXPECT_EQ(read(Dialect::gem, c.text), c.ranges) << c.text;
}

TEST(Requirement, EndsOfLinesExcludeThePreReleasesOfTheNext) {
  EXPECT_TRUE(*compare(Scheme::semver, "2.9.9", "3.0.0-0") < 0);
  EXPECT_TRUE(*compare(Scheme::semver, "3.0.0-alpha", "3.0.0-0") > 0);
  EXPECT_TRUE(*compare(Scheme::gem, "2.1.9", "2.2.A") < 0);
  EXPECT_TRUE(*compare(Scheme::gem, "2.2.0.beta1", "2.2.A") > 0);
}

TEST(Requirement, EveryPrefixIsReadOrRefused) {
  for (std::string_view text : {">= 1.2.3-rc.1, < 2 || ~> 1.x, ^0.0.3", "~> 7.0.8, >= 7.0.8.5"})
    for (Dialect dialect : {Dialect::cargo, Dialect::npm, Dialect::gem})
      for (std::size_t n = 0; n <= text.size(); ++n) {
        Result<std::vector<Range>> ranges = parse_requirement(dialect, text.substr(0, n));
        EXPECT_TRUE(!ranges || !ranges->empty());
      }
}

TEST(Bounds, AreReadAsRecordsWriteThem) {
  struct BoundsCase {
    Scheme scheme;
    std::string_view introduced, end, range;
  };
  for (BoundsCase c : std::initializer_list<BoundsCase>{
           {Scheme::dotted, "0", "<3.39.2", "< 3.39.2"},
           {Scheme::dotted, "0", "", "all versions"},
           {Scheme::dotted, "1.0.12", "<=2.0", ">= 1.0.12, <= 2.0"},
           {Scheme::dotted, ">1.2", "<1.4", "> 1.2, < 1.4"},
           {Scheme::dotted, "7.x", "<=7.x", ">= 7, < 8"},
           {Scheme::dotted, "7x", "<=7x", ">= 7, < 8"},
           {Scheme::dotted, "3.2x", "<=3.4x", ">= 3.2, < 3.5"},
           {Scheme::dotted, "4.0", "<4.*", ">= 4.0, < 5"},
           {Scheme::dotted, "5.5.2.x", "<5.5.28a", ">= 5.5.2, < 5.5.28a"},
           {Scheme::dotted, "0", "<9.3.x", "?"},
           {Scheme::dotted, "14.0", "<4.*", "?"},
           {Scheme::dotted, "Before v2.24.1", "<=Before v2.24.1", "?"},
           {Scheme::dotted, "0", "<2,24.1", "?"},
           {Scheme::dotted, "-", "<=-", "?"},
           {Scheme::dotted, "a218cafe4d3be005ab0c61130f90db4d21afb5db", "<8.0", "?"},
           {Scheme::dotted, "0", "8.0", "?"},
           {Scheme::openssl, "0.9.8", "<0.9.8zh", ">= 0.9.8, < 0.9.8zh"},
           {Scheme::openssl, "1.1.1", "<1.1.1x", ">= 1.1.1, < 1.1.1x"},
           {Scheme::openssl, "1.1.x", "<=1.1.x", ">= 1.1, < 1.2"},
           {Scheme::dotted, "0", "<8352d10", "?"},
           {Scheme::openssl, "fips-1.1.1", "<fips-1.1.2", "?"},
           {Scheme::dotted, "2.34", "<2.38-24", ">= 2.34, < 2.38-24"},
       }) {
    Result<Range> range = parse_bounds(c.scheme, c.introduced, c.end);
    EXPECT_EQ(range ? text_of(*range) : "?", c.range) << c.introduced << " " << c.end;
  }
}

bool is_in(const Range& range, Scheme scheme, std::string_view version) {
  auto before = [&](std::string_view a, std::string_view b) { return *compare(scheme, a, b) < 0; };
  if (!range.introduced.empty() &&
      (before(version, range.introduced) ||
       (range.introduced_exclusive && !before(range.introduced, version))))
    return false;
  if (!range.fixed.empty()) return before(version, range.fixed);
  return range.last_affected.empty() || !before(range.last_affected, version);
}

// What this reader gives up on although the owner's tool understands it: the finding is then
// uncertain.
bool is_beyond_us(std::string_view range) { return range.find("!=") != range.npos; }

// tests/data/versions/<name>.tsv: range, relation, version, made by the owner's tool.
void expect_as_the_owner(Dialect dialect, const std::string& name) {
  std::ifstream file(FATHOM_SOURCE_DIR "/tests/data/versions/" + name + ".tsv");
  std::size_t rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    ++rows;
    const std::vector<std::string_view> f = split(line, '\t');
    ASSERT_EQ(f.size(), 3u) << line;
    Result<std::vector<Range>> ranges = parse_requirement(dialect, f[0]);
    if (f[1] == "?" || is_beyond_us(f[0])) {
      EXPECT_FALSE(ranges) << line;
      continue;
    }
    EXPECT_TRUE(ranges) << line;
    if (!ranges) continue;
    const bool in = std::ranges::any_of(
        *ranges, [&](const Range& r) { return is_in(r, scheme_of(dialect), f[2]); });
    EXPECT_EQ(in ? "+" : "-", f[1]) << line;
  }
  EXPECT_GE(rows, 200u);
}

TEST(Requirement, NpmAsItsOwner) { expect_as_the_owner(Dialect::npm, "npm_ranges"); }
TEST(Requirement, GemAsItsOwner) { expect_as_the_owner(Dialect::gem, "gem_ranges"); }

}  // namespace
}  // namespace fathom::vuln
