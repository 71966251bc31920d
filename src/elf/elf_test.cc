#include <gtest/gtest.h>

#include "elf/constants.h"
#include "elf/elf_file.h"
#include "elf/testing.h"

namespace fathom::elf {
namespace {

using namespace std::string_literals;

using testing::poke;
using testing::TestElf;

// A program as a linker makes it, in every class and byte order: text and data mapped at 0x400000,
// the dynamic section and what it names.
TestElf sample(int bits, bool big_endian) {
  TestElf t{.bits = bits, .big_endian = big_endian, .type = ET_DYN};
  t.segments = {{}, {}, {}, {}, {}};  // their number moves the sections
  const std::uint64_t base = 0x400000;
  std::string strings = "\0libz.so.1\0libc.so.6\0libme.so.2\0/opt/lib\0V_1.0\0V_2.0\0"s;
  std::string verdef;
  auto definition = [&](std::uint16_t flags, std::uint64_t name, bool last) {
    verdef += t.half(1) + t.half(flags) + t.half(1) + t.half(1) + t.word(0) + t.word(20) +
              t.word(last ? 0 : 28) + t.word(name) + t.word(0);
  };
  definition(VER_FLG_BASE, 21, false);
  definition(0, 41, false);
  definition(0, 47, true);
  t.sections = {
      {.name = ".interp", .flags = SHF_ALLOC, .contents = "/lib/ld.so\0"s},
      {.name = ".dynstr", .type = SHT_STRTAB, .flags = SHF_ALLOC, .contents = strings},
      {.name = ".gnu.version_d", .type = SHT_GNU_verdef, .flags = SHF_ALLOC, .contents = verdef},
      {.name = ".text", .flags = SHF_ALLOC | SHF_EXECINSTR, .contents = std::string(32, '\x90')},
      {.name = ".note.gnu.build-id",
       .type = SHT_NOTE,
       .flags = SHF_ALLOC,
       .contents = t.note("GNU", NT_GNU_BUILD_ID, "\x01\x02\x03\x04\x05")},
      {.name = ".dynamic", .type = SHT_DYNAMIC, .flags = SHF_ALLOC, .link = 2},
      {.name = ".bss", .type = SHT_NOBITS, .flags = SHF_ALLOC, .size = 1 << 20},
  };
  for (std::size_t i = 0; i < 6; ++i) t.sections[i].address = base + t.offset_of(i);
  t.sections[5].contents = t.dynamic({{DT_NEEDED, 1},
                                      {DT_NEEDED, 11},
                                      {DT_SONAME, 21},
                                      {DT_RUNPATH, 32},
                                      {DT_STRTAB, t.sections[1].address},
                                      {DT_STRSZ, strings.size()},
                                      {DT_VERDEF, t.sections[2].address},
                                      {DT_VERDEFNUM, 3},
                                      {DT_FLAGS_1, DF_1_PIE},
                                      {DT_NULL, 0}});
  auto covering = [&](std::uint32_t type, std::uint32_t flags, int first, int last) {
    return testing::TestSegment{.type = type,
                                .flags = flags,
                                .address = base + t.offset_of(static_cast<std::size_t>(first)),
                                .first = first,
                                .last = last,
                                .align = 4};
  };
  t.segments = {covering(PT_LOAD, PF_R | PF_X, 0, 3), covering(PT_LOAD, PF_R | PF_W, 4, 5),
                covering(PT_INTERP, PF_R, 0, 0), covering(PT_DYNAMIC, PF_R | PF_W, 5, 5),
                covering(PT_NOTE, PF_R, 4, 4)};
  return t;
}

class EveryLayout : public ::testing::TestWithParam<std::tuple<int, bool, bool>> {
 protected:
  TestElf made() const {
    TestElf t = sample(std::get<0>(GetParam()), std::get<1>(GetParam()));
    t.with_section_headers = std::get<2>(GetParam());
    return t;
  }
};

TEST_P(EveryLayout, SaysWhatTheLoaderNeeds) {
  std::string file = made().build();
  Result<ElfFile> elf = ElfFile::parse(ByteView::of(file));
  ASSERT_TRUE(elf) << elf.error().message;
  for (const Error& problem : elf->problems()) ADD_FAILURE() << problem.message;
  EXPECT_EQ(elf->bits(), std::get<0>(GetParam()));
  EXPECT_EQ(elf->big_endian(), std::get<1>(GetParam()));
  EXPECT_EQ(elf->type(), ET_DYN);
  EXPECT_EQ(elf->machine(), EM_X86_64);
  EXPECT_EQ(elf->interpreter(), "/lib/ld.so");
  EXPECT_EQ(elf->soname(), "libme.so.2");
  EXPECT_EQ(elf->needed(), (std::vector<std::string_view>{"libz.so.1", "libc.so.6"}));
  EXPECT_EQ(elf->runpath(), (std::vector<std::string_view>{"/opt/lib"}));
  EXPECT_TRUE(elf->rpath().empty());
  EXPECT_EQ(elf->dynamic_flags_1(), DF_1_PIE);
  EXPECT_EQ(elf->version_definitions(), (std::vector<std::string_view>{"V_1.0", "V_2.0"}));
  ASSERT_EQ(elf->notes().size(), 1u);
  EXPECT_EQ(elf->notes()[0].owner, "GNU");
  EXPECT_EQ(elf->notes()[0].description.as_text(), "\x01\x02\x03\x04\x05");
}

TEST_P(EveryLayout, MapsAddressesAndOffsets) {
  TestElf t = made();
  std::string file = t.build();
  Result<ElfFile> elf = ElfFile::parse(ByteView::of(file));
  ASSERT_TRUE(elf);
  EXPECT_EQ(elf->offset_of_address(t.sections[3].address + 5), t.offset_of(3) + 5);
  EXPECT_EQ(elf->address_of_offset(t.offset_of(5)), t.sections[5].address);
  EXPECT_EQ(elf->offset_of_address(0x1000), std::nullopt);
  EXPECT_EQ(elf->address_of_offset(0), std::nullopt);
}

TEST_P(EveryLayout, EveryPrefixIsHandled) {
  std::string file = made().build();
  for (std::size_t n = 0; n <= file.size(); ++n) {
    std::string prefix = file.substr(0, n);  // of its own size: the sanitizer sees any overrun
    Result<ElfFile> elf = ElfFile::parse(ByteView::of(prefix));
    std::size_t header = std::get<0>(GetParam()) == 64 ? 64 : 52;
    ASSERT_EQ(elf.has_value(), n >= header) << n;
    if (elf && n < file.size()) {
      bool lost_section_table = n < made().section_table() || std::get<2>(GetParam());
      EXPECT_EQ(elf->problems().empty(), !lost_section_table) << n;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Elf, EveryLayout,
                         ::testing::Combine(::testing::Values(32, 64), ::testing::Bool(),
                                            ::testing::Bool()));

TEST(Elf, SectionsHaveNamesAndContents) {
  TestElf t = sample(64, false);
  std::string file = t.build();
  Result<ElfFile> elf = ElfFile::parse(ByteView::of(file));
  ASSERT_TRUE(elf);
  ASSERT_EQ(elf->sections().size(), 9u);
  const Section* text = elf->find_section(".text");
  ASSERT_NE(text, nullptr);
  EXPECT_EQ(text->contents.size(), 32u);
  EXPECT_EQ(elf->section_at(t.offset_of(3) + 31), text);
  EXPECT_EQ(elf->section_at(3), nullptr);
  EXPECT_TRUE(elf->find_section(".bss")->contents.empty());
  EXPECT_EQ(elf->find_section(".nothing"), nullptr);
  ASSERT_EQ(elf->executable_ranges().size(), 1u);
  EXPECT_EQ(elf->executable_ranges()[0].offset, t.offset_of(3));
  EXPECT_EQ(elf->executable_ranges()[0].address, t.sections[3].address);
}

TEST(Elf, WithoutSectionsTheExecutableSegmentCounts) {
  TestElf t = sample(64, false);
  t.with_section_headers = false;
  std::string file = t.build();
  Result<ElfFile> elf = ElfFile::parse(ByteView::of(file));
  ASSERT_TRUE(elf);
  EXPECT_FALSE(elf->has_section_headers());
  ASSERT_EQ(elf->executable_ranges().size(), 1u);
  EXPECT_EQ(elf->executable_ranges()[0].offset, t.offset_of(0));
  EXPECT_EQ(elf->executable_ranges()[0].size, t.offset_of(4) - t.offset_of(0));
}

TEST(Elf, SectionsOfRelocatableFilesAreAtTheirOffsets) {
  TestElf t{.type = ET_REL};
  t.sections = {{.name = ".text", .flags = SHF_ALLOC | SHF_EXECINSTR, .contents = "\xc3"}};
  std::string file = t.build();
  Result<ElfFile> elf = ElfFile::parse(ByteView::of(file));
  ASSERT_TRUE(elf);
  EXPECT_EQ(elf->address_of_offset(t.offset_of(0)), t.offset_of(0));
  ASSERT_EQ(elf->executable_ranges().size(), 1u);
  EXPECT_EQ(elf->executable_ranges()[0].address, t.offset_of(0));
  EXPECT_FALSE(elf->has_dynamic());
}

// gABI: more sections or segments than 16 bits hold are counted in the null section.
TEST(Elf, ExtendedNumberingIsFollowed) {
  TestElf t;
  t.segments = {{.flags = PF_X, .address = 0x1000, .offset = 0, .size = 8}};
  t.sections = {{.name = ".text", .flags = SHF_EXECINSTR, .contents = "code"}};
  std::string file = t.build();
  std::uint64_t null_section = t.section_table();
  poke(file, 56, t.half(0xffff));            // e_phnum
  poke(file, 60, t.half(0));                 // e_shnum
  poke(file, 62, t.half(0xffff));            // e_shstrndx
  poke(file, null_section + 32, t.wide(3));  // sh_size: sections
  poke(file, null_section + 40, t.word(2));  // sh_link: index of the names
  poke(file, null_section + 44, t.word(1));  // sh_info: segments
  Result<ElfFile> elf = ElfFile::parse(ByteView::of(file));
  ASSERT_TRUE(elf);
  EXPECT_TRUE(elf->problems().empty());
  EXPECT_EQ(elf->segments().size(), 1u);
  ASSERT_EQ(elf->sections().size(), 3u);
  EXPECT_NE(elf->find_section(".text"), nullptr);
}

// .note.gnu.property of 64-bit files: padded to 8, so the note behind it would be misread at 4.
TEST(Elf, NotesArePaddedToTheAlignmentOfTheirBlock) {
  TestElf t;
  std::string first = t.word(4) + t.word(12) + t.word(5) + "GNU\0"s;
  first += std::string(12, 'p');
  first.resize(32);  // 28 bytes are a multiple of 4, not of 8
  t.segments = {{.type = PT_NOTE, .first = 0, .last = 0, .align = 8}};
  t.sections = {{.name = "", .contents = first + t.note("GNU", 3, "abcd")}};
  std::string file = t.build();
  Result<ElfFile> elf = ElfFile::parse(ByteView::of(file));
  ASSERT_TRUE(elf);
  ASSERT_EQ(elf->notes().size(), 2u);
  EXPECT_EQ(elf->notes()[1].type, 3u);
  EXPECT_EQ(elf->notes()[1].description.as_text(), "abcd");
}

}  // namespace
}  // namespace fathom::elf
