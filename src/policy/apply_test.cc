#include <gtest/gtest.h>

#include <algorithm>

#include "policy/keys.h"
#include "policy/policy.h"

namespace fathom::policy {
namespace {

Component component(std::string id, std::string name, std::string purl, std::string file) {
  Component c;
  c.id = std::move(id);
  c.name = std::move(name);
  c.purl = std::move(purl);
  c.file = std::move(file);
  return c;
}

Finding finding(std::string id, std::string of, Severity severity) {
  Finding f;
  f.id = std::move(id);
  f.component = std::move(of);
  f.severity = severity;
  f.verdict = Verdict::affected_by_version;
  return f;
}

// A program with two libraries in it, and one package.
Report report() {
  Report r;
  r.target = "app.tar";
  r.now = "2026-11-24T12:00:00Z";
  r.image.digest = "sha256:abc";
  r.image.names = {"registry.example/team/app:1.0"};
  r.components = {
      component("c1", "app", "pkg:golang/example.org/app@v1", "usr/bin/app"),
      component("c2", "sqlite", "pkg:generic/sqlite@3.31.1", "usr/bin/app"),
      component("c3", "zlib", "pkg:generic/zlib@1.2.11", "usr/lib/x.jar!/libz.so"),
  };
  r.findings = {finding("CVE-1", "c2", Severity::high), finding("CVE-2", "c3", Severity::medium)};
  r.findings[0].aliases = {"GHSA-1"};
  r.coverage.ecosystems = {{"C", 2, 100, "2026-08-31", "", ""}};
  return r;
}

IgnoreRule rule(std::string id) {
  IgnoreRule r;
  r.id = std::move(id);
  r.reason = "because";
  r.origin = "ignore.yaml:1";
  return r;
}

Policy failing_on(std::initializer_list<std::string_view> words) {
  Policy policy;
  for (std::string_view word : words) EXPECT_TRUE(add_gate(policy.gates, word).has_value()) << word;
  return policy;
}

int status(Report r, const Policy& policy) {
  apply(r, policy);
  EXPECT_EQ(r.policy.failed, r.exit_status == 1);
  return r.exit_status;
}

// Which of the two findings `r` hides.
std::pair<bool, bool> hidden_by(const IgnoreRule& r, Report on = report()) {
  Policy policy;
  policy.ignore = {r};
  apply(on, policy);
  return {on.findings[0].ignored, on.findings[1].ignored};
}

constexpr std::pair kFirst(true, false), kSecond(false, true), kNone(false, false);

bool has_note(const Report& r, std::string_view text) {
  return std::any_of(r.notes.begin(), r.notes.end(),
                     [&](const std::string& note) { return note.find(text) != note.npos; });
}

TEST(Gates, UnderstandTheirWords) {
  Gates gates;
  for (const char* word : {"critical", "medium", "HIGH", "kev", "reachable", "gaps", "unknown"})
    EXPECT_TRUE(add_gate(gates, word).has_value()) << word;
  EXPECT_EQ(gates.severity, Severity::medium) << "the lowest that was asked for";
  EXPECT_TRUE(gates.kev && gates.reachable && gates.gaps && gates.unknown);
  for (const char* word : {"", "none", "hihg", "kevs"}) {
    const Done done = add_gate(gates, word);
    ASSERT_FALSE(done.has_value()) << word;
    EXPECT_EQ(done.error().code, ErrorCode::usage);
  }
}

TEST(Gates, FailBySeverity) {
  EXPECT_EQ(status(report(), {}), 0);
  EXPECT_EQ(status(report(), failing_on({"critical"})), 0);
  EXPECT_EQ(status(report(), failing_on({"high"})), 1);
  Report r = report();
  apply(r, failing_on({"medium"}));
  EXPECT_EQ(r.policy.reasons, std::vector<std::string>{"2 findings of severity medium or above"});
}

TEST(Gates, DoNotFailOnUncertainRanges) {
  Report r = report();
  for (Finding& f : r.findings) {
    f.range_uncertain = true;
    f.kev = true;
    f.verdict = Verdict::reachable;
  }
  EXPECT_EQ(status(r, failing_on({"low", "kev", "reachable"})), 0);
  EXPECT_EQ(status(r, failing_on({"unknown"})), 1);
}

TEST(Gates, FailOnKnownExploitedReachableAndUnknown) {
  for (const char* word : {"kev", "reachable", "unknown"})
    EXPECT_EQ(status(report(), failing_on({word})), 0) << word;
  Report r = report();
  r.findings[1].kev = true;
  EXPECT_EQ(status(r, failing_on({"kev"})), 1);
  r = report();
  r.findings[1].verdict = Verdict::reachable_indirectly;
  EXPECT_EQ(status(r, failing_on({"reachable"})), 1);
  r = report();
  r.findings[1].verdict = Verdict::unknown;
  EXPECT_EQ(status(r, failing_on({"unknown"})), 1);
}

TEST(Gates, FailOnEpssAndFixes) {
  for (const char* word : {"epss>=0", "fixable"})
    EXPECT_EQ(status(report(), failing_on({word})), 0) << word << ": nothing is known of either";
  Report r = report();
  r.findings[1].epss = "0.10";
  EXPECT_EQ(status(r, failing_on({"epss>=0.1"})), 1);
  EXPECT_EQ(status(r, failing_on({"epss>=0.11"})), 0);
  EXPECT_EQ(status(r, failing_on({"epss>=0.9", "epss>=0.05"})), 1) << "the lower one";
  r.findings[1].epss = "much";
  EXPECT_EQ(status(r, failing_on({"epss>=0"})), 0);
  r = report();
  r.findings[0].fixed_in = {"2"};
  EXPECT_EQ(status(r, failing_on({"fixable"})), 1);
  apply(r, failing_on({"fixable"}));
  EXPECT_EQ(r.policy.reasons, std::vector<std::string>{"1 finding with a fix"});
}

TEST(Gates, WantEveryPartOfACombination) {
  Report r = report();
  r.findings[1].fixed_in = {"2"};  // of severity medium
  EXPECT_EQ(status(r, failing_on({"high+fixable"})), 0);
  EXPECT_EQ(status(r, failing_on({"medium+fixable"})), 1);
  EXPECT_EQ(status(r, failing_on({"medium+fixable+kev"})), 0);
  EXPECT_EQ(status(r, failing_on({"medium+fixable+kev", "low+fixable"})), 1);
  r.findings[1].epss = "0.5";
  apply(r, failing_on({"medium+epss>=0.25"}));
  EXPECT_EQ(
      r.policy.reasons,
      std::vector<std::string>{"1 finding of severity medium or above, with EPSS 0.25 or above"});
  r.findings[1].range_uncertain = true;
  EXPECT_EQ(status(r, failing_on({"medium+fixable"})), 0);
  for (const char* word : {"high+", "+", "high+gaps", "epss>=", "epss>=2", "epss>=-1", "epss>0.1",
                           "epss>=nan", "epss>=0.1x", "fixable+unknown"}) {
    Gates gates;
    EXPECT_FALSE(add_gate(gates, word).has_value()) << word;
  }
}

TEST(Gates, BelieveHarmlessnessOnlyWithProof) {
  for (Verdict verdict : {Verdict::not_present, Verdict::present_unreachable, Verdict::patched}) {
    Report r = report();
    r.findings[0].verdict = verdict;
    EXPECT_EQ(status(r, failing_on({"high"})), 1);
    r.findings[0].evidence = {{"functions", "usr/bin/app", "", {}, "no such function"}};
    EXPECT_EQ(status(r, failing_on({"high"})), 0);
  }
}

TEST(Gates, CountEveryKindOfGap) {
  const Policy policy = failing_on({"gaps"});
  EXPECT_EQ(status(report(), policy), 0);
  Report r = report();
  r.gaps = {{"elf", "x", "", 0, ErrorCode::malformed, "y"}};
  EXPECT_EQ(status(r, policy), 1);
  r = report();
  r.coverage.gaps = 1;
  EXPECT_EQ(status(r, policy), 1);
  r = report();
  r.coverage.ecosystems.push_back({"npm", 3, 0, "", "", ""});
  EXPECT_EQ(status(r, policy), 1);
  r.coverage.ecosystems.back().components = 0;
  EXPECT_EQ(status(r, policy), 0) << "an ecosystem that is not there is not missing";
  r = report();
  r.incomplete = true;
  EXPECT_EQ(status(r, policy), 1);
}

TEST(ExitStatus, IsThreeForAnExecutableWithoutComponent) {
  Report r = report();
  FileRow file;
  file.path = "usr/bin/mystery";
  file.executable_bytes = 10;
  r.files = {file};
  apply(r, {});
  EXPECT_EQ(r.exit_status, 3);
  EXPECT_TRUE(has_note(r, "usr/bin/mystery"));
  for (auto change :
       {+[](FileRow& f) { f.shadowed = true; }, +[](FileRow& f) { f.executable_bytes = 0; },
        +[](FileRow& f) { f.state = FileState::identified; }}) {
    Report other = report();
    other.files = {file};
    change(other.files[0]);
    EXPECT_EQ(status(other, {}), 0);
  }
}

TEST(ExitStatus, IsThreeBelowTheWantedCoverage) {
  Report r = report();
  r.coverage.executable_bytes = 10'000;
  r.coverage.attributed_bytes = 4'999;
  Policy policy;
  policy.gates.min_coverage = 50;
  apply(r, policy);
  EXPECT_EQ(r.exit_status, 3);
  EXPECT_TRUE(has_note(r, "49.9 % of the executable bytes are attributed, less than the 50.0 %"));
  r.coverage.attributed_bytes = 5'000;
  EXPECT_EQ(status(r, policy), 0);
  r.coverage.executable_bytes = r.coverage.attributed_bytes = 0;
  EXPECT_EQ(status(r, policy), 0) << "there is nothing to explain";
}

TEST(ExitStatus, HasAnOrder) {
  Report r = report();
  r.gaps = {{"elf", "x", "", 0, ErrorCode::malformed, "y"}};
  FileRow file;
  file.path = "x";
  file.executable_bytes = 10;
  Policy policy;
  EXPECT_EQ(status(r, policy), 0);
  policy.gates.strict = true;
  EXPECT_EQ(status(r, policy), 4);
  r.files = {file};
  EXPECT_EQ(status(r, policy), 3);
  policy.gates.severity = Severity::high;
  EXPECT_EQ(status(r, policy), 1);
}

TEST(Rules, MatchByIdOrAlias) {
  EXPECT_EQ(hidden_by(rule("CVE-1")), kFirst);
  EXPECT_EQ(hidden_by(rule("GHSA-1")), kFirst);
  EXPECT_EQ(hidden_by(rule("CVE-3")), kNone);
  EXPECT_EQ(hidden_by(rule("")), kNone);
  EXPECT_EQ(hidden_by(rule("CVE")), kNone) << "no prefixes";
  IgnoreRule by_alias = rule("OTHER-1");
  by_alias.aliases = {"CVE-2"};
  EXPECT_EQ(hidden_by(by_alias), kSecond);
}

TEST(Rules, MatchByComponentAndPath) {
  auto with = [](std::string component, std::string path) {
    IgnoreRule r = rule("CVE-2");
    r.component = std::move(component);
    r.path = std::move(path);
    return r;
  };
  EXPECT_EQ(hidden_by(with("zlib", "")), kSecond);
  EXPECT_EQ(hidden_by(with("zli", "")), kNone);
  EXPECT_EQ(hidden_by(with("pkg:generic/zlib", "")), kSecond);
  EXPECT_EQ(hidden_by(with("pkg:generic/zlib@1.2.11", "")), kSecond);
  EXPECT_EQ(hidden_by(with("pkg:generic/zlib@1.2.12", "")), kNone);
  for (const char* path : {"usr", "/usr/lib/", "./usr/lib/x.jar", "usr/lib/x.jar!/libz.so", "/"})
    EXPECT_EQ(hidden_by(with("", path)), kSecond) << path;
  for (const char* path : {"us", "usr/li", "usr/lib/x", "usr/lib/x.jar!/lib", "bin"})
    EXPECT_EQ(hidden_by(with("", path)), kNone) << path;
}

TEST(Rules, MatchByProduct) {
  auto with = [](std::string product, std::string component) {
    IgnoreRule r = rule("CVE-1");
    r.product = std::move(product);
    r.component = std::move(component);
    return r;
  };
  // The image, by digest, name and tag.
  for (const char* product : {"pkg:oci/app@sha256%3Aabc", "pkg:oci/app", "pkg:oci/app?tag=1.0",
                              "pkg:oci/app?repository_url=registry.example/team/app", "sha256:abc",
                              "app.tar", "registry.example/team/app:1.0"})
    EXPECT_EQ(hidden_by(with(product, "pkg:generic/sqlite")), kFirst) << product;
  for (const char* product : {"pkg:oci/app@sha256%3Adef", "pkg:oci/other", "pkg:oci/app?tag=1.1",
                              "pkg:oci/app?repository_url=registry.example/te", "sha256:abd",
                              "https://example.org/product"})
    EXPECT_EQ(hidden_by(with(product, "pkg:generic/sqlite")), kNone) << product;
  // The component itself; the program that the library is compiled into.
  EXPECT_EQ(hidden_by(with("pkg:generic/sqlite", "")), kFirst);
  EXPECT_EQ(hidden_by(with("pkg:golang/example.org/app@v1", "pkg:generic/sqlite")), kFirst);
  EXPECT_EQ(hidden_by(with("pkg:golang/example.org/app@v1", "")), kNone)
      << "a statement on the program is not one on everything in its file";
  EXPECT_EQ(hidden_by(with("pkg:generic/zlib", "pkg:generic/sqlite")), kNone) << "another file";
  // An image without a name or digest is not the one that is meant.
  Report nameless = report();
  nameless.image = {};
  nameless.target = "other.tar";
  EXPECT_EQ(hidden_by(with("pkg:oci/app", "pkg:generic/sqlite"), nameless), kNone);
}

TEST(Rules, StopOnTheDayTheyExpire) {
  IgnoreRule r = rule("CVE-1");
  r.expires = "2026-11-25";
  EXPECT_EQ(hidden_by(r), kFirst);
  for (const char* day : {"2026-11-24", "2025-12-31"}) {
    r.expires = day;
    EXPECT_EQ(hidden_by(r), kNone);
  }
  Report on = report();
  Policy policy = failing_on({"high"});
  policy.ignore = {r};
  apply(on, policy);
  EXPECT_EQ(on.exit_status, 1);
  EXPECT_TRUE(has_note(on, "ignore.yaml:1: the rule for CVE-1 expired on 2025-12-31"));
}

TEST(Rules, ThatMatchNothingAreNoted) {
  Report r = report();
  Policy policy;
  policy.ignore = {rule("CVE-1"), rule("CVE-9")};
  apply(r, policy);
  EXPECT_EQ(r.findings[0].ignored_because, "because (ignore.yaml:1)");
  EXPECT_EQ(r.notes, std::vector<std::string>{"ignore.yaml:1: the rule for CVE-9 matched nothing"});
}

TEST(Rules, KeepGatesFromFailing) {
  Policy policy = failing_on({"high"});
  policy.ignore = {rule("CVE-1")};
  EXPECT_EQ(status(report(), policy), 0);
}

TEST(Baseline, KeepsOldFindingsFromFailing) {
  Policy policy = failing_on({"medium"});
  policy.has_baseline = true;
  // The same flaw under its other name, in an older release; the second finding is new.
  policy.baseline = {finding_key({"GHSA-1", "sqlite", "pkg:generic/sqlite@3.30.0", "usr/bin/app"})};
  Report r = report();
  apply(r, policy);
  EXPECT_TRUE(r.findings[0].in_baseline);
  EXPECT_FALSE(r.findings[1].in_baseline);
  EXPECT_EQ(r.policy.reasons, std::vector<std::string>{"1 finding of severity medium or above"});
  policy.has_baseline = false;
  apply(r, policy);
  EXPECT_FALSE(r.findings[0].in_baseline);
}

TEST(Apply, TwiceIsOnce) {
  Policy policy = failing_on({"high"});
  policy.ignore = {rule("CVE-2"), rule("CVE-9")};
  policy.gates.strict = true;
  Report once = report();
  once.gaps = {{"elf", "x", "", 0, ErrorCode::malformed, "y"}};
  apply(once, policy);
  Report twice = once;
  apply(twice, policy);
  EXPECT_EQ(twice.notes, once.notes);
  EXPECT_EQ(twice.policy.reasons, once.policy.reasons);
  EXPECT_EQ(twice.exit_status, once.exit_status);
}

}  // namespace
}  // namespace fathom::policy
