#include "code/references.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "elf/constants.h"
#include "elf/testing.h"

namespace fathom::code {
namespace {

constexpr std::uint64_t kText = 0x401000, kConstants = 0x402000;

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int value : values) out += static_cast<char>(value);
  return out;
}

std::string word(std::uint64_t value, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(value >> 8 * i);
  return out;
}

std::string words(std::initializer_list<std::uint32_t> values) {
  std::string out;
  for (std::uint32_t value : values) out += word(value, 4);
  return out;
}

// One function at kText, constants at kConstants; keeps everything that views something else.
struct Loaded {
  std::string file;
  Result<elf::ElfFile> elf;
  Result<Program> program;
  Functions functions;
  References references;

  Loaded(std::string text, std::string constants, std::uint16_t machine = elf::EM_X86_64)
      : file(build(std::move(text), std::move(constants), machine)),
        elf(elf::ElfFile::parse(ByteView::of(file))),
        program(Program::open(*elf)),
        functions(find_functions(*program)),
        references(find_references(*program, functions)) {}
  Loaded(const Loaded&) = delete;

  static std::string build(std::string text, std::string constants, std::uint16_t machine) {
    elf::testing::TestElf file;
    file.entry = kText;
    file.machine = machine;
    file.sections = {{".text", 1, 6, kText, text}, {".rodata", 1, 2, kConstants, constants}};
    file.segments = {{1, 5, kText, 0, 0}, {1, 4, kConstants, 1, 1}};
    return file.build();
  }

  std::vector<std::string> texts(std::size_t function = 0) const {
    std::vector<std::string> out;
    for (const Reference& r : references.of(function))
      if (r.kind == Referred::text) out.emplace_back(text_of(*program, r));
    return out;
  }
  std::vector<std::int64_t> values(Referred kind, std::size_t function = 0) const {
    std::vector<std::int64_t> out;
    for (const Reference& r : references.of(function))
      if (r.kind == kind) out.push_back(static_cast<std::int64_t>(r.value));
    return out;
  }
};

using Texts = std::vector<std::string>;
using Numbers = std::vector<std::int64_t>;

TEST(References, ATextInsideAnotherAndTheLineBesideItAreOneSite) {
  std::string code = bytes({0x48, 0x8d, 0x3d, 0xfd, 0x0f, 0, 0});  // lea rdi, [rip + 0xffd]
  code += bytes({0xbe, 0x2a, 0, 0, 0});                            // mov esi, 42
  code += bytes({0xe8, 0x0f, 0, 0, 0, 0xc3});                      // call 0x401020; ret
  code.resize(0x20, '\xcc');
  code += bytes({0x3d, 0x39, 0x30, 0, 0, 0xc3});  // cmp eax, 12345; ret
  Loaded file(code, std::string("src/file.c\0", 11));
  EXPECT_EQ(file.texts(), Texts{"file.c"});
  EXPECT_EQ(file.values(Referred::number), Numbers{42});
  ASSERT_EQ(file.references.calls_of(0).size(), 1u);
  const CallSite& site = file.references.calls_of(0)[0];
  EXPECT_EQ(site.target, kText + 0x20);
  EXPECT_EQ(file.references.argument(Machine::x86_64, site, 0), kConstants + 4);
  EXPECT_EQ(file.references.argument(Machine::x86_64, site, 1), 42u);
  EXPECT_EQ(file.references.argument(Machine::x86_64, site, 2), std::nullopt);
  EXPECT_EQ(file.values(Referred::compared, 1), Numbers{12345});
}

TEST(References, EachWayToAMergedCallIsASite) {
  // test edi, edi; jz +7; mov esi, 10; jmp +5; mov esi, 20; lea rdi, [rip …]; call 0x401040; ret
  std::string code = bytes({0x85, 0xff, 0x74, 0x07, 0xbe, 10, 0, 0, 0, 0xeb, 0x05});
  code += bytes({0xbe, 20, 0, 0, 0, 0x48, 0x8d, 0x3d, 0xe9, 0x0f, 0, 0});
  code += bytes({0xe8, 0x24, 0, 0, 0, 0xc3});
  code.resize(0x40, '\xcc');
  code += '\xc3';
  Loaded file(code, std::string("file.c\0", 7));
  std::vector<std::optional<std::uint64_t>> lines;
  for (const CallSite& site : file.references.calls_of(0)) {
    EXPECT_EQ(file.references.argument(Machine::x86_64, site, 0), kConstants);
    lines.push_back(file.references.argument(Machine::x86_64, site, 1));
  }
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (std::vector<std::optional<std::uint64_t>>{std::nullopt, 10u, 20u}));
}

TEST(References, ALengthBesideAnAddressIsThatOfTheText) {
  std::string code = bytes({0x48, 0x8d, 0x05, 0xf9, 0x0f, 0, 0});  // lea rax, [rip + 0xff9]
  code += bytes({0xbb, 5, 0, 0, 0, 0xe8, 0x0f, 0, 0, 0, 0xc3});    // mov ebx, 5; call; ret
  code.resize(0x20, '\xcc');
  code += '\xc3';
  Loaded file(code, "helloworld\x01");
  EXPECT_EQ(file.texts(), Texts{"hello"});
}

TEST(References, TheGuardAndTheFrame) {
  std::string code = bytes({0x55, 0x48, 0x81, 0xec, 0x90, 1, 0, 0});               // push; sub rsp
  code += bytes({0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0, 0x0f, 0x05, 0xc3});  // mov fs:0x28
  Loaded file(code, "x");
  EXPECT_TRUE(file.references.functions[0].has_stack_protector);
  EXPECT_EQ(file.references.functions[0].frame_bytes, 0x198u);
  EXPECT_EQ(file.references.functions[0].system_calls, 1u);
}

TEST(References, AddressesAndNumbersOfTwoHalves) {
  std::string code = words({0xb0000000,    // adrp x0, 0x402000
                            0x91001000,    // add x0, x0, #4
                            0x528acf01,    // mov w1, #0x5678
                            0x72a24681,    // movk w1, #0x1234, lsl #16
                            0x94000004,    // bl 0x401020
                            0xd65f03c0});  // ret
  code.resize(0x20, '\0');
  code += words({0xd65f03c0});
  Loaded file(code, std::string("abc/file.c\0", 11), elf::EM_AARCH64);
  EXPECT_EQ(file.texts(), Texts{"file.c"});
  EXPECT_EQ(file.values(Referred::number), Numbers{0x12345678});
  ASSERT_EQ(file.references.calls_of(0).size(), 1u);
  EXPECT_EQ(file.references.argument(Machine::aarch64, file.references.calls_of(0)[0], 1),
            0x12345678u);
}

TEST(References, RecordsOfPlacesInSources) {
  std::string code = bytes({0x48, 0x8d, 0x3d, 0x09, 0x10, 0, 0, 0xc3});  // lea rdi, [rip + 0x1009]
  std::string constants = std::string("src/main.rs\0\0\0\0\0", 16);
  constants += word(kConstants, 8) + word(11, 8) + word(17, 4) + word(5, 4);
  Loaded file(code, constants);
  ASSERT_EQ(file.references.records.size(), 1u);
  const SourceRecord& record = file.references.records[0];
  EXPECT_EQ(record.address, kConstants + 16);
  EXPECT_EQ(record.text_size, 11u);
  EXPECT_EQ(record.line, 17u);
  EXPECT_EQ(record.column, 5u);
  EXPECT_EQ(file.values(Referred::record), Numbers{static_cast<std::int64_t>(kConstants + 16)});
}

}  // namespace
}  // namespace fathom::code
