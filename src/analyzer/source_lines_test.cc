#include <gtest/gtest.h>

#include "analyzer/analyzer.h"
#include "base/digest.h"
#include "elf/constants.h"
#include "elf/testing.h"

namespace fathom {
namespace {

using elf::testing::little;
using elf::testing::TestElf;

constexpr std::uint64_t kText = 0x401000, kData = 0x402000;

TestElf file_of(std::string code, std::string data, std::uint16_t machine = elf::EM_X86_64) {
  TestElf t{.machine = machine};
  t.sections = {
      {.name = ".text",
       .flags = elf::SHF_ALLOC | elf::SHF_EXECINSTR,
       .address = kText,
       .contents = std::move(code)},
      {.name = ".rodata", .flags = elf::SHF_ALLOC, .address = kData, .contents = std::move(data)}};
  t.segments = {{.flags = 5, .address = kText, .first = 0, .last = 0},
                {.flags = 4, .address = kData, .first = 1, .last = 1}};
  return t;
}

std::vector<SourceLine> lines_in(const TestElf& file) {
  return recover(ByteView::of(file.build()), Limits{}).source_lines;
}

// "vfy.c:1234": what was found, by the names that the test knows.
std::vector<std::string> texts_of(const std::vector<SourceLine>& lines) {
  std::vector<std::string> out;
  for (const SourceLine& at : lines) {
    std::string name = "?";
    for (std::string_view known : {"vfy.c", "merged.cc", "a.h"})
      if (at.file == xxh3_of(ByteView::of(known))) name = known;
    out.push_back(name + ":" + std::to_string(at.line));
  }
  return out;
}

using Texts = std::vector<std::string>;

const std::string kNames = std::string("\0", 1) + "crypto/x509/vfy.c" + '\0' + "no.file" + '\0';

// lea rdi, [rip + target]
std::string lea(std::uint64_t at, std::uint64_t target) {
  return "\x48\x8d\x3d" + little(static_cast<std::uint32_t>(target - (at + 7)));
}

TEST(SourceLines, ARelativeAddressAndALine) {
  std::string code = lea(kText, kData + 1) + "\xbe" + little(1234) + "\xc3";
  TestElf file = file_of(code, kNames);
  std::vector<SourceLine> lines = lines_in(file);
  ASSERT_EQ(texts_of(lines), Texts{"vfy.c:1234"});
  EXPECT_EQ(lines[0].offset, file.offset_of(0));
}

TEST(SourceLines, TheLineMayStandBeforeOnTheStackOrBePushed) {
  const std::string before = "\xba" + little(77);  // mov edx, 77
  EXPECT_EQ(texts_of(lines_in(file_of(before + lea(kText + 5, kData + 1), kNames))),
            Texts{"vfy.c:77"});
  const std::string stored = "\xc7\x44\x24\x08" + little(78);  // mov dword [rsp + 8], 78
  EXPECT_EQ(texts_of(lines_in(file_of(lea(kText, kData + 1) + stored, kNames))), Texts{"vfy.c:78"});
  const std::string pushed = "\x68" + little(79);
  EXPECT_EQ(texts_of(lines_in(file_of(lea(kText, kData + 1) + pushed, kNames))), Texts{"vfy.c:79"});
}

TEST(SourceLines, AnAddressThatIsAnOperandItself) {
  std::string code = "\xbf" + little(kData + 1) + "\xbe" + little(55);
  EXPECT_EQ(texts_of(lines_in(file_of(code, kNames))), Texts{"vfy.c:55"});
}

// "merged.cc" is the end of "src/merged.cc", and linkers keep only the longer text.
TEST(SourceLines, ATextThatEndsAnotherOne) {
  const std::string data = std::string("src/merged.cc") + '\0';
  std::string code = lea(kText, kData + 4) + "\xbe" + little(9);
  EXPECT_EQ(texts_of(lines_in(file_of(code, data))), Texts{"merged.cc:9"});
  code = lea(kText, kData + 5) + "\xbe" + little(9);  // "erged.cc" is nobody's name
  EXPECT_TRUE(lines_in(file_of(code, data)).empty());
}

TEST(SourceLines, OnlyNamesOfSourceFilesAndSmallNumbersNearby) {
  const std::string near = "\xbe" + little(5), far(64, '\x90');
  EXPECT_TRUE(lines_in(file_of(lea(kText, kData + 19) + near, kNames)).empty());  // no.file
  EXPECT_TRUE(lines_in(file_of(lea(kText, kData + 1) + far + near, kNames)).empty());
  const std::string large = "\xbe" + little(0x7fffffff);
  EXPECT_TRUE(lines_in(file_of(lea(kText, kData + 1) + large, kNames)).empty());
}

TEST(SourceLines, Aarch64LoadsThePageAndTheRest) {
  const std::uint32_t adrp = 0x90000000 | 1u << 29 | 0;      // adrp x0, page + 0x1000
  const std::uint32_t add = 0x91000000 | 1u << 10 | 0 << 5;  // add x0, x0, #1
  const std::uint32_t movz = 0x52800000 | 321u << 5 | 1;     // mov w1, #321
  const std::string code = little(adrp) + little(movz) + little(add) + little(0xd65f03c0);
  EXPECT_EQ(texts_of(lines_in(file_of(code, kNames, elf::EM_AARCH64))), Texts{"vfy.c:321"});
}

TEST(SourceLines, EachPairOnceInOrder) {
  std::string code;
  for (std::uint32_t line : {9u, 8u, 9u})
    code += lea(kText + code.size(), kData + 1) + "\xbe" + little(line) + std::string(64, '\x90');
  EXPECT_EQ(texts_of(lines_in(file_of(code, kNames))), (Texts{"vfy.c:8", "vfy.c:9"}));
}

// Every prefix of a file, and a file of nothing but references, yield facts and no more of them
// than the file is large.
TEST(SourceLines, BrokenAndHostileFiles) {
  std::string code;
  for (std::uint32_t i = 1; i < 20'000; ++i)
    code += lea(kText + code.size(), kData + 1) + "\xbe" + little(i);
  const TestElf file = file_of(code, std::string(0x100000, '\0') + "x");
  EXPECT_TRUE(lines_in(file).empty());
  TestElf near = file_of(code, kNames);
  near.segments[1].address = near.sections[1].address = kData + 0x100000;
  EXPECT_LE(lines_in(near).size(), 4096u);
  const std::string small = file_of(lea(kText, kData + 1), kNames).build();
  for (std::size_t size = 0; size < small.size(); ++size)
    recover(ByteView::of(std::string_view(small).substr(0, size)), Limits{});
}

}  // namespace
}  // namespace fathom
