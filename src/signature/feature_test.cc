// Libraries by what their sources have, on data made by hand.

#include <gtest/gtest.h>

#include <algorithm>

#include "base/digest.h"
#include "signature/feature_data.h"
#include "signature/feature_match.h"
#include "signature/identify.h"
#include "vuln/database.h"
#include "vuln/embedded_pack.h"

namespace fathom::signature {
namespace {

std::uint64_t hash_of(std::string_view text) { return xxh3_of(ByteView::of(text)); }

// A library of three releases. Set 0: all; 1: from the second on; 2: only the first two.
FeatureLibrary library(const std::string& name) {
  return {.name = name,
          .cpe = "cpe:2.3:a:v:" + name + ":{version}:*:*:*:*:*:*:*",
          .family = {},
          .releases = {"1.0", "1.1", "1.2"},
          .sets = {{{0, 2}}, {{1, 2}}, {{0, 1}}, {{2, 2}}},
          .files = {name + ".c"},
          .texts = {},
          .bodies = {},
          .sources = {},
          .tables = {},
          .reports = {}};
}

std::uint32_t add_text(FeatureLibrary& to, std::string_view text, std::uint32_t set,
                       std::uint8_t flags = 0) {
  to.texts.push_back({hash_of(text), flags, static_cast<std::uint32_t>(text.size()), set, 0});
  return static_cast<std::uint32_t>(to.texts.size() - 1);
}

std::string text_of(const std::string& name, int i) {
  return name + " error number " + std::to_string(i);
}

FeatureLibrary with_texts(const std::string& name, int count) {
  FeatureLibrary out = library(name);
  for (int i = 0; i < count; ++i) add_text(out, text_of(name, i), 0);
  return out;
}

FileFacts file_with(const std::vector<std::string>& texts) {
  FileFacts facts;
  facts.elf = ElfFacts{};
  for (std::size_t i = 0; i < texts.size(); ++i)
    facts.strings.push_back({hash_of(texts[i]), 0x1000 + 64 * i});
  std::ranges::sort(facts.strings);
  return facts;
}

std::vector<std::string> first_texts(const std::string& name, int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back(text_of(name, i));
  return out;
}

class Data {
 public:
  explicit Data(const std::vector<FeatureLibrary>& libraries, const TableWindows& windows = {},
                const VersionFunctions& functions = {})
      : packed_(*pack_features(libraries, windows, functions)),
        features(*Features::open(packed_)) {}

 private:
  std::string packed_;

 public:
  Features features;
};

std::vector<std::uint32_t> numbers(const Column& column, Extent extent) {
  std::vector<std::uint32_t> out;
  for (std::size_t i = extent.first; i < extent.last; ++i) out.push_back(column.u32(i));
  return out;
}

TEST(FeatureData, ComesBackAsItWasPacked) {
  FeatureLibrary a = with_texts("aaa", 20);
  a.bodies = {{1, {0, 5, 19}}};
  a.sources = {{hash_of("x.c"), 0, {{0, {10, 20, 400}, {0, 2, 0}}}}};
  Data data({a, with_texts("bbb", 3)});
  ASSERT_TRUE(data.features.check());
  ASSERT_EQ(data.features.library_count(), 2u);
  EXPECT_EQ(data.features.texts().size(), 23u);
  const FeatureView back = data.features.library(0);
  EXPECT_EQ(back.name(), "aaa");
  EXPECT_EQ(back.cpe(), a.cpe);
  ASSERT_EQ(back.releases(), 3u);
  EXPECT_EQ(back.release(1), "1.1");
  EXPECT_EQ(back.release(3), "") << "there is none";
  EXPECT_EQ(back.file(0), "aaa.c");
  EXPECT_TRUE(back.has(1, 2) && !back.has(1, 0) && !back.has(9, 0));
  ASSERT_EQ(back.texts(), 20u);
  EXPECT_EQ(back.text(7).length, a.texts[7].length);
  EXPECT_EQ(back.core_texts()[2], 20u);
  EXPECT_EQ(numbers(back.body_texts(), back.body(0).texts), a.bodies[0].texts);
  ASSERT_EQ(back.sources().size(), 1u);
  const FeatureView::Source source = back.source(0);
  EXPECT_EQ(source.file_hash, hash_of("x.c"));
  ASSERT_EQ(source.versions.size(), 1u);
  const Extent lines = back.version(source.versions.first).lines;
  EXPECT_EQ(numbers(back.line_first(), lines), a.sources[0].versions[0].first);
  EXPECT_EQ(numbers(back.line_span(), lines), a.sources[0].versions[0].span);
  EXPECT_EQ(back.reports().size(), 0u);
}

TEST(FeatureData, RefusesWhatIsBroken) {
  const std::string good = *pack_features({with_texts("aaa", 20)});
  EXPECT_FALSE(Features::open("FTUR"));
  EXPECT_FALSE(Features::open("something else"));
  EXPECT_FALSE(Features::open(good + "x"));
  for (std::size_t size = 1; size < good.size(); ++size)
    EXPECT_FALSE(Features::open(std::string_view(good).substr(0, size))) << size;
  for (std::size_t at = 12; at < good.size(); ++at) {  // may open, must not break anything
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 0xff);
    if (Result<Features> features = Features::open(changed)) {
      [[maybe_unused]] Done checked = features->check();
      match_features(file_with(first_texts("aaa", 20)), *features, {});
    }
  }
}

TEST(FeatureData, EveryBlockOfTheProgramIsWhole) {
  const vuln::Database pack = *vuln::Database::open(vuln::embedded_pack());
  Result<Features> features = Features::open(pack.section("features"));
  ASSERT_TRUE(features);
  Done done = features->check();
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_GE(features->library_count(), 90u);
  for (std::size_t i = 0; i < features->library_count(); ++i) {
    EXPECT_GT(features->library(i).releases(), 0u) << features->library(i).name();
    EXPECT_FALSE(features->library(i).name().empty());
  }
}

TEST(FeatureMatch, NamesALibraryWhoseTextsAreThere) {
  Data data({with_texts("aaa", 20)});
  std::vector<FeatureMatch> found =
      match_features(file_with(first_texts("aaa", 12)), data.features, {});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "aaa");
  EXPECT_EQ(found[0].core_texts, 12u);
  EXPECT_DOUBLE_EQ(found[0].share, 0.6);
  // Nothing tells the few there are apart.
  EXPECT_EQ(found[0].releases, (std::vector<std::string>{"1.0", "1.1", "1.2"}));
}

TEST(FeatureMatch, AFewTextsAreNoLibraryUnlessItIsKnown) {
  Data data({with_texts("aaa", 100)});
  FileFacts facts = file_with(first_texts("aaa", 7));
  EXPECT_TRUE(match_features(facts, data.features, {}).empty());
  EXPECT_EQ(match_features(facts, data.features, {"aaa"}).size(), 1u);
}

TEST(FeatureMatch, TextsThatSayNothingDoNotCount) {
  FeatureLibrary silent = library("aaa");
  for (int i = 0; i < 20; ++i)
    add_text(silent, text_of("aaa", i), 0,
             i % 2 == 0 ? FeatureText::shared : FeatureText::identifier);
  Data data({silent});
  EXPECT_TRUE(match_features(file_with(first_texts("aaa", 20)), data.features, {}).empty());
}

// The weaker library has the stronger one's texts, as copies of a protocol's words.
TEST(FeatureMatch, WhatAStrongerOneExplainsCountsNoMore) {
  FeatureLibrary small = library("small");
  for (int i = 0; i < 10; ++i) add_text(small, text_of("large", i), 0);
  Data data({small, with_texts("large", 40)});
  std::vector<FeatureMatch> found =
      match_features(file_with(first_texts("large", 40)), data.features, {});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "large");
}

TEST(FeatureMatch, ARelativeMustHaveMuchOfItsOwn) {
  FeatureLibrary fork = with_texts("fork", 30), original = with_texts("original", 60);
  fork.family = original.family = "kin";
  Data data({fork, original});
  std::vector<std::string> texts = first_texts("original", 60);
  std::vector<std::string> some = first_texts("fork", 9), most = first_texts("fork", 25);
  some.insert(some.end(), texts.begin(), texts.end());
  most.insert(most.end(), texts.begin(), texts.end());
  EXPECT_EQ(match_features(file_with(some), data.features, {}).size(), 1u);
  EXPECT_EQ(match_features(file_with(most), data.features, {}).size(), 2u);
}

TEST(FeatureMatch, ATextThatCameLaterRulesOutOlderReleases) {
  FeatureLibrary a = with_texts("aaa", 20);
  add_text(a, "came with one point one", 1);
  add_text(a, "another of one point one", 1);
  std::vector<std::string> texts = first_texts("aaa", 20);
  texts.insert(texts.end(), {"came with one point one", "another of one point one"});
  Data data({a});
  std::vector<FeatureMatch> found = match_features(file_with(texts), data.features, {});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].releases, (std::vector<std::string>{"1.1", "1.2"}));
}

// Absence counts for texts that survive compilation, in functions whose others are there.
TEST(FeatureMatch, AnAbsentTextOfAPresentFunctionSpeaksAgainstItsReleases) {
  auto releases_with = [](std::uint8_t flags) {
    FeatureLibrary a = with_texts("aaa", 20);
    FeatureBody body{3, {0, 1, 2, 3}};  // only in 1.2
    for (int i = 0; i < 3; ++i)
      body.texts.push_back(add_text(a, "only in 1.2: " + std::to_string(i), 3, flags));
    a.bodies = {body};
    Data data({a});
    return match_features(file_with(first_texts("aaa", 20)), data.features, {})[0].releases;
  };
  EXPECT_EQ(releases_with(FeatureText::live), (std::vector<std::string>{"1.0", "1.1"}));
}

TEST(FeatureMatch, SourceLinesTellReleasesApart) {
  FeatureLibrary a = with_texts("aaa", 20);
  FeatureSource source{hash_of("aaa.c"), 0, {}};
  for (std::uint32_t release = 0; release < 3; ++release) {
    a.sets.push_back({{release, release}});
    FeatureLines lines{static_cast<std::uint32_t>(a.sets.size() - 1), {}, {}};
    for (std::uint32_t i = 0; i < 12; ++i) {
      lines.first.push_back(100 * i + 10 + release);
      lines.span.push_back(0);
    }
    source.versions.push_back(lines);
  }
  a.sources = {source};
  Data data({a});
  FileFacts facts = file_with(first_texts("aaa", 20));
  for (std::uint32_t i = 0; i < 12; ++i)
    facts.source_lines.push_back(
        {hash_of("aaa.c"), 100 * i + 11, SourceLine::By::next_argument, 2, 0x5000 + i});
  std::vector<FeatureMatch> found = match_features(facts, data.features, {});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].by_lines);
  EXPECT_EQ(found[0].lines, 12u);
  EXPECT_EQ(found[0].releases, std::vector<std::string>{"1.1"});
  EXPECT_EQ(found[0].lines_missing("1.0"), 12u);
  EXPECT_EQ(found[0].lines_missing("1.1"), 0u);
  EXPECT_EQ(found[0].lines_missing("7.7"), 0u);  // not in the data: nothing is known of it
  ASSERT_FALSE(found[0].seen.empty());
  EXPECT_EQ(found[0].seen[0].what, "line 11 of aaa.c");
  EXPECT_EQ(found[0].seen[0].offset, 0x5000u);

  // A version text that the lines contradict is a mention, and theirs is the answer.
  const Classifiers rows = *Classifiers::parse(R"({"classifiers": [
    {"library": "aaa", "purl": "pkg:generic/aaa@{version}", "not": ["x"],
     "confirm_at_least": 1, "confirm_alone": 2, "confirm": ["aaa error number 1"],
     "releases": "1.0 1.1 1.2",
     "versions": [{"pattern": "^aaa (\\d\\.\\d)$", "sample": "aaa 1.0", "version": "1.0"}]}]})");
  facts.texts = {{0x9000, "aaa 1.2"}};
  Identified planted = identify(facts, rows, data.features);
  ASSERT_EQ(planted.components.size(), 1u);
  EXPECT_EQ(planted.components[0].version.exact, "1.1");
  ASSERT_EQ(planted.mentions.size(), 1u);
  EXPECT_EQ(planted.mentions[0].version, "1.2");
  EXPECT_EQ(planted.mentions[0].why, "12 of 12 source lines in the code are of another release");
  facts.texts = {{0x9000, "aaa 1.1"}};
  Identified agreeing = identify(facts, rows, data.features);
  ASSERT_EQ(agreeing.components.size(), 1u);
  EXPECT_EQ(agreeing.components[0].version.exact, "1.1");
  EXPECT_TRUE(agreeing.mentions.empty());
}

// Forty windows of a table, at 32 bytes each from `offset` on.
std::vector<std::uint64_t> windows_of(std::uint64_t seed) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t i = 0; i < 40; ++i) out.push_back(seed * 1000 + i);
  return out;
}
void add_table(FileFacts& facts, const std::vector<std::uint64_t>& windows, std::uint64_t offset) {
  for (std::size_t i = 0; i < windows.size(); ++i)
    facts.tables.push_back({windows[i], offset + 32 * i});
  std::ranges::sort(facts.tables);
}

TEST(FeatureMatch, ATableOfItsOwnNamesALibraryWithoutTexts) {
  FeatureLibrary a = library("aaa");
  a.tables = {{.set = 1, .file = 0, .windows = 40, .bytes = 1280, .is_public = false, .name = "t"}};
  FeatureLibrary standard = library("standard");
  standard.tables = a.tables;
  standard.tables[0].is_public = true;
  Data data({a, standard}, {{windows_of(1)}, {windows_of(2)}});
  ASSERT_TRUE(data.features.check());
  FileFacts facts = file_with({});
  add_table(facts, windows_of(1), 0x8000);
  add_table(facts, windows_of(2), 0x4000);
  std::vector<FeatureMatch> found = match_features(facts, data.features, {});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "aaa");
  EXPECT_EQ(found[0].copies, 1u);
  EXPECT_EQ(found[0].releases, (std::vector<std::string>{"1.0", "1.1", "1.2"}));  // one table: 2
  ASSERT_FALSE(found[0].seen.empty());
  EXPECT_EQ(found[0].seen[0].what, "the table t of aaa.c");
  EXPECT_EQ(found[0].seen[0].offset, 0x8000u);
}

TEST(FeatureMatch, ATableInTwoPlacesIsTwoCopiesAndScatteredWindowsAreNone) {
  FeatureLibrary a = library("aaa");
  a.tables = {{.set = 0, .file = 0, .windows = 40, .bytes = 1280, .is_public = false, .name = "t"}};
  Data data({a}, {{windows_of(1)}});
  FileFacts twice = file_with({});
  add_table(twice, windows_of(1), 0x8000);
  add_table(twice, windows_of(1), 0x10000);
  ASSERT_EQ(match_features(twice, data.features, {}).size(), 1u);
  EXPECT_EQ(match_features(twice, data.features, {})[0].copies, 2u);
  FileFacts scattered = file_with({});
  for (std::uint64_t i = 0; i < 40; ++i)
    scattered.tables.push_back({windows_of(1)[i], 0x8000 + 4096 * i});
  EXPECT_TRUE(match_features(scattered, data.features, {}).empty());
}

// Two copies state a version each; a second text without a second copy is none.
TEST(FeatureMatch, EachCopyMayStateItsVersion) {
  FeatureLibrary a = library("aaa");
  a.tables = {{.set = 0, .file = 0, .windows = 40, .bytes = 1280, .is_public = false, .name = "t"}};
  Data data({a}, {{windows_of(1)}});
  const Classifiers rows = *Classifiers::parse(R"({"classifiers": [
    {"library": "aaa", "purl": "pkg:generic/aaa@{version}", "not": ["x"],
     "confirm_at_least": 1, "confirm_alone": 2, "confirm": ["aaa error number 1"],
     "releases": "1.0 1.1 1.2",
     "versions": [{"pattern": "^aaa (\\d\\.\\d)$", "sample": "aaa 1.0", "version": "1.0"}]}]})");
  FileFacts facts = file_with({"aaa error number 1"});
  facts.texts = {{0x9000, "aaa 1.0"}, {0x9100, "aaa 1.2"}};
  add_table(facts, windows_of(1), 0x8000);
  Identified once = identify(facts, rows, data.features);
  ASSERT_EQ(once.components.size(), 1u);
  EXPECT_FALSE(once.components[0].version.known());
  add_table(facts, windows_of(1), 0x10000);
  Identified twice = identify(facts, rows, data.features);
  ASSERT_EQ(twice.components.size(), 2u);
  EXPECT_EQ(twice.components[0].version.exact, "1.0");
  EXPECT_EQ(twice.components[1].version.exact, "1.2");
}

TEST(FeatureMatch, AVersionFunctionTellsTheRelease) {
  const VersionFunction one{VersionFunction::How::one, {10000, 100, 1}, 0, false};
  const VersionFunction proof{VersionFunction::How::one, {16777216, 65536, 256}, 0, true};
  const VersionFunction stored{VersionFunction::How::stored, {}, 0, false};
  auto with = [](const VersionFunction& function, std::vector<ConstantReturn> constants,
                 std::vector<HandedOut> handed, int texts) {
    FeatureLibrary a = with_texts("aaa", 20);
    a.releases = {"1.2.3", "1.2.4", "1.3.0"};
    Data data({a}, {}, {{function}});
    FileFacts facts = file_with(first_texts("aaa", texts));
    facts.constants = std::move(constants);
    facts.handed_out = std::move(handed);
    std::vector<FeatureMatch> found = match_features(facts, data.features, {});
    return found.empty() ? std::vector<std::string>{} : found[0].releases;
  };
  using Releases = std::vector<std::string>;
  EXPECT_EQ(with(one, {{10204, 1, 1}}, {}, 20), Releases{"1.2.4"});
  EXPECT_EQ(with(one, {{10299, 1, 1}}, {}, 20).size(), 3u);  // no release
  EXPECT_EQ(with(one, {{10204, 1, 1}}, {}, 0), Releases{});  // anybody may return that
  EXPECT_EQ(with(proof, {{0x01020400, 1, 1}}, {}, 0), Releases{"1.2.4"});
  EXPECT_EQ(with(stored, {}, {{HandedOut::How::stored, {1, 3, 0}, {}, 1, 1}}, 20),
            Releases{"1.3.0"});
}

// Lines that no release has, in files that the data have: another release than the known ones.
TEST(FeatureMatch, AReleaseThatIsNotInTheDataIsNotItsNeighbour) {
  FeatureLibrary a = with_texts("aaa", 20);
  a.releases = {"1.0.1", "1.0.2", "1.1.0"};
  a.files = {"a.c", "b.c", "c.c", "d.c", "e.c"};
  a.sets.push_back({{0, 0}});
  a.sets.push_back({{1, 1}});
  for (std::uint32_t file = 0; file < 5; ++file) {
    FeatureSource source{hash_of(a.files[file]), file, {}};
    for (std::uint32_t release = 0; release < 2; ++release) {
      FeatureLines lines{4 + release, {}, {}};
      for (std::uint32_t i = 0; i < 20; ++i) {
        lines.first.push_back(100 * i + 10 + 3 * release);
        lines.span.push_back(0);
      }
      source.versions.push_back(lines);
    }
    a.sources.push_back(source);
  }
  std::ranges::sort(a.sources, {}, &FeatureSource::file_hash);
  Data data({a});
  auto match = [&](std::uint32_t release, std::uint32_t moved_from) {
    FileFacts facts = file_with(first_texts("aaa", 20));
    for (const char* file : {"a.c", "b.c", "c.c", "d.c", "e.c"})
      for (std::uint32_t i = 0; i < 20; ++i)
        facts.source_lines.push_back({hash_of(file),
                                      100 * i + 10 + 3 * release + (i >= moved_from ? 1 : 0),
                                      SourceLine::By::next_argument, 1, 0x5000 + i});
    std::ranges::sort(facts.source_lines);
    return match_features(facts, data.features, {})[0];
  };
  EXPECT_FALSE(match(1, 20).is_unknown);
  EXPECT_EQ(match(1, 20).releases, std::vector<std::string>{"1.0.2"});
  EXPECT_TRUE(match(1, 18).is_unknown);  // behind the newest of its branch
  EXPECT_EQ(match(1, 18).lines_off, 10u);
  EXPECT_EQ(match(1, 18).files_off, 5u);
  EXPECT_FALSE(match(0, 18).is_unknown);  // 1.0.2 is known: a patch
  EXPECT_TRUE(match(0, 12).is_unknown);   // too much for patches
}

// SQLite's reports name no file. An amalgamation is its sources one behind the other.
TEST(FeatureMatch, ReportsOfLinesAreComparedModuloAnOffsetForEachSourceFile) {
  FeatureLibrary a = with_texts("aaa", 20);
  a.report_text = hash_of("%s at line %d");
  a.files = {"a.c", "b.c"};
  a.sets.push_back({{0, 0}});
  a.sets.push_back({{1, 1}});
  for (std::uint32_t file = 0; file < 2; ++file) {
    FeatureSource source{a.report_text, file, {}};
    for (std::uint32_t release = 0; release < 2; ++release) {
      FeatureLines lines{4 + release, {}, {}};
      for (std::uint32_t i = 1; i < 12; ++i) {
        lines.first.push_back(40 * i + i * i * (1 + release));
        lines.span.push_back(0);
      }
      source.versions.push_back(lines);
    }
    a.reports.push_back(source);
  }
  Data data({a});
  FileFacts facts = file_with(first_texts("aaa", 20));
  for (std::uint32_t offset : {1000u, 31000u})
    for (std::uint32_t i = 1; i < 12; ++i)
      facts.source_lines.push_back(
          {a.report_text, offset + 40 * i + i * i * 2, SourceLine::By::reporter, 0, 0x6000 + i});
  std::ranges::sort(facts.source_lines);
  const std::vector<FeatureMatch> found = match_features(facts, data.features, {});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].by_lines);
  EXPECT_EQ(found[0].releases, std::vector<std::string>{"1.1"});
}

TEST(FeatureMatch, ATextMayDecideBetweenReleasesThatTheFeaturesLeaveOpen) {
  Data data({with_texts("aaa", 20)});
  FileFacts facts = file_with(first_texts("aaa", 20));
  facts.texts = {{0x9000, "this is aaa 1.1"}};
  Identified found = identify(facts, Classifiers(), data.features);
  ASSERT_EQ(found.components.size(), 1u);
  EXPECT_EQ(found.components[0].version.exact, "1.1");
  facts.texts = {{0x9000, "this is aaa 1.1"}, {0x9100, "aaa/1.2"}};
  EXPECT_FALSE(identify(facts, Classifiers(), data.features).components[0].version.known());
  facts.texts = {{0x9000, "1.1"}};  // anybody's number
  EXPECT_FALSE(identify(facts, Classifiers(), data.features).components[0].version.known());
}

TEST(FeatureMatch, ALibraryWithoutARowIsAComponentWithEvidence) {
  Data data({with_texts("aaa", 20)});
  Identified found = identify(file_with(first_texts("aaa", 20)), Classifiers(), data.features);
  ASSERT_EQ(found.components.size(), 1u);
  EXPECT_EQ(found.components[0].name, "aaa");
  EXPECT_EQ(found.components[0].purl, "pkg:generic/aaa");
  EXPECT_EQ(found.components[0].cpe, "cpe:2.3:a:v:aaa:*:*:*:*:*:*:*:*");
  ASSERT_FALSE(found.components[0].evidence.empty());
  EXPECT_EQ(found.components[0].evidence[0].seen, "a text of aaa.c");
}

}  // namespace
}  // namespace fathom::signature
