#include "code/masked_code.h"

#include <gtest/gtest.h>

#include "code/program_print.h"
#include "elf/constants.h"
#include "elf/testing.h"

namespace fathom::code {
namespace {

constexpr std::uint64_t kConstants = 0x500000;

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int value : values) out += static_cast<char>(value);
  return out;
}

std::string number(std::uint64_t value, std::size_t size = 4) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(value >> 8 * i);
  return out;
}

std::string word(std::uint32_t value) { return number(value); }

// A program whose code is at `text`, with a text at each end of its constants.
ProgramPrint print(std::string code, std::uint64_t text, std::string constants,
                   std::uint16_t machine = elf::EM_X86_64) {
  elf::testing::TestElf file;
  file.entry = text;
  file.machine = machine;
  file.sections = {{".text", 1, 6, text, std::move(code)},
                   {".rodata", 1, 2, kConstants, std::move(constants)}};
  file.segments = {{1, 5, text, 0, 0}, {1, 4, kConstants, 1, 1}};
  const std::string all = file.build();
  Result<ProgramPrint> made = print_program(ByteView::of(all));
  EXPECT_TRUE(made) << made.error().message;
  return made ? *made : ProgramPrint();
}

std::string nul(std::string text) { return text + '\0'; }

// lea rdi, [rip + to `text_at`]; call `callee`; add eax, `added`; ret; then the callee.
ProgramPrint caller(std::uint64_t at, std::uint64_t text_at, std::string constants, int added = 5) {
  std::string code = bytes({0x48, 0x8d, 0x3d}) + number(text_at - (at + 7));
  code += bytes({0xe8}) + number(32 - 12);
  code += bytes({0x83, 0xc0, added, 0xc3});
  code.resize(32, '\x90');
  code += bytes({0x31, 0xc0, 0xff, 0xc0, 0xff, 0xc0, 0xc3});
  return print(code, at, std::move(constants));
}

TEST(MaskedCode, IsTheSameWhereverItIsLinked) {
  const ProgramPrint here = caller(0x401000, kConstants, nul("hello world"));
  const ProgramPrint there =
      caller(0x410040, kConstants + 64, nul(std::string(63, 'x')) + nul("hello world"));
  ASSERT_EQ(here.functions.size(), 2u);
  ASSERT_EQ(there.functions.size(), 2u);
  const MaskedCode &a = here.functions[0].code, &b = there.functions[0].code;
  EXPECT_NE(a.exact, b.exact);
  EXPECT_EQ(a.masked, b.masked);
  ASSERT_EQ(a.references.size(), 2u);
  EXPECT_EQ(a.references, b.references);
  EXPECT_EQ(a.references[0].kind, MaskedReference::Kind::text);
  EXPECT_EQ(a.references[1], (MaskedReference{MaskedReference::Kind::function, 1}));
  EXPECT_EQ(here.functions[1].code.exact, there.functions[1].code.exact);
}

TEST(MaskedCode, AnotherTextOrNumberShows) {
  const ProgramPrint one = caller(0x401000, kConstants, nul("hello world"));
  const ProgramPrint text = caller(0x401000, kConstants, nul("hello there"));
  EXPECT_EQ(one.functions[0].code.masked, text.functions[0].code.masked);
  EXPECT_NE(one.functions[0].code.references, text.functions[0].code.references);
  const ProgramPrint added = caller(0x401000, kConstants, nul("hello world"), 6);
  EXPECT_NE(one.functions[0].code.masked, added.functions[0].code.masked);
}

TEST(MaskedCode, AddressesInProgramsThatAreNotMoved) {
  // mov edi, imm32; ret
  const auto loads = [](std::uint64_t value) {
    return print(bytes({0xbf}) + number(value) + bytes({0xc3}), 0x401000,
                 nul("the first text") + nul("the first text") + nul("another text"));
  };
  const MaskedCode first = loads(kConstants).functions[0].code;
  EXPECT_EQ(first.masked, loads(kConstants + 15).functions[0].code.masked);
  EXPECT_EQ(first.references, loads(kConstants + 15).functions[0].code.references);
  EXPECT_NE(first.references, loads(kConstants + 30).functions[0].code.references);
  EXPECT_NE(loads(1000).functions[0].code.masked, loads(1001).functions[0].code.masked);
}

TEST(MaskedCode, AConstantThatIsLoadedCountsByItsBytes) {
  // mov eax, [rip + …]; ret
  const auto loads = [](std::uint64_t offset, const std::string& constants) {
    return print(bytes({0x8b, 0x05}) + number(kConstants + offset - 0x401006) + bytes({0xc3}),
                 0x401000, constants)
        .functions[0]
        .code;
  };
  const std::string constants = number(7) + number(7) + number(8);
  EXPECT_EQ(loads(0, constants).references, loads(4, constants).references);
  EXPECT_NE(loads(0, constants).references, loads(8, constants).references);
  EXPECT_EQ(loads(0, constants).masked, loads(8, constants).masked);
}

TEST(MaskedCode, PagesOnAarch64) {
  // adrp x0, page; add x0, x0, #offset; ret
  const auto loads = [](std::uint64_t at, std::uint64_t text_at) {
    const std::uint64_t pages = (text_at >> 12) - (at >> 12);
    const std::uint32_t adrp =
        0x90000000 | static_cast<std::uint32_t>((pages & 3) << 29 | (pages >> 2) << 5);
    const std::uint32_t add = 0x91000000 | static_cast<std::uint32_t>((text_at & 0xfff) << 10);
    return print(word(adrp) + word(add) + word(0xd65f03c0), at,
                 nul(std::string(0x3f, 'x')) + nul("hello world") + nul("hello world"),
                 elf::EM_AARCH64)
        .functions[0]
        .code;
  };
  const MaskedCode a = loads(0x401000, kConstants + 0x40), b = loads(0x4f0000, kConstants + 0x4c);
  EXPECT_NE(a.exact, b.exact);
  EXPECT_EQ(a.masked, b.masked);
  EXPECT_EQ(a.references, b.references);
  ASSERT_FALSE(a.references.empty());
  EXPECT_EQ(a.references.back().kind, MaskedReference::Kind::text);
}

TEST(Normalised, FoldersDatesAndTimes) {
  EXPECT_EQ(normalised("/build/zlib-1.2.13/inflate.c"), normalised("/tmp/x/inflate.c"));
  EXPECT_NE(normalised("/build/inflate.c"), normalised("/build/deflate.c"));
  EXPECT_EQ(normalised("built Nov 24 2026 12:00:01"), normalised("built Jan  3 2025 08:15:59"));
  EXPECT_NE(normalised("version 1.2.3"), normalised("version 1.2.4"));
  EXPECT_EQ(normalised("Nov 24"), "Nov 24");
  EXPECT_EQ(normalised("12:00"), "12:00");
  EXPECT_EQ(normalised("/%s/x"), "/%s/x");
}

}  // namespace
}  // namespace fathom::code
