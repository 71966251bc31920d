// The function table beside, and instead of, the list of modules.

#include <gtest/gtest.h>

#include <algorithm>

#include "analyzer/analyzer.h"
#include "analyzer/go_names.h"
#include "elf/testing.h"

namespace fathom {
namespace {

using elf::testing::TestElf;

constexpr std::uint32_t kRead = 4, kWrite = 2, kExecute = 1;
constexpr std::uint64_t kTextAt = 0x401000, kTableAt = 0x480000, kDataAt = 0x500000;

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += text + '\0';
  return out;
}

// A table of two functions with these names (of functions, inlined ones too) and files, in the
// layout of the magic number.
std::string table(const TestElf& elf, std::uint32_t magic, const std::vector<std::string>& names,
                  const std::vector<std::string>& files) {
  const std::uint64_t pointer = static_cast<std::uint64_t>(elf.bits) / 8;
  const std::string head =
      elf.word(magic) + std::string(2, '\0') + '\1' + static_cast<char>(pointer) + elf.wide(2);
  const std::string name_texts = joined(names), file_texts = joined(files);
  if (magic == 0xfffffffb) {
    // Pairs, the end, where the files are; then records and texts.
    std::uint64_t records = 8 + pointer + 5 * pointer + 4, texts = records + 2 * (pointer + 4);
    std::string out = head, record;
    for (std::uint64_t i : {0, 1}) {
      out += elf.wide(kTextAt + 16 * i) + elf.wide(records + i * (pointer + 4));
      record +=
          elf.wide(kTextAt + 16 * i) + elf.word(texts + (i == 0 ? 0 : names.at(0).size() + 1));
    }
    std::uint64_t at_files = texts + name_texts.size();
    std::string list = elf.word(files.size() + 1);
    std::uint64_t at = at_files + 4 * (files.size() + 1);
    for (const std::string& file : files) {
      list += elf.word(at);
      at += file.size() + 1;
    }
    return out + elf.wide(kTextAt + 32) + elf.word(at_files) + record + name_texts + list +
           file_texts;
  }
  const bool has_text_start = magic != 0xfffffffa;
  std::uint64_t at = 8 + pointer * (has_text_start ? 8 : 7);
  std::string out = head + elf.wide(files.size());
  if (has_text_start) out += elf.wide(kTextAt);
  for (std::uint64_t size :
       {name_texts.size(), std::uint64_t{0}, file_texts.size(), std::uint64_t{0}}) {
    out += elf.wide(at);
    at += size;
  }
  out += elf.wide(at) + name_texts + file_texts;
  for (std::uint64_t pc : {0, 16, 32}) {
    out += has_text_start ? elf.word(pc) : elf.wide(kTextAt + pc);
    if (pc < 32) out += has_text_start ? elf.word(0) : elf.wide(0);
  }
  return out;
}

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

std::string info(std::string_view list) {
  std::string release = "go1.22.1", framed;
  if (!list.empty()) framed = std::string(16, '0') + std::string(list) + std::string(16, '2');
  return std::string("\xff Go buildinf:\x08\x02", 16) + std::string(16, '\0') +
         varint(release.size()) + release + varint(framed.size()) + framed;
}

TestElf program(TestElf elf, std::string go_table, std::string build_info) {
  elf.sections = {
      {.name = ".text", .flags = 6, .address = kTextAt, .contents = std::string(64, '\x90')},
      {.name = ".gopclntab", .flags = 2, .address = kTableAt, .contents = std::move(go_table)}};
  elf.segments = {{.flags = kRead | kExecute, .address = kTextAt, .first = 0, .last = 0},
                  {.flags = kRead, .address = kTableAt, .first = 1, .last = 1}};
  if (build_info.empty()) return elf;
  elf.sections.push_back(
      {.name = ".go.buildinfo", .flags = 3, .address = kDataAt, .contents = std::move(build_info)});
  elf.segments.push_back({.flags = kRead | kWrite, .address = kDataAt, .first = 2, .last = 2});
  return elf;
}

const std::vector<std::string> kNames = {"main.main", "github.com/a/b/v2/c.(*T).M",
                                         "gopkg.in/yaml%2ev2.F[go.shape.int]",
                                         "github.com/x/wrap._Cfunc_open", "type:.eq.x/y.z"};
const std::vector<std::string> kFiles = {
    "/usr/local/go/src/fmt/print.go", "/root/go/pkg/mod/github.com/!burnt!sushi/toml@v1.2.0/a.go",
    "golang.org/x/net@v0.9.0/http2/b.go", "/home/me@v1/x.go",
    "golang.org/toolchain@v0.0.1-go1.22.1.linux-amd64/src/os/file.go"};

FileFacts facts_of(const TestElf& elf) { return recover(ByteView::of(elf.build()), Limits{}); }

std::vector<std::string> claims_of(const FileFacts& facts) {
  std::vector<std::string> out;
  for (const PackageClaim& claim : facts.packages)
    out.push_back(claim.component.name + " " + claim.component.version.exact);
  std::ranges::sort(out);
  return out;
}

TEST(GoNames, PackagesModulesAndCgoInEveryLayout) {
  for (std::uint32_t magic : {0xfffffffbu, 0xfffffffau, 0xfffffff0u, 0xfffffff1u})
    for (bool big_endian : {false, true})
      for (int bits : {32, 64}) {
        TestElf shape;
        shape.bits = bits;
        shape.big_endian = big_endian;
        const bool old = magic == 0xfffffffb;
        std::vector<std::string> names = kNames;
        if (old) names = {"github.com/x/wrap._Cfunc_open", "gopkg.in/yaml%2ev2.F"};
        std::string file = program(shape, table(shape, magic, names, kFiles), {}).build();
        Result<elf::ElfFile> elf = elf::ElfFile::parse(ByteView::of(file), Limits{});
        ASSERT_TRUE(elf);
        std::optional<GoFunctionTable> found = find_go_function_table(*elf);
        ASSERT_TRUE(found) << magic;
        GoNames got = read_go_names(*elf, *found, Limits{});
        std::vector<std::string> packages = {"github.com/a/b/v2/c", "github.com/x/wrap",
                                             "gopkg.in/yaml.v2", "main"};
        if (old) packages = {"github.com/x/wrap", "gopkg.in/yaml.v2"};
        EXPECT_EQ(got.packages, packages) << magic << " " << bits << big_endian;
        EXPECT_EQ(got.cgo_packages, std::vector<std::string>{"github.com/x/wrap"});
        ASSERT_EQ(got.modules.size(), 3u) << magic << " " << bits << big_endian;
        EXPECT_EQ(got.modules[0].path, "github.com/BurntSushi/toml");
        EXPECT_EQ(got.modules[0].version, "v1.2.0");
        EXPECT_TRUE(ByteView::of(file).has_at(got.modules[0].offset, kFiles[1]));
        EXPECT_EQ(got.modules[2].path, "golang.org/x/net");
      }
}

TEST(GoNames, ALikelyModuleIsWhatTheHostsPathsSay) {
  EXPECT_EQ(likely_go_module("github.com/a/b/c/d"), "github.com/a/b");
  EXPECT_EQ(likely_go_module("github.com/a/b/v2/c"), "github.com/a/b/v2");
  EXPECT_EQ(likely_go_module("github.com/a/b/vendor"), "github.com/a/b");
  EXPECT_EQ(likely_go_module("golang.org/x/net/http2"), "golang.org/x/net");
  EXPECT_EQ(likely_go_module("gopkg.in/yaml.v2"), "gopkg.in/yaml.v2");
  EXPECT_EQ(likely_go_module("k8s.io/api/core/v1"), "k8s.io/api");
  EXPECT_EQ(likely_go_module("github.com/a"), "");
  EXPECT_EQ(likely_go_module("net/http"), "");
  EXPECT_EQ(likely_go_module("main"), "");
  EXPECT_EQ(likely_go_module("vendor/golang.org/x/net/http2"), "") << "the standard library's";
}

TEST(GoClaims, TheTableStandsInForAListThatIsGone) {
  TestElf shape;
  FileFacts facts = facts_of(program(shape, table(shape, 0xfffffff1, kNames, kFiles), {}));
  EXPECT_EQ(claims_of(facts),
            (std::vector<std::string>{"github.com/BurntSushi/toml v1.2.0", "github.com/a/b/v2 ",
                                      "github.com/x/wrap ", "golang.org/x/net v0.9.0",
                                      "gopkg.in/yaml.v2 ", "stdlib "}));
  EXPECT_FALSE(facts.gaps.empty()) << "the list is missing all the same";
  ASSERT_TRUE(facts.go);
  EXPECT_TRUE(facts.go->has_cgo);
}

TEST(GoClaims, WhatTheListHidesIsSaid) {
  TestElf shape;
  FileFacts facts =
      facts_of(program(shape, table(shape, 0xfffffff1, kNames, kFiles),
                       info("path\texample.com/app\nmod\texample.com/app\tv1.0.0\t\n"
                            "dep\tgolang.org/x/net\tv0.9.0\th1:x=\nbuild\tCGO_ENABLED=1\n")));
  EXPECT_EQ(claims_of(facts),
            (std::vector<std::string>{"example.com/app v1.0.0", "github.com/BurntSushi/toml v1.2.0",
                                      "golang.org/x/net v0.9.0", "stdlib 1.22.1"}));
  for (const PackageClaim& claim : facts.packages)
    if (claim.component.name == "github.com/BurntSushi/toml") {
      EXPECT_EQ(claim.component.confidence, Confidence::medium);
      EXPECT_EQ(claim.component.evidence[0].seen, kFiles[1]);
    }
  EXPECT_EQ(facts.go->cgo_enabled, "1");
  EXPECT_EQ(facts.go->cgo_packages, std::vector<std::string>{"github.com/x/wrap"});
}

TEST(GoClaims, AListThatNamesNoModulesIsCompletedByTheTable) {
  TestElf shape;
  FileFacts facts = facts_of(program(shape, table(shape, 0xfffffff1, kNames, kFiles),
                                     info("path\texample.com/app\nbuild\t-compiler=gc\n")));
  EXPECT_EQ(
      claims_of(facts),
      (std::vector<std::string>{"example.com/app ", "github.com/BurntSushi/toml v1.2.0",
                                "github.com/a/b/v2 ", "github.com/x/wrap ",
                                "golang.org/x/net v0.9.0", "gopkg.in/yaml.v2 ", "stdlib 1.22.1"}));
  EXPECT_EQ(facts.gaps.size(), 1u);
  facts = facts_of(program(shape, table(shape, 0xfffffff1, {"main.main", "cmd/go/internal.F"}, {}),
                           info("path\tcmd/go\nbuild\t-compiler=gc\n")));
  EXPECT_TRUE(facts.gaps.empty()) << "the distribution's own";
}

TEST(GoClaims, FlagsSayTheVersionWhereTheListDoesNot) {
  auto version = [](std::string_view list) {
    TestElf shape;
    FileFacts facts = facts_of(program(shape, table(shape, 0xfffffff1, kNames, {}), info(list)));
    for (const PackageClaim& claim : facts.packages)
      if (claim.component.kind == ComponentKind::application) return claim.component.version.exact;
    return std::string("none");
  };
  const std::string flags = "build\t-ldflags=\"-s -X main.version=1.2.3\"\n";
  const std::string stamps =
      "build\tvcs.revision=0123456789abcdef\nbuild\tvcs.time=2023-01-02T15:04:05Z\n";
  EXPECT_EQ(version("mod\tx.org/a\t(devel)\t\n" + flags + stamps), "v1.2.3");
  EXPECT_EQ(version("mod\tx.org/a\t(devel)\t\n" + stamps), "v0.0.0-20230102150405-0123456789ab");
  EXPECT_EQ(version("mod\tx.org/a\tv0.0.0-20230102150405-0123456789ab\t\n" + flags), "v1.2.3");
  EXPECT_EQ(version("mod\tx.org/a\tv0.0.0-20230102150405-0123456789ab\t\n"),
            "v0.0.0-20230102150405-0123456789ab");
  EXPECT_EQ(version("mod\tx.org/a\tv4.5.6\t\n" + flags), "v4.5.6");
  EXPECT_EQ(version("mod\tx.org/a\t(devel)\t\n"), "");
}

TEST(GoClaims, TheFipsModuleIsAComponent) {
  TestElf shape;
  FileFacts facts = facts_of(
      program(shape, table(shape, 0xfffffff1, kNames, {}),
              info("path\tx.org/a\nmod\tx.org/a\tv1.0.0\t\nbuild\tGOFIPS140=v1.0.0-c2097c7c\n")));
  EXPECT_EQ(claims_of(facts), (std::vector<std::string>{"golang.org/fips140 v1.0.0",
                                                        "stdlib 1.22.1", "x.org/a v1.0.0"}));
}

TEST(GoNames, EveryPrefixIsReadPolitely) {
  for (std::uint32_t magic : {0xfffffffbu, 0xfffffff1u}) {
    TestElf shape;
    std::string file = program(shape, table(shape, magic, kNames, kFiles), {}).build();
    for (std::size_t n = 0; n < file.size(); n += 3) {
      std::string cut = file.substr(0, n);
      Result<elf::ElfFile> elf = elf::ElfFile::parse(ByteView::of(cut), Limits{});
      if (!elf) continue;
      auto found = find_go_function_table(*elf);
      if (!found) continue;
      EXPECT_LE(read_go_names(*elf, *found, Limits{}).packages.size(), kNames.size());
    }
  }
}

}  // namespace
}  // namespace fathom
