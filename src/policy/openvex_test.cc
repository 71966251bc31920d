#include <gtest/gtest.h>

#include "policy/policy.h"

namespace fathom::policy {
namespace {

// A document around `statements`, which is the inside of a JSON list.
std::string document(std::string_view statements) {
  return R"({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex/1",
    "author": "Example", "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": [)" +
         std::string(statements) + "]}";
}

std::vector<IgnoreRule> parse(std::string_view statements) {
  auto rules = parse_openvex(document(statements), "app.vex.json");
  EXPECT_TRUE(rules.has_value()) << (rules ? "" : rules.error().message);
  return rules ? std::move(*rules) : std::vector<IgnoreRule>{};
}

std::string error(std::string_view text) {
  auto rules = parse_openvex(text, "app.vex.json");
  EXPECT_FALSE(rules.has_value()) << text;
  return rules ? "" : rules.error().message;
}

TEST(OpenVex, MakesRulesOfWhatDoesNoHarm) {
  const auto rules = parse(R"(
    {"vulnerability": {"name": "CVE-2022-35737", "aliases": ["GHSA-jw36-hf63-69r9"]},
     "products": [{"@id": "pkg:oci/app@sha256%3Aabc", "subcomponents": [{"@id": "pkg:generic/sqlite"},
        {"identifiers": {"purl": "pkg:generic/sqlite3"}}]}],
     "status": "not_affected", "justification": "vulnerable_code_not_present",
     "impact_statement": "compiled out"},
    {"vulnerability": {"name": "CVE-2"}, "products": [{"@id": "pkg:deb/debian/x@1"}], "status": "fixed"},
    {"vulnerability": {"name": "CVE-3"}, "products": [{"@id": "p"}], "status": "affected",
     "action_statement": "update"},
    {"vulnerability": {"name": "CVE-4"}, "products": [{"@id": "p"}], "status": "under_investigation"})");
  ASSERT_EQ(rules.size(), 3u);
  EXPECT_EQ(rules[0].id, "CVE-2022-35737");
  EXPECT_EQ(rules[0].aliases, std::vector<std::string>{"GHSA-jw36-hf63-69r9"});
  EXPECT_EQ(rules[0].product, "pkg:oci/app@sha256%3Aabc");
  EXPECT_EQ(rules[0].component, "pkg:generic/sqlite");
  EXPECT_EQ(rules[0].reason, "VEX not_affected, vulnerable_code_not_present: compiled out");
  EXPECT_EQ(rules[0].origin, "app.vex.json:/statements/0");
  EXPECT_EQ(rules[1].component, "pkg:generic/sqlite3");
  EXPECT_EQ(rules[2].id, "CVE-2");
  EXPECT_EQ(rules[2].component, "");
}

TEST(OpenVex, LetsALaterStatementTakeAnEarlierBack) {
  constexpr std::string_view kNotAffected =
      R"({"vulnerability": {"name": "CVE-1", "aliases": ["GHSA-1"]}, "products": [{"@id": "p"}],
          "timestamp": "2026-02-01T00:00:00Z", "status": "not_affected",
          "justification": "component_not_present"})";
  constexpr std::string_view kAffected =
      R"({"vulnerability": {"name": "CVE-1"}, "products": [{"@id": "p"}],
          "timestamp": "2026-02-01T01:30:00+01:00", "status": "affected", "action_statement": "x"})";
  const std::string both = std::string(kNotAffected) + "," + std::string(kAffected);
  const std::string reversed = std::string(kAffected) + "," + std::string(kNotAffected);
  // 01:30+01:00 is half an hour after midnight UTC: later, wherever it stands in the document.
  for (const std::string& statements : {both, reversed}) {
    const auto rules = parse(statements);
    ASSERT_EQ(rules.size(), 1u);
    EXPECT_EQ(rules[0].id, "GHSA-1") << "only the name that was not spoken of again";
    EXPECT_TRUE(rules[0].aliases.empty());
  }
  EXPECT_EQ(parse(kNotAffected)[0].id, "CVE-1");
}

TEST(OpenVex, ReadsTheFirstVersionOfTheStandard) {
  auto rules = parse_openvex(R"({"@context": "https://openvex.dev/ns", "statements": [
      {"vulnerability": "CVE-1", "products": ["pkg:oci/app"], "subcomponents": ["pkg:apk/alpine/zlib"],
       "status": "not_affected", "justification": "component_not_present"}]})",
                             "old.json");
  ASSERT_TRUE(rules.has_value()) << rules.error().message;
  ASSERT_EQ(rules->size(), 1u);
  EXPECT_EQ((*rules)[0].product, "pkg:oci/app");
  EXPECT_EQ((*rules)[0].component, "pkg:apk/alpine/zlib");
}

TEST(OpenVex, SaysWhereADocumentIsWrong) {
  const std::vector<std::pair<std::string, std::string_view>> cases = {
      {"", "app.vex.json"},
      {"[]", "not an OpenVEX document"},
      {R"({"@context": "https://example.org"})", "/@context: not an OpenVEX document"},
      {R"({"@context": "https://openvex.dev/ns/v0.2.0"})", "/statements: expected a list"},
      {document("1"), "/statements/0: expected an object"},
      {document(R"({"status": "fixed"})"), "/statements/0: /vulnerability"},
      {document(R"({"vulnerability": {"name": "a"}, "status": "fixed"},
                   {"vulnerability": {"name": "a"}, "status": "fine"})"),
       "app.vex.json: /statements/1: /status: \"fine\" is no status"},
      {document(R"({"vulnerability": {"name": "a"}, "status": "not_affected"})"),
       "needs a justification"},
      {document(
           R"({"vulnerability": {"name": "a"}, "status": "not_affected", "justification": "no"})"),
       "\"no\" is no justification"},
      {document(R"({"vulnerability": {"name": "a"}, "status": "fixed", "products": [{}]})"),
       "/products/0: neither @id nor identifiers"},
      {document(R"({"vulnerability": {"name": "a"}, "status": "fixed", "products": {"@id": "a"}})"),
       "/products: expected a list"},
      {document(R"({"vulnerability": {"name": "a"}, "status": "fixed", "timestamp": "today"})"),
       "/timestamp: not an RFC 3339 time"}};
  for (const auto& [text, message] : cases)
    EXPECT_NE(error(text).find(message), std::string::npos) << text << "\n" << error(text);
}

TEST(OpenVex, SurvivesEveryPrefix) {
  const std::string text = document(
      R"({"vulnerability": {"name": "a"}, "status": "fixed", "products": [{"@id": "b"}]})");
  for (std::size_t n = 0; n < text.size(); ++n)
    EXPECT_FALSE(parse_openvex(std::string_view(text).substr(0, n), "x").has_value()) << n;
}

}  // namespace
}  // namespace fathom::policy
