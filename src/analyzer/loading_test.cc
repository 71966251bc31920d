#include <gtest/gtest.h>

#include "analyzer/analyzer.h"
#include "analyzer/loader_cache.h"
#include "elf/constants.h"
#include "elf/testing.h"

namespace fathom {
namespace {

using namespace std::string_literals;

using elf::testing::little;

struct Line {
  std::string name, path;
  std::uint64_t hwcap = 0;
};

// As ldconfig of glibc 2.32 and later writes it; `hwcaps` names the subfolders.
std::string cache_of(const std::vector<Line>& lines, const std::vector<std::string>& hwcaps = {}) {
  const std::uint64_t strings_at = 48 + 24 * lines.size();
  std::string strings, entries;
  auto add = [&](const std::string& text) {
    std::uint64_t at = strings_at + strings.size();
    strings += text + '\0';
    return little(at, 4);
  };
  for (const Line& line : lines)
    entries +=
        little(0x0303, 4) + add(line.name) + add(line.path) + little(0, 4) + little(line.hwcap, 8);
  std::string offsets;
  for (const std::string& name : hwcaps) offsets += add(name);
  while (strings.size() % 4 != 0) strings += '\0';
  const std::uint64_t extension = strings_at + strings.size();
  std::string directory = little(0xeaa42174, 4) + little(1, 4) + little(1, 4) + little(0, 4) +
                          little(extension + 24, 4) + little(offsets.size(), 4) + offsets;
  return "glibc-ld.so.cache1.1" + little(lines.size(), 4) + little(strings.size(), 4) +
         little(2, 4) + little(hwcaps.empty() ? 0 : extension, 4) + std::string(12, '\0') +
         entries + strings + (hwcaps.empty() ? "" : directory);
}

std::vector<std::string> lines_of_cache(const std::string& bytes) {
  std::vector<std::string> out;
  for (const LoaderCacheEntry& e : read_loader_cache(ByteView::of(bytes), Limits{}).entries)
    out.push_back(e.name + "=" + e.path + (e.hwcaps.empty() ? "" : "@" + e.hwcaps));
  return out;
}

using Texts = std::vector<std::string>;
constexpr std::uint64_t kHwcapsBit = std::uint64_t{1} << 62;

TEST(LoaderCache, EntriesAndHwcaps) {
  std::string bytes =
      cache_of({{"liba.so", "/lib/v3/liba.so", kHwcapsBit | 1}, {"liba.so", "/lib/liba.so"}},
               {"x86-64-v2", "x86-64-v3"});
  EXPECT_EQ(lines_of_cache(bytes),
            (Texts{"liba.so=/lib/v3/liba.so@x86-64-v3", "liba.so=/lib/liba.so"}));
  FileFacts facts = recover(ByteView::of(bytes), Limits{});
  EXPECT_EQ(facts.loader_cache.size(), 2u);
  EXPECT_TRUE(facts.gaps.empty());
}

// Before 2.32: the old format first, the new one at the next multiple of 8.
TEST(LoaderCache, OldFormats) {
  std::string strings = "liba.so\0/old/liba.so\0"s;
  std::string old = "ld.so-1.7.0\0"s + little(1, 4) + little(3, 4) + little(0, 4) + little(8, 4);
  EXPECT_EQ(lines_of_cache(old + strings), (Texts{"liba.so=/old/liba.so"}));
  std::string both = old;
  while (both.size() % 8 != 0) both += '\0';
  both += cache_of({{"liba.so", "/new/liba.so"}});
  EXPECT_EQ(lines_of_cache(both), (Texts{"liba.so=/new/liba.so"}));
}

TEST(LoaderCache, WhatIsBrokenIsSaid) {
  const std::string good = cache_of({{"liba.so", "/lib/liba.so"}, {"libb.so", "/lib/libb.so"}});
  std::string count = good;
  elf::testing::poke(count, 20, little(0xffffffff, 4));
  LoaderCache read = read_loader_cache(ByteView::of(count), Limits{});
  EXPECT_GE(read.entries.size(), 2u);
  EXPECT_FALSE(read.problems.empty());
  std::string offset = good;
  elf::testing::poke(offset, 48 + 4, little(0xfffffff0, 4));
  EXPECT_EQ(lines_of_cache(offset), (Texts{"libb.so=/lib/libb.so"}));
  EXPECT_EQ(recover(ByteView::of(offset), Limits{}).gaps.at(0).stage, "ld.so.cache");
  for (std::size_t size = 0; size < good.size(); ++size)
    (void)read_loader_cache(ByteView::of(std::string_view(good).substr(0, size)), Limits{});
  // A subfolder that is not in the table, or no table at all.
  EXPECT_TRUE(
      lines_of_cache(cache_of({{"a.so", "/a.so", kHwcapsBit | 7}}, {"x86-64-v2"}))[0].ends_with(
          "/a.so"));
}

TEST(Loading, ListsOfFolders) {
  auto folders = [](const std::string& text) {
    return recover(ByteView::of(text), Limits{}).folder_list;
  };
  EXPECT_EQ(folders("/lib:/usr/local/lib\n/usr/lib\n"),
            (Texts{"/lib", "/usr/local/lib", "/usr/lib"}));
  EXPECT_EQ(folders("/lib\nnot a folder\n"), Texts{});
  EXPECT_EQ(folders("hello\n"), Texts{});
}

TEST(Loading, NamesOfLibraries) {
  FileFacts facts = recover(
      ByteView::of(
          "auth required pam_unix.so nullok\nLoadModule x modules/mod_x.so\nSee libfoo.so.\n"
          "file.sox a.sock .so"),
      Limits{});
  EXPECT_EQ(facts.named_libraries, (Texts{"libfoo.so", "modules/mod_x.so", "pam_unix.so"}));
}

TEST(Loading, NamesInAnElfFileButThoseOfTheLinker) {
  elf::testing::TestElf t{.type = elf::ET_DYN};
  t.sections = {{.name = ".dynstr", .type = elf::SHT_STRTAB, .contents = "\0libneeded.so\0"s},
                {.name = ".rodata", .contents = "\0libopened.so.2\0"s},
                {.name = ".dynamic",
                 .type = elf::SHT_DYNAMIC,
                 .contents = t.dynamic({{elf::DT_STRTAB, 0x1000},
                                        {elf::DT_STRSZ, 14},
                                        {elf::DT_NEEDED, 1},
                                        {elf::DT_NULL, 0}})}};
  t.segments = {{.address = 0x1000, .first = 0, .last = 2},
                {.type = elf::PT_DYNAMIC, .address = 0x1000 + 14 + 16, .first = 2, .last = 2}};
  FileFacts facts = recover(ByteView::of(t.build()), Limits{});
  ASSERT_TRUE(facts.elf);
  EXPECT_EQ(facts.elf->needed, Texts{"libneeded.so"});
  EXPECT_EQ(facts.named_libraries, Texts{"libopened.so.2"});
}

TEST(Loading, FoldersThatALoaderHasCompiledIn) {
  elf::testing::TestElf t{.type = elf::ET_DYN};
  t.sections = {
      {.name = ".dynstr", .type = elf::SHT_STRTAB, .contents = "\0ld-linux.so.2\0"s},
      {.name = ".rodata",
       .contents = "/proc/self/exe\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0"
                   "/usr/lib/\0other\0"s},
      {.name = ".dynamic",
       .type = elf::SHT_DYNAMIC,
       .contents = t.dynamic({{elf::DT_STRTAB, 0x1000},
                              {elf::DT_STRSZ, 15},
                              {elf::DT_SONAME, 1},
                              {elf::DT_NULL, 0}})}};
  t.segments = {{.address = 0x1000, .first = 0, .last = 2},
                {.type = elf::PT_DYNAMIC,
                 .address = 0x1000 + t.offset_of(2) - t.offset_of(0),
                 .first = 2,
                 .last = 2}};
  FileFacts facts = recover(ByteView::of(t.build()), Limits{});
  EXPECT_EQ(facts.elf.value_or(ElfFacts{}).loader_folders,
            (Texts{"/lib/x86_64-linux-gnu/", "/usr/lib/x86_64-linux-gnu/", "/lib/", "/usr/lib/"}));
}

}  // namespace
}  // namespace fathom
