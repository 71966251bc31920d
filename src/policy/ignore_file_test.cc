#include <gtest/gtest.h>

#include "policy/policy.h"

namespace fathom::policy {
namespace {

std::vector<IgnoreRule> parse(std::string_view text, std::string_view name = "ignore.yaml") {
  auto rules = parse_ignore_file(text, name);
  EXPECT_TRUE(rules.has_value()) << (rules ? "" : rules.error().message);
  return rules ? std::move(*rules) : std::vector<IgnoreRule>{};
}

std::string error(std::string_view text, std::string_view name = "ignore.yaml") {
  auto rules = parse_ignore_file(text, name);
  EXPECT_FALSE(rules.has_value()) << text;
  return rules ? "" : rules.error().message;
}

TEST(IgnoreFile, ReadsRules) {
  const auto rules = parse(R"(# reviewed 2026-11
- id: CVE-2022-35737
  component: sqlite
  path: usr/bin/app
  reason: strings never come near 2 GB
  expires: 2027-01-31

- {id: GO-2021-0052, component: "pkg:golang/github.com/gin-gonic/gin", reason: 'no proxy: "x"'}
)");
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].id, "CVE-2022-35737");
  EXPECT_EQ(rules[0].component, "sqlite");
  EXPECT_EQ(rules[0].path, "usr/bin/app");
  EXPECT_EQ(rules[0].reason, "strings never come near 2 GB");
  EXPECT_EQ(rules[0].expires, "2027-01-31");
  EXPECT_EQ(rules[0].origin, "ignore.yaml:2");
  EXPECT_EQ(rules[1].component, "pkg:golang/github.com/gin-gonic/gin");
  EXPECT_EQ(rules[1].origin, "ignore.yaml:8");
}

TEST(IgnoreFile, AcceptsNothingAtAll) {
  EXPECT_TRUE(parse("").empty());
  EXPECT_TRUE(parse("# only a comment\n").empty());
  EXPECT_TRUE(parse("", ".trivyignore").empty());
  EXPECT_TRUE(parse("[]").empty());
}

// A rule that is understood too widely hides findings; each of these would be one.
TEST(IgnoreFile, RefusesWhatItDoesNotUnderstand) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"- id: CVE-1\n", "ignore.yaml:1: the rule for CVE-1 needs a reason"},
      {"- id: CVE-1\n  reason: ''\n", "ignore.yaml:2: \"reason\" needs a text"},
      {"- reason: x\n", "ignore.yaml:1: a rule needs an id"},
      {"- id: CVE-1\n  reason: x\n  component: 'pkg:swift/a'\n",
       "ignore.yaml:1: component: no package URL: a swift package has a namespace"},
      {"- id: CVE-1\n  reason: x\n  component: 'pkg:sqlite'\n", "it has no type or no name"},
      {"- id: CVE-1\n  reason: x\n  expire: 2027-01-01\n", "ignore.yaml:3: unknown key \"expire\""},
      {"- id: CVE-1\n  reason: x\n  expires: soon\n", "not a day"},
      {"- id: CVE-1\n  reason: x\n  expires: 2027-02-30\n", "not a day"},
      {"- id: CVE-1\n  reason: x\n  id: CVE-2\n", "ignore.yaml:3: \"id\" stands here twice"},
      {"- id: CVE-1\n  reason: x\n  path:\n", "ignore.yaml:3: \"path\" needs a text"},
      {"- id: [CVE-1, CVE-2]\n  reason: x\n", "\"id\" needs a text"},
      {"- CVE-1\n", "ignore.yaml:1: a rule is a map"},
      {"id: CVE-1\nreason: x\n", "expected a list"},
      {"- {id: CVE-1, reason: x}\n---\n- {id: CVE-2, reason: x}\n", "more than one YAML document"},
      {", {id: CVE-1, reason: x}\n", "more than one YAML document"},
      {"- id: CVE-1\n\treason: x\n", "not YAML"},
      {"- {id: CVE-1, reason: x\n", "not YAML"},
      {"- &a [*a]\n", "ignore.yaml:1"},
      {"- ? [x]\n  : y\n", "a key that is no text"},
      {"- id: \xff\n", "not UTF-8"}};
  for (const auto& [text, message] : cases)
    EXPECT_NE(error(text).find(message), std::string::npos) << text << "\n" << error(text);
}

TEST(IgnoreFile, LimitsNesting) {
  for (const char* unit : {"[", "{", "- ", "? ", "{a: ", "[{"}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += unit;
    EXPECT_NE(error(text).find("nested too deep"), std::string::npos) << unit;
  }
  std::string ladder;  // one column deeper a line
  for (std::size_t i = 0; i < 2000; ++i) ladder += std::string(i, ' ') + "a:\n";
  EXPECT_NE(error(ladder).find("nested too deep"), std::string::npos);
  EXPECT_NE(error(std::string(5'000'000, 'x')).find("an ignore file of more than"),
            std::string::npos);
}

TEST(IgnoreFile, SurvivesEveryPrefix) {
  const std::string text =
      "- id: \"CVE-1\"\n  reason: |\n    long\n  path: 'a'\n- {id: b, reason: !!str c} # x\n";
  for (std::size_t n = 0; n <= text.size(); ++n)
    (void)parse_ignore_file(std::string_view(text).substr(0, n), "ignore.yaml").has_value();
}

TEST(IgnoreFile, ReadsTrivysLines) {
  const auto rules = parse(
      "# accepted\n"
      "CVE-2018-14618\n"
      "\n"
      "  CVE-2019-14697 exp:2027-01-01  # until the vendor answers\r\n"
      "CVE-2019-1543\tsome words\n",
      "ci/.trivyignore");
  ASSERT_EQ(rules.size(), 3u);
  EXPECT_EQ(rules[0].id, "CVE-2018-14618");
  EXPECT_EQ(rules[0].origin, "ci/.trivyignore:2");
  EXPECT_EQ(rules[1].expires, "2027-01-01");
  EXPECT_EQ(rules[1].reason, "until the vendor answers");
  EXPECT_EQ(rules[2].id, "CVE-2019-1543");
  EXPECT_NE(error("CVE-1 exp:next-week\n", ".trivyignore").find(".trivyignore:1"),
            std::string::npos);
  EXPECT_NE(error("***\n", ".trivyignore").find("no advisory"), std::string::npos);
}

TEST(IgnoreFile, TellsTheFormsApartByTheFirstCharacterWhenTheNameDoesNot) {
  EXPECT_EQ(parse("# x\n- {id: CVE-1, reason: y}\n", "ignores").size(), 1u);
  EXPECT_EQ(parse("# x\nCVE-1 exp:2027-01-01\n", "ignores").size(), 1u);
  EXPECT_EQ(parse("\xef\xbb\xbf"
                  "CVE-1\n",
                  ".trivyignore")[0]
                .id,
            "CVE-1");
}

}  // namespace
}  // namespace fathom::policy
