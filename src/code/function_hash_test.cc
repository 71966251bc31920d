#include "code/function_hash.h"

#include <gtest/gtest.h>

#include "code/testing.h"
#include "elf/testing.h"

namespace fathom::code {
namespace {

using elf::testing::little;
using elf::testing::TestElf;
using testing::bytes;
using testing::kText;
using testing::Loaded;

FunctionHash hash_of(const std::string& code) {
  Loaded loaded(code);
  return FunctionHasher(*loaded.program).hash(kText, kText + code.size());
}
bool same(const std::string& a, const std::string& b) {
  return hash_of(a).exact == hash_of(b).exact;
}
bool loosely_same(const std::string& a, const std::string& b) {
  return hash_of(a).loose == hash_of(b).loose;
}

TEST(FunctionHash, ForgetsWhereCodeAndDataLie) {
  EXPECT_TRUE(same(bytes({0x8b, 0x05, 1, 2, 3, 0, 0xc3}), bytes({0x8b, 0x05, 9, 9, 9, 0, 0xc3})));
  EXPECT_TRUE(same(bytes({0xe8, 1, 2, 3, 0, 0xc3}), bytes({0xe8, 7, 7, 7, 0, 0xc3})));
  EXPECT_FALSE(same(bytes({0x8b, 0x05, 1, 2, 3, 0, 0xc3}), bytes({0x8b, 0x0d, 1, 2, 3, 0, 0xc3})));
}

TEST(FunctionHash, KeepsShortBranchesAndNumbers) {
  EXPECT_FALSE(same(bytes({0x74, 0x00, 0xc3}), bytes({0x74, 0x01, 0xc3})));
  EXPECT_FALSE(same(bytes({0x83, 0xc0, 0x05, 0xc3}), bytes({0x83, 0xc0, 0x06, 0xc3})));
}

TEST(FunctionHash, LooseForgetsLineNumbers) {
  const std::string line = bytes({0xba, 0x10, 0x02, 0, 0, 0xc3});  // mov edx, 528
  const std::string other = bytes({0xba, 0x11, 0x02, 0, 0, 0xc3});
  EXPECT_FALSE(same(line, other));
  EXPECT_TRUE(loosely_same(line, other));
}

TEST(FunctionHash, LeavesOutPadding) {
  const FunctionHash hash = hash_of(bytes({0x31, 0xc0, 0xc3, 0x90, 0x66, 0x90}));
  EXPECT_EQ(hash.exact, hash_of(bytes({0x31, 0xc0, 0xc3})).exact);
  EXPECT_EQ(hash.bytes, 3u);
  EXPECT_EQ(hash.instructions, 2u);
}

// What linkers make of a load through the global offset table, of a call through it, and of the
// load of an offset into thread-local storage.
TEST(FunctionHash, TakesWhatLinkersRewriteForTheSame) {
  const std::string load = bytes({0x48, 0x8b, 0x05, 1, 0, 0, 0, 0xc3});     // mov rax, [rip+1]
  const std::string address = bytes({0x48, 0x8d, 0x05, 9, 0, 0, 0, 0xc3});  // lea rax, [rip+9]
  const std::string offset = bytes({0x48, 0xc7, 0xc0, 0xc0, 0xff, 0xff, 0xff, 0xc3});  // rax, -64
  const std::string number = bytes({0x48, 0xc7, 0xc0, 0xff, 0xff, 0xff, 0xff, 0xc3});  // rax, -1
  EXPECT_TRUE(same(load, address));
  EXPECT_TRUE(same(load, offset));
  EXPECT_FALSE(same(load, number));
  EXPECT_FALSE(same(load, bytes({0x48, 0x8d, 0x0d, 9, 0, 0, 0, 0xc3})));  // lea rcx, …
  const std::string through = bytes({0xff, 0x15, 1, 0, 0, 0, 0xc3});      // call [rip+1]
  const std::string direct = bytes({0x67, 0xe8, 5, 0, 0, 0, 0xc3});       // addr32 call
  EXPECT_TRUE(same(through, direct));
  EXPECT_TRUE(same(bytes({0xff, 0x25, 1, 0, 0, 0}), bytes({0xe9, 5, 0, 0, 0, 0x90})));
}

TEST(FunctionHash, TakesNumbersInsideAFixedProgramForAddresses) {
  std::string address = bytes({0xbf}) + little(kText) + bytes({0xc3});  // mov edi, address
  EXPECT_TRUE(same(address, bytes({0xbf}) + little(kText + 8) + bytes({0xc3})));
  EXPECT_FALSE(same(address, bytes({0xbf}) + little(5) + bytes({0xc3})));
}

TEST(FunctionHash, ListsWhatIsCalledInOrder) {
  // call +0; jmp to 16 bytes behind the function
  const FunctionHash hash = hash_of(bytes({0xe8, 0, 0, 0, 0, 0xe9, 16, 0, 0, 0}));
  EXPECT_EQ(hash.calls, (std::vector<std::uint64_t>{kText + 5, kText + 10 + 16}));
}

// A program of AArch64 instructions at an address.
FunctionHash arm_hash(const std::vector<std::uint32_t>& words, std::uint64_t address) {
  TestElf made;
  made.machine = elf::EM_AARCH64;
  std::string text;
  for (std::uint32_t word : words) text += little(word);
  made.sections = {{".text", 1, 6, address, text}};
  made.segments = {{1, 5, address, 0, 0}};
  const std::string file = made.build();
  auto elf = elf::ElfFile::parse(ByteView::of(file));
  auto program = Program::open(*elf);
  return FunctionHasher(*program).hash(address, address + text.size());
}

TEST(FunctionHash, MasksPagesAndTheirLowBits) {
  const std::uint32_t ret = 0xd65f03c0;
  // adrp x0; add x0, x0, #0x10; ldr w1, [x0, #4]; ret
  const FunctionHash one = arm_hash({0x90000000, 0x91004000, 0xb9400401, ret}, 0x401000);
  EXPECT_EQ(one.exact, arm_hash({0xb0000020, 0x91008000, 0xb9400401, ret}, 0x401000).exact);
  // A field of what the address points at is kept.
  EXPECT_NE(one.exact, arm_hash({0x90000000, 0x91004000, 0xb9400801, ret}, 0x401000).exact);
  // Without a page the number is one.
  EXPECT_NE(arm_hash({0x91004000, ret}, 0x401000).exact,
            arm_hash({0x91008000, ret}, 0x401000).exact);
  EXPECT_NE(arm_hash({0x52800020, ret}, 0x401000).exact,
            arm_hash({0x52800040, ret}, 0x401000).exact);
  EXPECT_EQ(arm_hash({0x52800020, ret}, 0x401000).loose,
            arm_hash({0x52800040, ret}, 0x401000).loose);
}

TEST(FunctionHash, HasNothingToSayOfWhatIsNoCode) {
  Loaded loaded(bytes({0xc3}));
  EXPECT_EQ(FunctionHasher(*loaded.program).hash(0x12345, 0x12355).instructions, 0u);
}

}  // namespace
}  // namespace fathom::code
