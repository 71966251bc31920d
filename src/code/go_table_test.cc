#include "code/go_table.h"

#include <gtest/gtest.h>

#include "code/testing.h"

namespace fathom::code {
namespace {

using namespace testing;

constexpr std::uint64_t kModule = kData + 0x400, kTrees = kData + 0x600;

void put(std::string& data, std::uint64_t address, const std::string& what) {
  std::uint64_t at = address - kData;
  if (data.size() < at + what.size()) data.resize(at + what.size());
  data.replace(at, what.size(), what);
}

// Two functions, main.main at 0x10 and main.other at 0x20 up to 0x30 in the code. strings.Cut is
// inlined into main.main between 0x14 and 0x18, and strings.Index into that at 0x16.
struct Sample {
  std::uint32_t magic = 0xfffffff1;
  std::uint64_t text_in_header = kText;  // 0 since Go 1.26

  std::string names() const {
    return std::string("\0main.main\0main.other\0strings.Cut\0strings.Index\0", 47);
  }
  // Changes of the value and lengths: -1 to 4, 0 to 6, 1 to 8, -1 to 16.
  std::string addresses() const { return bytes({0, 0, 4, 2, 2, 2, 2, 3, 8, 0}); }

  std::string record(std::uint32_t start, std::uint32_t name, bool has_inlined) const {
    std::string out = number(start, 4) + number(name, 4) + std::string(20, '\0');
    out += number(3, 4) + number(0, 4) + number(7, 4) + bytes({0, 0, 0, 4});
    out += number(0, 8) + number(has_inlined ? 1 : 0, 4);
    return out + number(~0ull, 12) + number(has_inlined ? 0x10 : ~0ull, 4);
  }

  std::string data() const {
    std::string names = this->names(), addresses = this->addresses();
    std::uint64_t at_names = 72, at_addresses = at_names + 48, at_functions = at_addresses + 16;
    std::string first = record(0x10, 1, true), second = record(0x20, 11, false);
    std::string table = number(0x10, 4) + number(20, 4) + number(0x20, 4) +
                        number(20 + first.size(), 4) + number(0x30, 4) + first + second;
    std::string out = number(magic, 4) + bytes({0, 0, 1, 8}) + number(2, 8) + number(0, 8) +
                      number(text_in_header, 8);
    for (std::uint64_t offset : {at_names, at_addresses, at_addresses, at_addresses, at_functions})
      out += number(offset, 8);
    put(out, kData + at_names, names);
    put(out, kData + at_addresses, addresses);
    put(out, kData + at_functions, table);
    put(out, kModule, number(kData, 8) + number(kData + at_names, 8));
    put(out, kModule + 22 * 8, number(kText, 8));
    put(out, kModule + 40 * 8, number(kTrees, 8));
    put(out, kTrees + 0x10,
        number(0, 4) + number(22, 4) + number(2, 4) + number(40, 4) +     // strings.Cut
            number(0, 4) + number(34, 4) + number(5, 4) + number(9, 4));  // strings.Index
    return out + std::string(64, '\0');
  }
};

std::string code() {
  std::string out = bytes({0xc3});
  pad(out, 0x10) += bytes({0xe8, 0x0d, 0, 0, 0, 0xc3});  // main.main: call 0x401022; ret
  out.resize(0x20, '\xcc');
  out += bytes({0x31, 0xc0, 0x31, 0xc0, 0xc3});
  out.resize(0x30, '\xcc');
  return out;
}

void expect_sample(const GoTable& table) {
  ASSERT_EQ(table.functions.size(), 2u);
  EXPECT_EQ(table.functions[0].name, "main.main");
  EXPECT_EQ(table.functions[0].start, kText + 0x10);
  EXPECT_EQ(table.functions[0].end, kText + 0x20);
  EXPECT_EQ(table.functions[0].line, 7u);
  EXPECT_EQ(table.functions[1].name, "main.other");
  ASSERT_EQ(table.inlined.size(), 2u);
  EXPECT_EQ(table.inlined[0].name, "strings.Cut");
  EXPECT_EQ(table.inlined[0].place, kText + 0x12);
  EXPECT_EQ(table.inlined[0].parent, -1);
  EXPECT_EQ(table.inlined[1].name, "strings.Index");
  EXPECT_EQ(table.inlined[1].parent, 0) << "the call of Index stands in Cut";
  EXPECT_EQ(table.inlined[1].line, 9u);
  EXPECT_TRUE(table.problems.empty());
}

TEST(GoTable, NamesAndInlinedCallsWithoutSections) {
  for (bool sections : {true, false}) {
    Loaded file(code(), Sample{}.data(), {}, sections);
    GoTable table = read_go_table(*file.program);
    EXPECT_EQ(table.address, kData);
    EXPECT_EQ(table.format, GoFormat::go1_20);
    EXPECT_EQ(table.functions_data, kTrees);
    EXPECT_TRUE(table.is_magic_known);
    expect_sample(table);
  }
}

TEST(GoTable, TheStartOfTheCodeIsInTheModuleData) {
  Loaded file(code(), Sample{.text_in_header = 0}.data());
  expect_sample(read_go_table(*file.program));
}

TEST(GoTable, AChangedMagicNumberHidesNothing) {
  Loaded file(code(), Sample{.magic = 0x12345678}.data());
  GoTable table = read_go_table(*file.program);
  EXPECT_FALSE(table.is_magic_known);
  expect_sample(table);
}

TEST(GoTable, Go1Point2) {
  std::string names = std::string("main.main\0main.other\0", 21);
  std::string data = number(0xfffffffb, 4) + bytes({0, 0, 1, 8}) + number(2, 8);
  std::uint64_t records = 16 + 5 * 8 + 8;
  data += number(kText + 0x10, 8) + number(records, 8) + number(kText + 0x20, 8) +
          number(records + 40, 8) + number(kText + 0x30, 8) + number(0, 8);
  data += number(kText + 0x10, 8) + number(records + 80, 4) + std::string(28, '\0');
  data += number(kText + 0x20, 8) + number(records + 90, 4) + std::string(28, '\0');
  data += names;
  Loaded file(code(), data);
  GoTable table = read_go_table(*file.program);
  ASSERT_EQ(table.functions.size(), 2u);
  EXPECT_EQ(table.format, GoFormat::go1_2);
  EXPECT_EQ(table.functions[1].name, "main.other");
  EXPECT_EQ(table.functions[1].end, kText + 0x30);
}

TEST(GoTable, FunctionsAreThoseOfTheTableAlone) {
  Loaded file(code(), Sample{}.data());
  Functions functions = file.functions();
  // The entry point, and not what main.main calls in the middle of main.other.
  ASSERT_EQ(functions.list.size(), 3u);
  EXPECT_EQ(functions.list[1].name, "main.main");
  EXPECT_EQ(functions.list[1].found, Found::go_table);
  EXPECT_EQ(functions.list[1].size(), 6u) << "without what fills the space";
  ASSERT_EQ(functions.inlined.size(), 2u);
  EXPECT_EQ(functions.inlined[1].function, 1u);
  EXPECT_EQ(functions.inlined[1].parent, 0);
}

TEST(GoTable, EveryPrefixAndEveryChangedByteIsRead) {
  std::string data = Sample{}.data();
  for (std::size_t i = 0; i < data.size(); ++i) {
    Loaded shorter(code(), data.substr(0, i));
    EXPECT_LE(read_go_table(*shorter.program).functions.size(), 2u);
    if (data[i] == 0 && i > 0x120) continue;
    std::string changed = data;
    changed[i] = static_cast<char>(changed[i] ^ 0xff);
    Loaded wrong(code(), changed);
    for (const GoFunction& function : read_go_table(*wrong.program).functions) {
      EXPECT_LT(function.start, function.end);
      EXPECT_LE(function.end, kText + kTextBytes);
    }
  }
}

TEST(GoTable, OtherProgramsHaveNone) {
  Loaded file(code(), std::string(0x200, '\x01'));
  EXPECT_EQ(read_go_table(*file.program).address, 0u);
}

}  // namespace
}  // namespace fathom::code
