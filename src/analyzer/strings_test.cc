#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "analyzer/analyzer.h"
#include "analyzer/byte_masks.h"
#include "analyzer/text_runs.h"
#include "base/digest.h"
#include "base/text.h"
#include "elf/constants.h"
#include "elf/testing.h"

namespace fathom {
namespace {

using namespace std::string_literals;
using elf::testing::TestElf;
using elf::testing::TestSection;

std::string nul_separated(const std::vector<std::string>& texts) {
  std::string out(1, '\0');
  for (const std::string& text : texts) out += text + '\0';
  return out;
}

FileFacts facts_of(const std::vector<TestSection>& sections) {
  TestElf t;
  t.sections = sections;
  return recover(ByteView::of(t.build()), Limits{});
}

bool has_string(const FileFacts& facts, std::string_view text) {
  std::uint64_t hash = xxh3_of(ByteView::of(text));
  return std::ranges::any_of(facts.strings, [&](const StringHash& s) { return s.hash == hash; });
}

bool has_text(const FileFacts& facts, std::string_view text) {
  return std::ranges::any_of(facts.texts, [&](const Text& t) { return t.text == text; });
}

TEST(Strings, HashesWholeRunsThatEndWithNul) {
  FileFacts facts = facts_of({{.name = ".rodata",
                               .flags = elf::SHF_ALLOC,
                               .contents = nul_separated({"inflate failed", "short", "sixsix",
                                                          "tab\tand\nline\x1b", "Grüße, Welt"}) +
                                           "no end"}});
  EXPECT_TRUE(has_string(facts, "inflate failed"));
  EXPECT_TRUE(has_string(facts, "sixsix"));
  EXPECT_TRUE(has_string(facts, "tab\tand\nline\x1b"));
  EXPECT_TRUE(has_string(facts, "Grüße, Welt"));
  EXPECT_FALSE(has_string(facts, "short"));
  EXPECT_FALSE(has_string(facts, "no end"));
  EXPECT_FALSE(has_string(facts, "failed"));
}

TEST(Strings, SayWhereTheyAre) {
  TestElf t;
  t.sections = {{.name = ".rodata", .contents = nul_separated({"a string", "release 1.2.13"})}};
  FileFacts facts = recover(ByteView::of(t.build()), Limits{});
  StringHash expected{xxh3_of(ByteView::of("a string")), t.offset_of(0) + 1};
  EXPECT_TRUE(std::ranges::find(facts.strings, expected) != facts.strings.end());
  ASSERT_EQ(facts.texts.size(), 1u);
  EXPECT_EQ(facts.texts[0], (Text{t.offset_of(0) + 10, "release 1.2.13"}));
}

TEST(Strings, BytesThatAreNoUtf8EndAText) {
  FileFacts facts = facts_of({{.name = ".rodata",
                               .contents = "\xff\xfegood text\0"
                                           "bad\xc3 one 1.5\0"s}});
  EXPECT_TRUE(has_string(facts, "good text"));
  EXPECT_TRUE(has_string(facts, " one 1.5"));
  EXPECT_TRUE(has_text(facts, " one 1.5"));
}

TEST(Strings, VersionsInBlocksWithoutNulAreFound) {
  std::string blob(10'000, 'x');
  blob.replace(5000, 8, "v1.22.33");
  blob.replace(9000, 5, "2.718");
  FileFacts facts = facts_of({{.name = ".rodata", .contents = "\x01" + blob + "\x01"}});
  ASSERT_EQ(facts.texts.size(), 2u);
  EXPECT_NE(facts.texts[0].text.find("v1.22.33"), std::string::npos);
  EXPECT_EQ(facts.texts[0].text.size(), 64u + 6 + 64);  // around "1.2" and "2.3"
  EXPECT_NE(facts.texts[1].text.find("2.718"), std::string::npos);
}

TEST(Strings, WindowsDoNotCutCharacters) {
  std::string blob;
  while (blob.size() < 6000) blob += "ü";
  blob += "1.5";
  while (blob.size() < 12'000) blob += "ü";
  FileFacts facts = facts_of({{.name = ".rodata", .contents = blob}});
  ASSERT_EQ(facts.texts.size(), 1u);
  EXPECT_TRUE(is_utf8(facts.texts[0].text));
  EXPECT_NE(facts.texts[0].text.find("1.5"), std::string::npos);
}

TEST(Strings, CodeAndSymbolTablesAreLeftOutDataOfAnyKindIsNot) {
  FileFacts facts = facts_of({
      {.name = ".text", .flags = elf::SHF_EXECINSTR, .contents = nul_separated({"in the code"})},
      {.name = ".strtab", .type = elf::SHT_STRTAB, .contents = nul_separated({"a symbol"})},
      {.name = ".debug_str", .contents = nul_separated({"debug information"})},
      {.name = ".anything", .type = 0x70001234, .contents = nul_separated({"odd section"})},
      {.name = ".comment", .contents = nul_separated({"GCC: 12.2.0"})},
  });
  EXPECT_FALSE(has_string(facts, "in the code"));
  EXPECT_FALSE(has_string(facts, "a symbol"));
  EXPECT_FALSE(has_string(facts, "debug information"));
  EXPECT_TRUE(has_string(facts, "odd section"));
  EXPECT_TRUE(has_text(facts, "GCC: 12.2.0"));
}

// Names and flags are cheap to change; what is loaded as data is looked at whatever they say.
TEST(Strings, HeadersCannotHideLoadedData) {
  TestElf t;
  t.sections = {
      {.name = ".debug_str", .address = 0x1000, .contents = nul_separated({"called debug 1.2"})},
      {.name = ".strtab",
       .type = elf::SHT_STRTAB,
       .address = 0x1100,
       .contents = nul_separated({"called symbols 1.2"})},
      {.name = ".text",
       .flags = elf::SHF_EXECINSTR,
       .address = 0x1200,
       .contents = nul_separated({"called code 1.2"})},
  };
  t.segments = {{.flags = elf::PF_R, .address = 0x1000, .first = 0, .last = 2}};
  FileFacts facts = recover(ByteView::of(t.build()), Limits{});
  EXPECT_TRUE(has_string(facts, "called debug 1.2"));
  EXPECT_TRUE(has_string(facts, "called symbols 1.2"));
  EXPECT_TRUE(has_string(facts, "called code 1.2"));
}

TEST(Strings, WithoutSectionsAndBehindThemEverythingIsLookedAt) {
  TestElf t;
  t.with_section_headers = false;
  t.sections = {{.contents = nul_separated({"in the middle"})}};
  EXPECT_TRUE(has_string(recover(ByteView::of(t.build()), Limits{}), "in the middle"));
  t.with_section_headers = true;
  t.overlay = nul_separated({"appended payload"});
  EXPECT_TRUE(has_string(recover(ByteView::of(t.build()), Limits{}), "appended payload"));
}

TEST(Strings, SectionsAreBorders) {
  FileFacts facts = facts_of({{.name = ".a", .contents = "left 1.2"},
                              {.name = ".b", .contents = nul_separated({"right 3.4"}).substr(1)}});
  EXPECT_TRUE(has_text(facts, "left 1.2"));
  EXPECT_TRUE(has_string(facts, "right 3.4"));
}

TEST(Strings, FactsStayASmallPartOfTheFile) {
  std::mt19937 random(3);
  std::string contents;
  while (contents.size() < 8 * kMiB) {
    std::size_t size = 6 + random() % 30;
    for (std::size_t i = 0; i < size; ++i) contents += static_cast<char>('a' + random() % 26);
    contents += "1.5";
    contents += '\0';
  }
  const std::string longest = "the longest of them all, kept before any other one 1.5";
  contents += longest + '\0';
  FileFacts facts = facts_of({{.name = ".rodata", .contents = contents}});
  EXPECT_LE(encode(facts).size() * 25, facts.size);  // 4 %
  EXPECT_GT(encode(facts).size() * 40, facts.size);  // and the room is used
  ASSERT_EQ(facts.gaps.size(), 1u);
  EXPECT_EQ(facts.gaps[0].stage, "strings");
  EXPECT_EQ(facts.gaps[0].code, ErrorCode::limit_exceeded);
  EXPECT_TRUE(has_string(facts, longest));
}

TEST(Strings, TextsHaveTheRoomThatStringsLeave) {
  std::string blob;
  std::size_t texts = 0;
  for (; blob.size() < 4 * kMiB; ++texts)  // 2.6 % of it are windows
    blob += std::string(5000, '-') + "1." + std::to_string(100'000 + texts);
  FileFacts facts = facts_of({{.name = ".rodata", .contents = "\x01" + blob + "\x01"}});
  EXPECT_TRUE(facts.strings.empty());
  EXPECT_EQ(facts.texts.size(), texts);
  EXPECT_TRUE(facts.gaps.empty());
}

TEST(Strings, NamesOfSymbolsGiveWayToLiteralsWithoutAGap) {
  std::string names, literals;
  for (int i = 0; i < 30'000; ++i) names += "symbol_with_a_long_name_" + std::to_string(i) + '\0';
  for (int i = 0; i < 100; ++i) literals += "word" + std::to_string(100 + i) + '\0';
  FileFacts facts = facts_of(
      {{.name = ".dynstr", .type = elf::SHT_STRTAB, .flags = elf::SHF_ALLOC, .contents = names},
       {.name = ".rodata", .contents = literals}});
  EXPECT_TRUE(facts.gaps.empty());
  EXPECT_LT(facts.strings.size(), 30'000u);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(has_string(facts, "word" + std::to_string(100 + i)));
}

TEST(ByteMasks, FastAndPlainAgree) {
  std::mt19937 random(5);
  std::array<std::uint8_t, 64> bytes{};
  for (int round = 0; round < 2000; ++round) {
    for (std::size_t i = 0; i < 64; ++i)
      bytes[i] =
          static_cast<std::uint8_t>(round < 4 ? 64u * static_cast<unsigned>(round) + i : random());
    ByteMasks fast = masks_of(bytes), plain = masks_of_bytes(bytes);
    ASSERT_EQ(fast.text, plain.text);
    ASSERT_EQ(fast.high, plain.high);
    ASSERT_EQ(fast.digit, plain.digit);
    ASSERT_EQ(fast.dot, plain.dot);
  }
}

// The same runs, one byte after another.
std::vector<std::pair<std::uint64_t, std::string>> runs_one_by_one(std::string_view bytes) {
  std::vector<std::pair<std::uint64_t, std::string>> out;
  auto ends = [&](std::size_t start, std::size_t end, bool nul) {
    std::string_view run = bytes.substr(start, end - start);
    if ((nul && run.size() >= 6) || find_version(run) != run.npos) out.emplace_back(start, run);
  };
  std::size_t start = 0;
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    bool in_text =
        at < bytes.size() && masks_of_byte(static_cast<std::uint8_t>(bytes[at])).text != 0;
    // A sequence of UTF-8, by the general test of base/text.h.
    std::size_t size = 1;
    if (in_text && static_cast<unsigned char>(bytes[at]) >= 0x80) {
      size = 2;
      while (size <= 4 && !(at + size <= bytes.size() && is_utf8(bytes.substr(at, size)))) ++size;
      in_text = size <= 4;
    }
    if (in_text) {
      at += size - 1;
      continue;
    }
    ends(start, at, at < bytes.size() && bytes[at] == '\0');
    start = at + 1;
  }
  return out;
}

TEST(TextRuns, AreTheSameAsFoundOneByteAtATime) {
  std::mt19937 random(11);
  const std::vector<std::string> parts{"abc",
                                       "1.2",
                                       ".",
                                       "7",
                                       std::string(1, '\0'),
                                       "\x01",
                                       "\xc3\xbc",
                                       "\xc3",
                                       "\xf0\x9f\x98\x80",
                                       "\xff",
                                       "a longer part of a text",
                                       "\x7f"};
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (auto n = random() % 60; n > 0; --n) bytes += parts[random() % parts.size()];
    std::vector<std::pair<std::uint64_t, std::string>> found;
    find_text_runs(ByteView::of(bytes), 6, [&](const TextRun& run) {
      found.emplace_back(run.offset, bytes.substr(run.offset, run.size));
    });
    ASSERT_EQ(found, runs_one_by_one(bytes)) << to_hex(ByteView::of(bytes));
  }
}

}  // namespace
}  // namespace fathom
