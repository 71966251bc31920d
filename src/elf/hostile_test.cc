// Files that lie: each case is one that has crashed, hung or fooled some ELF reader.

#include <gtest/gtest.h>

#include "elf/constants.h"
#include "elf/elf_file.h"
#include "elf/testing.h"

namespace fathom::elf {
namespace {

using namespace std::string_literals;

using testing::poke;
using testing::TestElf;

// Parses a copy of exactly its size, so that the sanitizers see any overrun.
struct Parsed {
  explicit Parsed(const std::string& text, const Limits& limits = {})
      : bytes(text.begin(), text.end()), elf(ElfFile::parse(bytes, limits)) {}
  bool has_problem(std::string_view part) const {
    for (const Error& problem : elf->problems())
      if (problem.message.find(part) != std::string::npos) return true;
    return false;
  }
  Bytes bytes;
  Result<ElfFile> elf;
};

TestElf two_sections() {
  TestElf t;
  t.segments = {{.flags = PF_R | PF_X, .address = 0x1000, .first = 0, .last = 1}};
  t.sections = {{.name = ".text",
                 .flags = SHF_EXECINSTR,
                 .address = 0x1000,
                 .contents = std::string(64, '\xc3')},
                {.name = ".rodata", .address = 0x1040, .contents = "constants"}};
  return t;
}

TEST(HostileElf, WhatIsNoElfFileIsAnError) {
  EXPECT_FALSE(Parsed("").elf);
  EXPECT_FALSE(Parsed("\x7f"
                      "ELF")
                   .elf);
  EXPECT_FALSE(Parsed("#!/bin/sh\n").elf);
  std::string file = two_sections().build();
  poke(file, 4, "\x03");
  EXPECT_FALSE(Parsed(file).elf);
  file = two_sections().build();
  poke(file, 5, std::string(1, '\0'));
  EXPECT_FALSE(Parsed(file).elf);
}

TEST(HostileElf, TableOffsetsThatWrapCostTheirTable) {
  TestElf t = two_sections();
  std::string file = t.build();
  poke(file, 40, t.wide(~std::uint64_t{0} - 8));  // e_shoff
  Parsed parsed(file);
  ASSERT_TRUE(parsed.elf);
  EXPECT_TRUE(parsed.has_problem("section headers"));
  EXPECT_TRUE(parsed.elf->sections().empty());
  EXPECT_EQ(parsed.elf->segments().size(), 1u);
  EXPECT_EQ(parsed.elf->executable_ranges().size(), 1u);  // by the segment

  file = t.build();
  poke(file, 32, t.wide(0x7fffffffffffffff));  // e_phoff
  Parsed without_segments(file);
  ASSERT_TRUE(without_segments.elf);
  EXPECT_TRUE(without_segments.has_problem("program headers"));
  EXPECT_EQ(without_segments.elf->sections().size(), 4u);
}

TEST(HostileElf, ABadSectionCostsThatSection) {
  TestElf t = two_sections();
  t.sections[1].offset = ~std::uint64_t{0} - 4;
  t.sections[1].size = 64;
  Parsed parsed(t.build());
  ASSERT_TRUE(parsed.elf);
  EXPECT_TRUE(parsed.has_problem("section 2"));
  EXPECT_TRUE(parsed.elf->find_section(".rodata")->contents.empty());
  EXPECT_EQ(parsed.elf->find_section(".text")->contents.size(), 64u);
}

TEST(HostileElf, SectionsThatReachPastTheEndAreClamped) {
  TestElf t = two_sections();
  t.sections[0].size = std::uint64_t{1} << 62;
  std::string file = t.build();
  Parsed parsed(file);
  ASSERT_TRUE(parsed.elf);
  EXPECT_TRUE(parsed.has_problem("section 1"));
  EXPECT_EQ(parsed.elf->find_section(".text")->contents.size(), file.size() - t.offset_of(0));
}

TEST(HostileElf, WrongEntrySizesAreNamedAndIgnored) {
  TestElf t = two_sections();
  for (std::uint64_t size : {0u, 1u, 63u}) {
    std::string file = t.build();
    poke(file, 54, t.half(std::min<std::uint64_t>(size, 55)));  // e_phentsize
    poke(file, 58, t.half(size));                               // e_shentsize
    Parsed parsed(file);
    ASSERT_TRUE(parsed.elf);
    EXPECT_TRUE(parsed.has_problem("section headers: entry size"));
    EXPECT_TRUE(parsed.has_problem("program headers: entry size"));
    EXPECT_NE(parsed.elf->find_section(".rodata"), nullptr);
  }
}

TEST(HostileElf, OverlappingCodeIsCountedOnce) {
  TestElf t = two_sections();
  std::uint64_t text = t.offset_of(0);
  t.sections = {
      {.name = ".a",
       .flags = SHF_EXECINSTR,
       .address = 0x1000,
       .contents = std::string(64, '\xc3')},
      {.name = ".b", .flags = SHF_EXECINSTR, .address = 0x2010, .offset = text + 16, .size = 64},
      {.name = ".c", .flags = SHF_EXECINSTR, .address = 0x3000, .offset = text, .size = 64},
      {.name = ".d", .flags = SHF_EXECINSTR, .address = 0x4000, .offset = text + 20, .size = 4}};
  t.segments[0].last = 0;
  std::string file = t.build();
  Parsed parsed(file);
  ASSERT_TRUE(parsed.elf);
  const auto& ranges = parsed.elf->executable_ranges();
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0].offset, text);
  EXPECT_EQ(ranges[0].size, 64u);
  EXPECT_EQ(ranges[1].offset, text + 64);
  EXPECT_EQ(ranges[1].size, 16u);
  EXPECT_EQ(ranges[1].address, 0x2010u + 48);  // moved along with what was cut off
}

TEST(HostileElf, CountsAreHeldAgainstLimits) {
  TestElf t;
  for (int i = 0; i < 40; ++i) t.sections.push_back({.name = "s", .contents = "x"});
  Limits limits;
  limits.elf_sections = 10;
  Parsed parsed(t.build(), limits);
  ASSERT_TRUE(parsed.elf);
  EXPECT_EQ(parsed.elf->sections().size(), 10u);
  EXPECT_TRUE(parsed.has_problem("more than 10"));
}

TEST(HostileElf, ExtendedNumbersThatLieAreBounded) {
  TestElf t = two_sections();
  std::string file = t.build();
  poke(file, 60, t.half(0));
  poke(file, t.section_table() + 32, t.wide(~std::uint64_t{0}));
  Parsed parsed(file);
  ASSERT_TRUE(parsed.elf);
  EXPECT_EQ(parsed.elf->sections().size(), 4u);  // those that are in the file
  EXPECT_TRUE(parsed.has_problem("more than 65536"));
  EXPECT_TRUE(parsed.has_problem("are in the file"));

  poke(file, 56, t.half(0xffff));
  poke(file, 40, t.wide(file.size() - 3));  // and no section to hold the count of segments
  Parsed without(file);
  ASSERT_TRUE(without.elf);
  EXPECT_TRUE(without.elf->segments().empty());
  EXPECT_TRUE(without.has_problem("section 0"));
}

TEST(HostileElf, NamesOutsideTheirTable) {
  TestElf t = two_sections();
  std::string file = t.build();
  poke(file, t.section_table() + 64, t.word(0xfffffff0));  // sh_name of .text
  Parsed parsed(file);
  ASSERT_TRUE(parsed.elf);
  EXPECT_TRUE(parsed.has_problem("name of section 1"));
  EXPECT_EQ(parsed.elf->sections()[1].contents.size(), 64u);

  poke(file, 62, t.half(77));  // e_shstrndx
  Parsed nameless(file);
  ASSERT_TRUE(nameless.elf);
  EXPECT_TRUE(nameless.has_problem("index 77"));
  EXPECT_EQ(nameless.elf->sections().size(), 4u);
}

TEST(HostileElf, ProblemsAreKeptUpToTheLimitAndCounted) {
  TestElf t;
  for (int i = 0; i < 300; ++i) t.sections.push_back({.name = "s", .offset = 1 << 20, .size = 9});
  Parsed parsed(t.build());
  ASSERT_TRUE(parsed.elf);
  EXPECT_EQ(parsed.elf->problems().size(), 100u);
  EXPECT_EQ(parsed.elf->problems_not_kept(), 200u);
}

TestElf with_dynamic(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& entries) {
  TestElf t;
  t.with_section_headers = false;
  t.sections = {{.contents = t.dynamic(entries)}, {.contents = "\0name\0"s}};
  t.segments = {{.address = 0x1000, .first = 0, .last = 1},
                {.type = PT_DYNAMIC, .address = 0x1000, .first = 0, .last = 0}};
  return t;
}

TEST(HostileElf, StringTablesOutsideTheFile) {
  Parsed parsed(with_dynamic({{DT_NEEDED, 1}, {DT_STRTAB, 0xdead0000}, {DT_NULL, 0}}).build());
  ASSERT_TRUE(parsed.elf);
  EXPECT_TRUE(parsed.has_problem("DT_STRTAB: address 0xdead0000"));
  EXPECT_TRUE(parsed.has_problem("no string table"));
  EXPECT_TRUE(parsed.elf->needed().empty());
}

TEST(HostileElf, NamesOutsideTheStringTable) {
  const std::uint64_t strings = 0x1000 + 5 * 16;
  Parsed parsed(with_dynamic({{DT_NEEDED, 1},
                              {DT_NEEDED, 0xffffffffffffffff},
                              {DT_STRTAB, strings},
                              {DT_STRSZ, 6},
                              {DT_NULL, 0}})
                    .build());
  ASSERT_TRUE(parsed.elf);
  EXPECT_EQ(parsed.elf->needed(), (std::vector<std::string_view>{"name"}));
  EXPECT_TRUE(parsed.has_problem("DT_NEEDED"));
}

TEST(HostileElf, ADynamicSectionWithoutAnEnd) {
  Parsed parsed(with_dynamic({{DT_SONAME, 1}, {DT_STRTAB, 0x1020}}).build());
  ASSERT_TRUE(parsed.elf);
  EXPECT_EQ(parsed.elf->soname(), "name");
  EXPECT_TRUE(parsed.has_problem("no DT_NULL"));
}

// The loader maps by address; an offset that says something else is for misleading tools.
TEST(HostileElf, TheAddressOfTheDynamicSectionWinsOverItsOffset) {
  TestElf t = with_dynamic({{DT_SONAME, 1}, {DT_STRTAB, 0x1030}, {DT_NULL, 0}});
  t.segments[1].first = -1;
  t.segments[1].offset = 7;
  t.segments[1].size = 48;
  Parsed parsed(t.build());
  ASSERT_TRUE(parsed.elf);
  EXPECT_EQ(parsed.elf->soname(), "name");
  EXPECT_TRUE(parsed.has_problem("PT_DYNAMIC"));
}

TEST(HostileElf, AnInterpreterWithoutItsEnd) {
  TestElf t;
  t.sections = {{.name = ".interp", .contents = "/lib/ld"}};
  t.segments = {{.type = PT_INTERP, .first = 0, .last = 0}};
  Parsed parsed(t.build());
  ASSERT_TRUE(parsed.elf);
  EXPECT_TRUE(parsed.has_problem("PT_INTERP"));
}

TEST(HostileElf, NoteSizesThatWrap) {
  TestElf t;
  for (std::uint64_t size : {0xffffffffu, 0xfffffffcu, 0x80000000u}) {
    t.sections = {{.name = ".note",
                   .type = SHT_NOTE,
                   .contents = t.note("GNU", 1, "good") + t.word(size) + t.word(size) + t.word(1)}};
    Parsed parsed(t.build());
    ASSERT_TRUE(parsed.elf);
    EXPECT_EQ(parsed.elf->notes().size(), 1u);
    EXPECT_TRUE(parsed.has_problem("leaves its block"));
  }
}

// 60,000 headers that all show the same notes: the work is bounded, not only the result.
TEST(HostileElf, ManyBlocksOfTheSameNotes) {
  TestElf t;
  std::string notes;
  for (int i = 0; i < 1000; ++i) notes += t.note("", 7, "");
  t.sections = {{.name = ".note", .contents = notes}};
  std::uint64_t at = t.header_size() + 60'000 * t.segment_size();
  t.segments.assign(60'000, {.type = PT_NOTE, .offset = at, .size = notes.size()});
  Parsed parsed(t.build());
  ASSERT_TRUE(parsed.elf);
  EXPECT_EQ(parsed.elf->notes().size(), 1000u);
  EXPECT_TRUE(parsed.has_problem("more than 4096"));
}

TEST(HostileElf, SegmentsOfImpossibleSize) {
  TestElf t = two_sections();
  t.segments[0] = {.flags = PF_X,
                   .address = ~std::uint64_t{0} - 15,
                   .offset = 0,
                   .size = std::uint64_t{1} << 63};
  t.with_section_headers = false;
  std::string file = t.build();
  Parsed parsed(file);
  ASSERT_TRUE(parsed.elf);
  EXPECT_TRUE(parsed.has_problem("segment 0"));
  EXPECT_EQ(parsed.elf->offset_of_address(~std::uint64_t{0} - 15), 0u);
  ASSERT_EQ(parsed.elf->executable_ranges().size(), 1u);
  EXPECT_EQ(parsed.elf->executable_ranges()[0].size, file.size());
}

TEST(HostileElf, VersionDefinitionsThatLeadOutside) {
  TestElf t = with_dynamic(
      {{DT_STRTAB, 0x1050}, {DT_STRSZ, 6}, {DT_VERDEF, 0x1050}, {DT_VERDEFNUM, ~0u}, {DT_NULL, 0}});
  Parsed parsed(t.build());
  ASSERT_TRUE(parsed.elf);
  EXPECT_TRUE(parsed.elf->version_definitions().empty());
  EXPECT_TRUE(parsed.has_problem("DT_VERDEF"));
}

}  // namespace
}  // namespace fathom::elf
