#include <gtest/gtest.h>

#include <set>

#include "analyzer/analyzer.h"
#include "base/digest.h"
#include "elf/constants.h"
#include "elf/testing.h"

namespace fathom {
namespace {

using elf::testing::TestElf;

// Bytes in which no window of 32 is like another.
std::string table_of(std::size_t bytes) {
  std::string out;
  std::uint32_t state = 1;
  while (out.size() < bytes) {
    state = state * 1664525 + 1013904223;
    out += static_cast<char>(state >> 24);
  }
  return out;
}

std::string packed(const std::vector<std::string_view>& windows) {
  std::string out;
  for (std::string_view window : windows) {
    const std::uint64_t hash = xxh3_of(ByteView::of(window));
    for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(hash >> shift);
  }
  return out;
}

TestElf file_with(std::string data, std::uint64_t flags = elf::SHF_ALLOC) {
  TestElf t;
  t.sections = {
      {.name = ".rodata", .flags = flags, .address = 0x402000, .contents = std::move(data)}};
  t.segments = {{.flags = 4, .address = 0x402000, .first = 0, .last = 0}};
  return t;
}

TEST(Tables, WindowsOfTheFilterAtMultiplesOfFour) {
  const std::string table = table_of(256);
  const std::string_view all = table;
  const TableFilter filter(packed({all.substr(0, 32), all.substr(64, 32)}));
  const TestElf file = file_with(std::string(20, 'x') + table);
  const FileFacts facts = recover(ByteView::of(file.build()), Limits{}, filter);
  ASSERT_EQ(facts.tables.size(), 2u);
  std::set<std::uint64_t> offsets{facts.tables[0].offset, facts.tables[1].offset};
  EXPECT_EQ(offsets, (std::set<std::uint64_t>{file.offset_of(0) + 20, file.offset_of(0) + 84}));
}

TEST(Tables, NothingWithoutAFilterOrInOtherPlaces) {
  const std::string table = table_of(64);
  const TableFilter filter(packed({std::string_view(table).substr(0, 32)}));
  EXPECT_TRUE(recover(ByteView::of(file_with(table).build()), Limits{}).tables.empty());
  EXPECT_TRUE(
      recover(ByteView::of(file_with("xyz" + table).build()), Limits{}, filter).tables.empty());
  EXPECT_TRUE(recover(ByteView::of("\x7f"
                                   "ELF" +
                                   table),
                      Limits{}, filter)
                  .tables.empty());
}

// One window over and over is kept a few times; what else does not fit into the facts is a gap.
TEST(Tables, AreBoundedByTheFile) {
  const std::string window = table_of(32);
  std::string data;
  for (int i = 0; i < 8192; ++i) data += window;
  const FileFacts same =
      recover(ByteView::of(file_with(data).build()), Limits{}, TableFilter(packed({window})));
  EXPECT_EQ(same.tables.size(), 16u);
  EXPECT_TRUE(same.gaps.empty());

  const std::string table = table_of(32 * 5000);
  std::vector<std::string_view> windows;
  for (std::size_t at = 0; at < table.size(); at += 32)
    windows.push_back(std::string_view(table).substr(at, 32));
  const FileFacts many =
      recover(ByteView::of(file_with(table).build()), Limits{}, TableFilter(packed(windows)));
  EXPECT_EQ(many.tables.size(), 4096u);
  ASSERT_FALSE(many.gaps.empty());
  EXPECT_EQ(many.gaps[0].stage, "tables");
}

}  // namespace
}  // namespace fathom
