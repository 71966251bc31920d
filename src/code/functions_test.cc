#include "code/functions.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "code/eh_frame.h"
#include "code/testing.h"

namespace fathom::code {
namespace {

using namespace testing;

std::map<std::uint64_t, Found> starts(const Functions& functions) {
  std::map<std::uint64_t, Found> out;
  for (const Function& function : functions.list) out[function.start] = function.found;
  return out;
}

TEST(Functions, WithoutTablesByCallsPointersAndGaps) {
  std::string code = bytes({0xe8, 0x0b, 0, 0, 0, 0xc3});  // call 0x401010; ret
  pad(code, 0x10) += bytes({0x31, 0xc0, 0xc3});           // called
  pad(code, 0x20) += bytes({0xb8, 1, 0, 0, 0, 0xc3});     // nobody refers to it
  pad(code, 0x30) += bytes({0xb8, 2, 0, 0, 0, 0xc3});     // a pointer in data does
  pad(code, 0x40);
  Loaded file(code, bytes({0x30, 0x10, 0x40, 0, 0, 0, 0, 0}));
  std::map<std::uint64_t, Found> expected = {{kText, Found::entry},
                                             {kText + 0x10, Found::call},
                                             {kText + 0x20, Found::gap},
                                             {kText + 0x30, Found::pointer}};
  Functions functions = file.functions();
  EXPECT_EQ(starts(functions), expected);
  EXPECT_EQ(functions.list[1].size(), 3u);
  EXPECT_EQ(functions.at(kText + 0x11), &functions.list[1]);
  EXPECT_EQ(functions.at(kText + 0x1f), nullptr) << "padding belongs to nobody";
}

TEST(Functions, ACallThatNeverReturnsEndsAFunction) {
  std::string code = bytes({0xe8, 0x1b, 0, 0, 0});                 // call 0x401020, which traps
  code += bytes({0x31, 0xc0, 0xc3});                               // another function, called below
  pad(code, 0x10) += bytes({0xe8, 0xf0, 0xff, 0xff, 0xff, 0xc3});  // call 0x401005
  pad(code, 0x20) += bytes({0x0f, 0x0b});
  pad(code, 0x30);
  Functions functions = Loaded(code).functions();
  ASSERT_GE(functions.list.size(), 3u);
  EXPECT_EQ(functions.list[0].size(), 5u);
  EXPECT_FALSE(functions.list[0].returns);
  EXPECT_EQ(functions.list[1].start, kText + 5);
}

TEST(Functions, CasesOfAJumpTableBelongToTheirFunction) {
  std::string code = bytes({0x83, 0xff, 0x01,                      // cmp edi, 1
                            0x77, 0x1b,                            // ja 0x401020
                            0xff, 0x24, 0xfd, 0, 0x20, 0x40, 0});  // jmp [0x402000 + rdi*8]
  pad(code, 0x10) += bytes({0xb8, 1, 0, 0, 0, 0xc3});
  pad(code, 0x18) += bytes({0xb8, 2, 0, 0, 0, 0xc3});
  pad(code, 0x20) += bytes({0x31, 0xc0, 0xc3});
  pad(code, 0x30);
  Loaded file(code, bytes({0x10, 0x10, 0x40, 0, 0, 0, 0, 0, 0x18, 0x10, 0x40, 0, 0, 0, 0, 0}));
  Functions functions = file.functions();
  ASSERT_EQ(functions.list.size(), 1u);
  EXPECT_EQ(functions.list[0].ranges.size(), 4u);
}

TEST(Functions, ATailCallIsNotTheSameFunction) {
  std::string code = bytes({0xeb, 0x1e});  // jmp 0x401020
  pad(code, 0x10) += bytes({0x31, 0xc0, 0xc3});
  pad(code, 0x20) += bytes({0xb8, 2, 0, 0, 0, 0xc3});
  pad(code, 0x30);
  std::map<std::uint64_t, Found> expected = {
      {kText, Found::entry}, {kText + 0x10, Found::gap}, {kText + 0x20, Found::jump}};
  EXPECT_EQ(starts(Loaded(code).functions()), expected);
}

// Compilers fall through to what follows; only a tail call skips nothing but padding.
TEST(Functions, AJumpOverPaddingIsATailCall) {
  std::string code = bytes({0x89, 0xf8, 0xeb, 0x0c});  // mov eax, edi; jmp 0x401010
  pad(code, 0x10) += bytes({0x31, 0xc0, 0xc3});
  pad(code, 0x20);
  std::map<std::uint64_t, Found> expected = {{kText, Found::entry}, {kText + 0x10, Found::jump}};
  EXPECT_EQ(starts(Loaded(code).functions()), expected);
}

TEST(Functions, ALoopWithItsConditionAtTheEndIsOneFunction) {
  std::string code = bytes({0x31, 0xc0, 0xeb, 0x1c});   // xor eax, eax; jmp 0x401020
  code += bytes({0x03, 0x07, 0x48, 0x83, 0xc7, 0x04});  // body: add eax, [rdi]; …
  pad(code, 0x20) +=
      bytes({0x48, 0x39, 0xf7, 0x75, 0xdf, 0xc3});  // cmp rdi, rsi; jne 0x401004; ret
  pad(code, 0x30);
  std::map<std::uint64_t, Found> expected = {{kText, Found::entry}};
  EXPECT_EQ(starts(Loaded(code).functions()), expected);
}

// musl's a_crash(): the compiler does not know that hlt ends the program.
TEST(Functions, CodeBehindAHaltBelongsToTheFunction) {
  std::string code = bytes({0xe8, 0x1b, 0, 0, 0});  // call 0x401020, which never returns
  pad(code, 0x20) += bytes({0xf4, 0x31, 0xc0, 0xc3});
  pad(code, 0x30);
  Functions functions = Loaded(code).functions();
  ASSERT_EQ(functions.list.size(), 2u);
  EXPECT_EQ(functions.list[1].size(), 4u);
  EXPECT_FALSE(functions.list[1].returns);
}

// error() { longjmp(…); } has no return, though it jumps through a pointer.
TEST(Functions, WhoReplacesTheStackDoesNotReturn) {
  std::string code = bytes({0xe8, 0x1b, 0, 0, 0});                       // call 0x401020
  code += bytes({0x53, 0x5b, 0xc3});                                     // another function
  pad(code, 0x10) += bytes({0xeb, 0xf3});                                // which this one jumps to
  pad(code, 0x20) += bytes({0x48, 0x8b, 0x67, 0x30, 0xff, 0x67, 0x38});  // mov rsp, [rdi+0x30]; …
  pad(code, 0x30);
  Functions functions = Loaded(code).functions();
  EXPECT_NE(functions.starting_at(kText + 5), nullptr);
  EXPECT_EQ(functions.list[0].size(), 5u);
  EXPECT_FALSE(functions.starting_at(kText + 0x20)->returns);
}

// Which case it is depends on the way there, even when one way makes the index known.
TEST(Functions, AJumpTableIsReadAsAWholeWhateverThePath) {
  std::string code = bytes({0x31, 0xff,                                // xor edi, edi
                            0x83, 0xff, 0x01,                          // cmp edi, 1
                            0x77, 0x1f,                                // ja 0x401026
                            0x48, 0x8b, 0x04, 0xfd, 0, 0x20, 0x40, 0,  // mov rax, [0x402000+rdi*8]
                            0xff, 0xe0});                              // jmp rax
  pad(code, 0x18) += bytes({0xb8, 1, 0, 0, 0, 0xc3});
  pad(code, 0x20) += bytes({0xb8, 2, 0, 0, 0, 0xc3, 0x31, 0xc0, 0xc3});
  pad(code, 0x30);
  Loaded file(code, number(kText + 0x18, 8) + number(kText + 0x20, 8));
  std::map<std::uint64_t, Found> expected = {{kText, Found::entry}};
  EXPECT_EQ(starts(file.functions()), expected);
}

TEST(Functions, DataThatDoesNotDecodeIsNoFunction) {
  std::string code = bytes({0xc3});
  pad(code, 0x10) += std::string(64, '\x06');
  EXPECT_EQ(Loaded(code).functions().list.size(), 1u);
}

// A CIE ("zR", pointers relative to their place, four bytes) and FDEs behind it.
std::string common_record() {
  return bytes(
      {0x14, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1, 0, 0});
}
std::string function_record(std::size_t at, std::uint64_t start, std::uint32_t size) {
  auto number = [](std::uint64_t v) {
    std::string out;
    for (int i = 0; i < 4; ++i) out += static_cast<char>(v >> 8 * i);
    return out;
  };
  return number(16) + number(at + 4) + number(start - (0x403000 + at + 8)) + number(size) +
         std::string(4, '\0');
}

TEST(UnwindTable, SaysStartAndEnd) {
  std::string code = bytes({0xc3});
  pad(code, 0x10) += bytes({0x31, 0xc0, 0xc3});
  std::string frames = common_record();
  frames += function_record(frames.size(), kText + 0x10, 3);
  frames += function_record(frames.size(), 0, 3);  // a discarded function
  frames += std::string(4, '\0');
  frames += function_record(frames.size(), kText, 1);  // behind the end: nobody reads it
  Loaded file(code, {}, frames);
  UnwindTable table = read_unwind_table(*file.program);
  ASSERT_EQ(table.entries.size(), 1u);
  EXPECT_EQ(table.entries[0].start, kText + 0x10);
  EXPECT_EQ(table.entries[0].end, kText + 0x13);
  EXPECT_TRUE(table.problems.empty());
}

TEST(UnwindTable, WrongRecordsCostThemselvesAlone) {
  std::string frames = common_record();
  std::string self = function_record(frames.size(), kText, 1);
  self[4] = 4;  // its CIE is itself
  frames += self;
  frames += function_record(frames.size(), kText + 0x10, 0x7fffffff);  // leaves the section
  std::string missing = function_record(frames.size(), kText, 1);
  missing[7] = 0x7f;  // its CIE lies before the table
  frames += missing;
  frames += function_record(frames.size(), kText + 0x20, 4);
  frames += bytes({0xff, 0xff, 0, 0, 1, 0, 0, 0});  // longer than the table
  Loaded file(std::string(0x40, '\x90'), {}, frames);
  UnwindTable table = read_unwind_table(*file.program);
  ASSERT_EQ(table.entries.size(), 2u);
  EXPECT_EQ(table.entries[0].end, kText + 0x800) << "cut off at the end of its section";
  EXPECT_EQ(table.entries[1].start, kText + 0x20);
  EXPECT_EQ(table.problems.size(), 4u);
}

TEST(UnwindTable, EveryPrefixAndEveryChangedByteIsRead) {
  std::string frames = common_record();
  frames += function_record(frames.size(), kText + 0x10, 3);
  frames += function_record(frames.size(), kText + 0x20, 3);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    Loaded shorter(std::string(0x40, '\x90'), {}, frames.substr(0, i));
    EXPECT_LE(read_unwind_table(*shorter.program).entries.size(), 2u);
    std::string changed = frames;
    changed[i] = static_cast<char>(changed[i] ^ 0xff);
    Loaded wrong(std::string(0x40, '\x90'), {}, changed);
    for (const UnwindEntry& entry : read_unwind_table(*wrong.program).entries) {
      EXPECT_LT(entry.start, entry.end);
      EXPECT_LE(entry.end, kText + 0x800);
    }
  }
}

// The second opinion: this program's own symbols.
TEST(UnwindTable, AgreesWithTheSymbolsOfThisProgram) {
  std::ifstream in("/proc/self/exe", std::ios::binary);
  Bytes file{std::istreambuf_iterator<char>(in), {}};
  Result<elf::ElfFile> elf = elf::ElfFile::parse(file);
  ASSERT_TRUE(elf);
  Result<Program> program = Program::open(*elf);
  if (!program) GTEST_SKIP() << program.error().message;
  std::map<std::uint64_t, std::uint64_t> unwind;
  for (const UnwindEntry& entry : read_unwind_table(*program).entries)
    unwind[entry.start] = entry.end;
  std::size_t symbols = 0, same = 0;
  for (const Symbol& symbol : program->symbols()) {
    if (!symbol.is_function || !symbol.is_defined || symbol.size == 0) continue;
    ++symbols;
    auto at = unwind.find(symbol.address);
    same += at != unwind.end() && at->second == symbol.address + symbol.size ? 1 : 0;
  }
  ASSERT_GT(symbols, 1000u);
  EXPECT_GT(same * 1000, symbols * 995) << same << " of " << symbols;

  Functions functions = find_functions(*program);
  std::size_t wanted = 0, found = 0;
  for (const Symbol& symbol : program->symbols()) {
    bool is_part = symbol.name.find(".cold") != symbol.name.npos;
    if (!symbol.is_function || !symbol.is_defined || symbol.size == 0 || is_part) continue;
    ++wanted;
    found += functions.starting_at(symbol.address) ? 1 : 0;
  }
  EXPECT_GT(found * 1000, wanted * 995) << found << " of " << wanted;
  EXPECT_TRUE(functions.problems.empty());
}

TEST(Functions, OtherMachinesAreRefused) {
  elf::testing::TestElf file;
  file.machine = 40;  // EM_ARM
  std::string text = file.build();
  Result<elf::ElfFile> elf = elf::ElfFile::parse(ByteView::of(text));
  Result<Program> program = Program::open(*elf);
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace fathom::code
