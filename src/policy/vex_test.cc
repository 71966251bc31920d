// CycloneDX and CSAF; openvex_test.cc has the third form. What comes in is as the standards'
// examples write it.

#include "policy/vex.h"

#include <gtest/gtest.h>

namespace fathom::policy {
namespace {

std::vector<IgnoreRule> parse(std::string_view text) {
  auto rules = parse_vex(text, "v.json");
  EXPECT_TRUE(rules.has_value()) << (rules ? "" : rules.error().message);
  return rules ? std::move(*rules) : std::vector<IgnoreRule>{};
}

std::string error(std::string_view text) {
  auto rules = parse_vex(text, "v.json");
  EXPECT_FALSE(rules.has_value()) << text;
  return rules ? "" : rules.error().message;
}

TEST(Vex, IsToldApartByWhatIsInIt) {
  EXPECT_EQ(parse(R"({"@context": "https://openvex.dev/ns/v0.2.0", "statements": []})").size(), 0u);
  EXPECT_EQ(parse(R"({"bomFormat": "CycloneDX", "vulnerabilities": []})").size(), 0u);
  EXPECT_EQ(parse(R"({"document": {"csaf_version": "2.0"}})").size(), 0u);
  for (const char* text : {"{}", "[]", R"({"document": {}})", R"({"bomFormat": "SPDX"})"})
    EXPECT_NE(error(text).find("v.json: none of the forms"), std::string::npos) << text;
  EXPECT_NE(error("{").find("at byte"), std::string::npos);
}

// ---- CycloneDX

std::string bom(std::string_view vulnerability, std::string_view components = "[]") {
  return R"({"bomFormat": "CycloneDX", "specVersion": "1.6",
    "metadata": {"component": {"type": "container", "bom-ref": "image", "name": "app.tar",
      "version": "sha256:11"}}, "components": )" +
         std::string(components) + R"(, "vulnerabilities": [)" + std::string(vulnerability) + "]}";
}

std::string vulnerability(std::string_view state, std::string_view affects) {
  return R"({"id": "CVE-1", "references": [{"id": "GHSA-1", "source": {"name": "GHSA"}}],
    "analysis": {"state": ")" +
         std::string(state) + R"(", "justification": "code_not_present", "detail": "left out"},
    "affects": )" +
         std::string(affects) + "}";
}

constexpr std::string_view kComponents = R"([
  {"type": "library", "bom-ref": "p1", "name": "libssl3", "purl": "pkg:deb/debian/libssl3@3.0"},
  {"type": "file", "bom-ref": "f1", "name": "usr/bin/app", "components": [
    {"type": "library", "bom-ref": "c1", "name": "sqlite", "purl": "pkg:generic/sqlite@3.31.1"},
    {"type": "library", "bom-ref": "c2", "name": "zlib", "cpe": "cpe:2.3:a:zlib:zlib:1:*:*:*:*:*:*:*"}]}])";

TEST(CycloneDxVex, ResolvesItsReferences) {
  const auto rules = parse(
      bom(vulnerability(
              "not_affected",
              R"([{"ref": "c1"}, {"ref": "c2"}, {"ref": "p1"}, {"ref": "f1"}, {"ref": "image"},
          {"ref": "pkg:npm/lodash@4.17.21"},
          {"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:npm/a@1"},
          {"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Anpm%2Fb%401"}])"),
          kComponents));
  ASSERT_EQ(rules.size(), 8u);
  EXPECT_EQ(rules[0].id, "CVE-1");
  EXPECT_EQ(rules[0].aliases, std::vector<std::string>{"GHSA-1"});
  EXPECT_EQ(rules[0].component, "pkg:generic/sqlite@3.31.1");
  EXPECT_EQ(rules[0].path, "usr/bin/app");
  EXPECT_EQ(rules[0].reason, "VEX not_affected, code_not_present: left out");
  EXPECT_EQ(rules[0].origin, "v.json:/vulnerabilities/0");
  EXPECT_EQ(rules[1].component, "cpe:2.3:a:zlib:zlib:1:*:*:*:*:*:*:*");
  EXPECT_EQ(rules[2].component, "pkg:deb/debian/libssl3@3.0");
  EXPECT_EQ(rules[2].path, "");
  EXPECT_EQ(rules[3].component, "");
  EXPECT_EQ(rules[3].path, "usr/bin/app");
  EXPECT_EQ(rules[4].product, "sha256:11");
  EXPECT_EQ(rules[5].component, "pkg:npm/lodash@4.17.21");
  EXPECT_EQ(rules[6].component, "pkg:npm/a@1");
  EXPECT_EQ(rules[7].component, "pkg:npm/b@1");
}

// The form that fathom writes: flat, with the file depending on what is in it.
TEST(CycloneDxVex, FindsTheFileByWhatDependsOnIt) {
  const auto rules = parse(R"({"bomFormat": "CycloneDX", "components": [
      {"type": "file", "bom-ref": "f1", "name": "usr/bin/app"},
      {"type": "library", "bom-ref": "c1", "name": "a", "purl": "pkg:generic/a@1"},
      {"type": "library", "bom-ref": "c2", "name": "b", "purl": "pkg:generic/b@1"}],
    "dependencies": [{"ref": "f1", "dependsOn": ["c1", "c9"]}, {"ref": "c1", "dependsOn": ["c2"]}],
    "vulnerabilities": [{"id": "CVE-1", "analysis": {"state": "resolved"},
      "affects": [{"ref": "c1"}, {"ref": "c2"}]}]})");
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].path, "usr/bin/app");
  EXPECT_EQ(rules[1].path, "");
}

TEST(CycloneDxVex, StatesThatTakeOutAndThoseThatDoNot) {
  for (const char* state : {"not_affected", "false_positive", "resolved", "resolved_with_pedigree"})
    EXPECT_EQ(parse(bom(vulnerability(state, R"([{"ref": "image"}])"))).size(), 1u) << state;
  for (const char* state : {"exploitable", "in_triage"})
    EXPECT_EQ(parse(bom(vulnerability(state, R"([{"ref": "image"}])"))).size(), 0u) << state;
  // Nobody judged it.
  EXPECT_EQ(parse(bom(R"({"id": "CVE-1", "affects": [{"ref": "image"}]})")).size(), 0u);
  // About the document's own product.
  EXPECT_EQ(parse(bom(R"({"id": "CVE-1", "analysis": {"state": "resolved"}})"))[0].product,
            "sha256:11");
}

TEST(CycloneDxVex, VersionsNarrowAPackageUrl) {
  const auto rules = parse(bom(vulnerability(
      "not_affected",
      R"([{"ref": "pkg:npm/%40a/b?x=y", "versions": [{"version": "1"}, {"version": "2"}]}])")));
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].component, "pkg:npm/%40a/b@1?x=y");
  EXPECT_EQ(rules[1].component, "pkg:npm/%40a/b@2?x=y");
}

TEST(CycloneDxVex, RefusesWhatItCannotMeanExactly) {
  auto with = [](std::string_view affects) { return bom(vulnerability("not_affected", affects)); };
  EXPECT_EQ(error(with(R"([{"ref": "c9"}])")),
            "v.json: /vulnerabilities/0: /affects/0/ref: \"c9\" is nowhere in the document");
  EXPECT_NE(error(with(R"([{"ref": "urn:cdx:1/1#c1"}])")).find("refers to another document"),
            std::string::npos);
  EXPECT_NE(error(with(R"([{"ref": "pkg:npm/a", "versions": [{"range": "vers:npm/<2"}]}])"))
                .find("/affects/0: /versions/0: only single versions"),
            std::string::npos);
  EXPECT_NE(error(bom(vulnerability("fine", "[]"))).find("no state of CycloneDX"),
            std::string::npos);
  EXPECT_NE(error(R"({"bomFormat": "CycloneDX", "vulnerabilities":
               [{"id": "CVE-1", "analysis": {"state": "resolved"}}]})")
                .find("does not say which component"),
            std::string::npos);
  EXPECT_NE(error(R"({"bomFormat": "CycloneDX"})").find("/vulnerabilities: expected a list"),
            std::string::npos);
}

// ---- CSAF

constexpr std::string_view kTree = R"("product_tree": {
  "full_product_names": [{"product_id": "P0", "name": "Plain 1.0"}],
  "branches": [{"category": "vendor", "name": "Example", "branches": [
    {"category": "product_version", "name": "3.0", "product": {"product_id": "P1", "name": "libssl3 3.0",
      "product_identification_helper": {"purl": "pkg:deb/debian/libssl3@3.0"}}},
    {"category": "product_name", "name": "OS", "product": {"product_id": "OS", "name": "Example OS",
      "product_identification_helper": {"cpe": "cpe:/o:example:os:1"}}},
    {"category": "product_version", "name": "image", "product": {"product_id": "IMG", "name": "image",
      "product_identification_helper": {"purl": "pkg:oci/app@sha256%3A11"}}}]}],
  "relationships": [{"category": "default_component_of", "product_reference": "P1",
    "relates_to_product_reference": "IMG", "full_product_name": {"product_id": "IMG:P1", "name": "both"}}],
  "product_groups": [{"group_id": "G", "product_ids": ["P1", "IMG:P1"]}]})";

std::string advisory(std::string_view vulnerability) {
  return R"({"document": {"category": "csaf_vex", "csaf_version": "2.0"}, )" + std::string(kTree) +
         R"(, "vulnerabilities": [)" + std::string(vulnerability) + "]}";
}

TEST(Csaf, FollowsItsProductTree) {
  const auto rules =
      parse(advisory(R"({"cve": "CVE-1", "ids": [{"system_name": "X", "text": "X-1"}],
    "product_status": {"known_not_affected": ["P1", "IMG:P1", "P0"], "fixed": ["OS"], "known_affected": ["P1"],
      "under_investigation": ["P0"]},
    "flags": [{"label": "component_not_present", "group_ids": ["G"]},
              {"label": "vulnerable_code_not_present", "product_ids": ["P0"]}],
    "threats": [{"category": "impact", "details": "not built in", "product_ids": ["P0"]},
                {"category": "exploit_status", "details": "none"}]})"));
  ASSERT_EQ(rules.size(), 4u);
  EXPECT_EQ(rules[0].id, "CVE-1");
  EXPECT_EQ(rules[0].aliases, std::vector<std::string>{"X-1"});
  EXPECT_EQ(rules[0].component, "pkg:deb/debian/libssl3@3.0");
  EXPECT_EQ(rules[0].product, "");
  EXPECT_EQ(rules[0].reason, "VEX known_not_affected, component_not_present");
  EXPECT_EQ(rules[1].component, "pkg:deb/debian/libssl3@3.0");
  EXPECT_EQ(rules[1].product, "pkg:oci/app@sha256%3A11");
  EXPECT_EQ(rules[2].component, "Plain 1.0");
  EXPECT_EQ(rules[2].reason, "VEX known_not_affected, vulnerable_code_not_present: not built in");
  EXPECT_EQ(rules[3].component, "cpe:/o:example:os:1");
  EXPECT_EQ(rules[3].reason, "VEX fixed");
}

TEST(Csaf, RefusesWhatItCannotMeanExactly) {
  EXPECT_EQ(
      error(advisory(R"({"cve": "CVE-1", "product_status": {"fixed": ["P9"]}})")),
      "v.json: /vulnerabilities/0: /product_status/fixed/0: no product \"P9\" in the product tree");
  EXPECT_NE(error(advisory(R"({"product_status": {"fixed": ["P1"]}})")).find("neither cve nor ids"),
            std::string::npos);
  EXPECT_NE(error(R"({"document": {"csaf_version": "3.0"}})").find("this fathom reads 2.0"),
            std::string::npos);
}

// ---- Applied

TEST(Vex, OfEveryFormTakesTheFindingOut) {
  Report report;
  report.now = "2026-11-24T12:00:00Z";
  report.image.digest = "sha256:11";
  report.image.names = {"example/app:1"};
  Component component;
  component.id = "c1";
  component.name = "sqlite";
  component.purl = "pkg:generic/sqlite@3.31.1";
  component.file = "usr/bin/app";
  report.components = {component};
  Finding finding;
  finding.id = "CVE-1";
  finding.component = "c1";
  finding.severity = Severity::high;
  report.findings = {finding};
  const std::string purl = R"("purl": "pkg:generic/sqlite@3.31.1")";
  for (
      const std::string& text : {
          bom(vulnerability("not_affected", R"([{"ref": "c1"}])"), kComponents),
          R"({"document": {"csaf_version": "2.0"}, "product_tree": {"full_product_names": [{"product_id": "P",
                "name": "x", "product_identification_helper": {)" +
              purl + R"(}}]},
               "vulnerabilities": [{"cve": "CVE-1", "product_status": {"known_not_affected": ["P"]}}]})",
          R"({"@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2026-01-01T00:00:00Z", "statements":
               [{"vulnerability": {"name": "CVE-1"}, "status": "fixed",
                 "products": [{"@id": "pkg:oci/app@sha256%3A11", "subcomponents": [{"identifiers": {)" +
              purl + "}}]}]}]}",
      }) {
    Policy policy;
    policy.gates.severity = Severity::high;
    policy.ignore = parse(text);
    apply(report, policy);
    EXPECT_TRUE(report.findings[0].ignored) << text;
    EXPECT_EQ(report.exit_status, 0);
  }
}

}  // namespace
}  // namespace fathom::policy
