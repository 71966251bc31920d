#include <gtest/gtest.h>

#include "analyzer/analyzer.h"
#include "elf/constants.h"
#include "elf/testing.h"

namespace fathom {
namespace {

using namespace std::string_literals;

using elf::testing::TestElf;

ElfFacts facts_of(const TestElf& t) {
  FileFacts facts = recover(ByteView::of(t.build()), Limits{});
  EXPECT_TRUE(facts.elf.has_value());
  return facts.elf.value_or(ElfFacts{});
}

// A file of type ET_DYN with or without its marks.
TestElf dynamic_file(bool interpreter, bool pie, bool soname) {
  TestElf t{.type = elf::ET_DYN};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> entries{{elf::DT_STRTAB, 0x1000}};
  if (pie) entries.push_back({elf::DT_FLAGS_1, elf::DF_1_PIE});
  if (soname) entries.push_back({elf::DT_SONAME, 1});
  entries.push_back({elf::DT_NULL, 0});
  t.sections = {{.name = ".dynstr", .type = elf::SHT_STRTAB, .contents = "\0libme.so.1\0"s},
                {.name = ".dynamic", .type = elf::SHT_DYNAMIC, .contents = t.dynamic(entries)},
                {.name = ".interp", .contents = "/ld.so\0"s}};
  t.segments = {{.address = 0x1000, .first = 0, .last = 2},
                {.type = elf::PT_DYNAMIC, .address = 0x100c, .first = 1, .last = 1}};
  if (interpreter) t.segments.push_back({.type = elf::PT_INTERP, .first = 2, .last = 2});
  return t;
}

TEST(ElfFacts, TypesAreThoseThatPeopleName) {
  auto type = [](bool interpreter, bool pie, bool soname) {
    return facts_of(dynamic_file(interpreter, pie, soname)).type;
  };
  EXPECT_EQ(type(true, true, false), "pie");
  EXPECT_EQ(type(true, false, false), "pie");  // of older linkers
  EXPECT_EQ(type(false, true, false), "static-pie");
  EXPECT_EQ(type(false, false, true), "shared object");
  EXPECT_EQ(type(true, false, true), "shared object");  // libc.so.6 can be run
  EXPECT_EQ(facts_of({.type = elf::ET_EXEC}).type, "executable");
  EXPECT_EQ(facts_of({.type = elf::ET_REL}).type, "relocatable");
  EXPECT_EQ(facts_of({.type = elf::ET_CORE}).type, "core");
  EXPECT_EQ(facts_of({.type = 0xfe00}).type, "ET_65024");
}

TEST(ElfFacts, StaticIsWhatRunsAlone) {
  EXPECT_TRUE(facts_of(dynamic_file(false, true, false)).is_static);
  EXPECT_TRUE(facts_of({.type = elf::ET_EXEC}).is_static);
  EXPECT_FALSE(facts_of(dynamic_file(true, true, false)).is_static);
  EXPECT_FALSE(facts_of(dynamic_file(false, false, true)).is_static);
  EXPECT_FALSE(facts_of({.type = elf::ET_REL}).is_static);
}

TEST(ElfFacts, MachinesHaveNames) {
  EXPECT_EQ(facts_of({.machine = 62}).machine_name, "x86_64");
  EXPECT_EQ(facts_of({.machine = 183}).machine_name, "aarch64");
  EXPECT_EQ(facts_of({.bits = 32, .big_endian = true, .machine = 20}).machine_name, "ppc");
  EXPECT_EQ(facts_of({.machine = 999}).machine_name, "EM_999");
}

TEST(ElfFacts, NotesCommentsAndTables) {
  TestElf t;
  t.sections = {
      {.name = ".note.gnu.build-id",
       .type = elf::SHT_NOTE,
       .contents = t.note("GNU", 3, "\x12\xab")},
      {.name = ".note.go.buildid", .type = elf::SHT_NOTE, .contents = t.note("Go", 4, "abc/def")},
      {.name = ".comment", .contents = "GCC 12\0GCC 12\0clang 19\0"s},
      {.name = ".text", .flags = elf::SHF_EXECINSTR, .contents = std::string(100, '\x90')},
  };
  ElfFacts facts = facts_of(t);
  EXPECT_EQ(facts.build_id, "12ab");
  EXPECT_EQ(facts.go_build_id, "abc/def");
  EXPECT_EQ(facts.comments, (std::vector<std::string>{"GCC 12", "clang 19"}));
  EXPECT_EQ(facts.executable_bytes, 100u);
  EXPECT_TRUE(facts.stripped);
  EXPECT_FALSE(facts.has_debug_info);
  t.sections.push_back({.name = ".symtab", .type = elf::SHT_SYMTAB, .contents = "x"});
  t.sections.push_back({.name = ".debug_info", .contents = "x"});
  facts = facts_of(t);
  EXPECT_FALSE(facts.stripped);
  EXPECT_TRUE(facts.has_debug_info);
}

TEST(ElfFacts, ProblemsAreGapsAndTheRestStands) {
  TestElf t;
  t.sections = {{.name = ".bad", .offset = 1 << 30, .size = 1},
                {.name = ".comment", .contents = "GCC\0"s}};
  FileFacts facts = recover(ByteView::of(t.build()), Limits{});
  ASSERT_EQ(facts.gaps.size(), 1u);
  EXPECT_EQ(facts.gaps[0].stage, "elf");
  ASSERT_TRUE(facts.elf);
  EXPECT_EQ(facts.elf->comments, (std::vector<std::string>{"GCC"}));
  EXPECT_FALSE(facts.inert);
}

}  // namespace
}  // namespace fathom
