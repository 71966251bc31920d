#include <gtest/gtest.h>

#include "analyzer/analyzer.h"
#include "elf/constants.h"
#include "elf/testing.h"

namespace fathom {
namespace {

using elf::testing::little;
using elf::testing::TestElf;

constexpr std::uint64_t kText = 0x401000, kData = 0x402000;

std::vector<HandedOut> found_in(std::string code, std::uint16_t machine = elf::EM_X86_64,
                                std::string data = {}) {
  TestElf t{.machine = machine};
  code.resize(std::max<std::size_t>(code.size(), 64), '\x90');
  t.sections = {{.name = ".text",
                 .flags = elf::SHF_ALLOC | elf::SHF_EXECINSTR,
                 .address = kText,
                 .contents = std::move(code)},
                {.name = ".rodata",
                 .flags = elf::SHF_ALLOC,
                 .address = kData,
                 .contents = data.empty() ? std::string(16, '\0') : std::move(data)}};
  t.segments = {{.flags = 5, .address = kText, .first = 0, .last = 0},
                {.flags = 4, .address = kData, .first = 1, .last = 1}};
  return recover(ByteView::of(t.build()), Limits{}).handed_out;
}

using Numbers = std::vector<std::uint64_t>;

// mov dword [rdi], 1; mov dword [rsi], 9; mov dword [rdx], 4; xor eax, eax; ret
TEST(HandedOut, NumbersStoredWhereTheCallerPoints) {
  const std::string code =
      std::string("\xc7\x07\x01\0\0\0\xc7\x06\x09\0\0\0\xc7\x02\x04\0\0\0", 18) + "\x31\xc0\xc3";
  std::vector<HandedOut> found = found_in(code);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].how, HandedOut::How::stored);
  EXPECT_EQ(found[0].values, (Numbers{1, 9, 4}));
  EXPECT_EQ(found[0].address, kText);
}

// movabs rax, 2 | 6 << 32; mov edx, 4; ret
TEST(HandedOut, APairOfRegisters) {
  const std::string code = std::string("\x48\xb8\x02\0\0\0\x06\0\0\0\xba\x04\0\0\0\xc3", 16);
  std::vector<HandedOut> found = found_in(code);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].how, HandedOut::How::pair);
  EXPECT_EQ(found[0].values, (Numbers{2 | std::uint64_t{6} << 32, 4}));
}

// test rdi, rdi; je +6; mov dword [rdi], 0x11301; lea rax, [rip + …]; ret
TEST(HandedOut, ATextBesideANumber) {
  std::string code = std::string("\x48\x85\xff\x74\x06\xc7\x07\x01\x13\x01\0", 11);
  code += "\x48\x8d\x05" + little(static_cast<std::uint32_t>(kData - (kText + 18))) + "\xc3";
  std::vector<HandedOut> found = found_in(code, elf::EM_X86_64, std::string("1.19.1\0", 7));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].how, HandedOut::How::stored);
  EXPECT_EQ(found[0].values, Numbers{0x11301});
  EXPECT_EQ(found[0].text, "1.19.1");
}

TEST(HandedOut, OnAarch64) {
  // mov w3, #1; str w3, [x0]; mov w3, #5; str w3, [x1]; ret
  const std::string code = little(0x52800023) + little(0xb9000003) + little(0x528000a3) +
                           little(0xb9000023) + little(0xd65f03c0);
  std::vector<HandedOut> found = found_in(code, elf::EM_AARCH64);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].values, (Numbers{1, 5}));
}

TEST(HandedOut, NothingThatDoesMore) {
  EXPECT_TRUE(found_in("\xc7\x07" + little(1) + "\xe8" + little(0) + "\xc3").empty());  // a call
  EXPECT_TRUE(found_in("\xc7\x47\x08" + little(1) + "\xc3").empty());  // into a struct
  EXPECT_TRUE(found_in("\xc3").empty());
}

TEST(HandedOut, BrokenFilesEnd) {
  const std::string whole = "\xc7\x07" + little(1);  // cut before its return
  EXPECT_TRUE(found_in(whole).empty());
}

}  // namespace
}  // namespace fathom
