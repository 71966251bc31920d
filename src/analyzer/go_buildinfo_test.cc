#include "analyzer/go_buildinfo.h"

#include <gtest/gtest.h>

#include "analyzer/analyzer.h"
#include "analyzer/go_names.h"
#include "analyzer/go_pclntab.h"
#include "elf/testing.h"

namespace fathom {
namespace {

using elf::testing::TestElf;

constexpr std::uint32_t kRead = 4, kWrite = 2, kExecute = 1;
constexpr std::uint64_t kTextAt = 0x401000, kDataAt = 0x500000, kTextSize = 256;

// What `go version -m` prints, with the tabs of the file.
constexpr std::string_view kModules =
    "path\texample.com/app/cmd/app\n"
    "mod\texample.com/app\t(devel)\t\n"
    "dep\tgithub.com/pkg/errors\tv0.9.1\n"
    "=>\t./errors\t(devel)\t\n"
    "\n"
    "dep\tgolang.org/x/net\tv0.10.0\n"
    "=>\tgithub.com/fork/net\tv0.11.0\th1:abc=\n"
    "\n"
    "dep\tgolang.org/x/text\tv0.3.7\th1:olpwvP2KacW1ZWvsR7uQhoyTYvKAupfQrRGBFM352Gk=\n"
    "build\t-buildmode=exe\n"
    "build\t-ldflags=\"-s -w -X main.v=1\"\n"
    "build\tCGO_ENABLED=0\n"
    "build\tGOOS=linux\n"
    "build\tvcs.revision=0123456789abcdef0123456789abcdef01234567\n"
    "build\tvcs.time=2023-01-02T15:04:05Z\n"
    "build\tvcs.modified=true\n";

std::string framed(std::string_view list) {
  return std::string(16, '\x30') + std::string(list) + std::string(16, '\x32');
}

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

std::string header(char pointer_size, char flags) {
  return std::string("\xff Go buildinf:") + pointer_size + flags;
}

// Go 1.18 and later.
std::string inline_form(std::string_view release, std::string_view list) {
  return header(8, 2) + std::string(16, '\0') + varint(release.size()) + std::string(release) +
         varint(list.size()) + std::string(list);
}

// A function table of Go 1.20 with functions of 16 bytes that fill the text.
std::string function_table(const TestElf& elf, std::uint32_t magic = 0xfffffff1) {
  std::uint64_t count = kTextSize / 16;
  std::string head =
      elf.word(magic) + std::string(2, '\0') + '\1' + static_cast<char>(elf.bits / 8);
  std::string pairs, words;
  bool offsets = magic == 0xfffffff1 || magic == 0xfffffff0;
  for (std::uint64_t i = 0; i <= count; ++i) {
    std::uint64_t pc = i * 16;
    pairs += offsets ? elf.word(pc) : elf.wide(kTextAt + pc);
    if (i < count) pairs += offsets ? elf.word(0) : elf.wide(0);
  }
  std::uint64_t word_count = magic == 0xfffffffb ? 1 : offsets ? 8 : 7;
  words = elf.wide(count);
  while (words.size() + static_cast<std::uint64_t>(elf.bits / 8) <
         word_count * static_cast<std::uint64_t>(elf.bits / 8))
    words += elf.wide(0);
  if (word_count > 1)
    words += elf.wide(head.size() + word_count * static_cast<std::uint64_t>(elf.bits / 8));
  return head + words + pairs;
}

// Text, function table and build information in segments of their own, as the linker lays them out.
TestElf program(std::string info, std::string table = {}, bool with_section_headers = true) {
  TestElf elf;
  elf.with_section_headers = with_section_headers;
  if (table.empty()) table = function_table(elf);
  elf.sections = {
      {.name = ".text", .flags = 6, .address = kTextAt, .contents = std::string(kTextSize, '\x90')},
      {.name = ".gopclntab", .flags = 2, .address = 0x480000, .contents = std::move(table)},
      {.name = ".go.buildinfo", .flags = 3, .address = kDataAt, .contents = std::move(info)}};
  elf.segments = {{.flags = kRead | kExecute, .address = kTextAt, .first = 0, .last = 0},
                  {.flags = kRead, .address = 0x480000, .first = 1, .last = 1},
                  {.flags = kRead | kWrite, .address = kDataAt, .first = 2, .last = 2}};
  return elf;
}

const Component* find(const FileFacts& facts, std::string_view name) {
  for (const PackageClaim& claim : facts.packages)
    if (claim.component.name == name) return &claim.component;
  return nullptr;
}

FileFacts go_facts(const std::string& file) {
  Limits limits;
  FileFacts facts;
  Result<elf::ElfFile> elf = elf::ElfFile::parse(ByteView::of(file), limits);
  if (!elf) return facts;
  FileInput in{.bytes = ByteView::of(file), .elf = &*elf, .kind = FileKind::elf, .limits = limits};
  for (const FileAnalyzer* row : file_analyzers())
    if (row->name == "go-buildinfo" && row->wants(in))
      if (Done done = row->run(in, facts); !done)
        facts.gaps.push_back({.stage = "go-buildinfo",
                              .file = {},
                              .file_digest = {},
                              .code = done.error().code,
                              .reason = done.error().message});
  return facts;
}

std::uint64_t attributed(const FileFacts& facts) {
  std::uint64_t bytes = 0;
  for (const Attribution& attribution : facts.attributions) bytes += attribution.bytes;
  return bytes;
}

TEST(GoModules, FunctionsNameTheirPackage) {
  EXPECT_EQ(go_package_of("main.main"), "main");
  EXPECT_EQ(go_package_of("net/http.(*Server).Serve"), "net/http");
  EXPECT_EQ(go_package_of("gopkg.in/yaml%2ev3.(*parser).peek"), "gopkg.in/yaml.v3");
  EXPECT_EQ(go_package_of("a.com/b.Map[a.com/c/d.T]"), "a.com/b");
  EXPECT_EQ(go_package_of("runtime"), "");
}

TEST(GoBuildInfo, ReadsWhatTheLinkerWrote) {
  std::string file = program(inline_form("go1.26.8", framed(kModules))).build();
  FileFacts facts = go_facts(file);
  EXPECT_TRUE(facts.gaps.empty());
  ASSERT_EQ(facts.packages.size(), 5u);

  const Component* stdlib = find(facts, "stdlib");
  ASSERT_TRUE(stdlib);
  EXPECT_EQ(stdlib->kind, ComponentKind::runtime);
  EXPECT_EQ(stdlib->version.exact, "1.26.8");
  EXPECT_EQ(stdlib->purl, "pkg:golang/stdlib@1.26.8");

  const Component* app = find(facts, "example.com/app");
  ASSERT_TRUE(app);
  EXPECT_EQ(app->kind, ComponentKind::application);
  EXPECT_EQ(app->version.exact, "v0.0.0-20230102150405-0123456789ab+dirty");

  const Component* text = find(facts, "golang.org/x/text");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->kind, ComponentKind::module);
  EXPECT_EQ(text->version.exact, "v0.3.7");
  EXPECT_EQ(text->ecosystem, "Go");

  ASSERT_FALSE(facts.attributions.empty());
  EXPECT_EQ(attributed(facts), kTextSize);
}

TEST(GoBuildInfo, NamesTheRevisionItWasBuiltFrom) {
  std::string file = program(inline_form("go1.26.8", framed(kModules))).build();
  FileFacts facts = go_facts(file);
  ASSERT_EQ(facts.revisions.size(), 1u);
  const Revision& revision = facts.revisions[0];
  EXPECT_EQ(revision.of, "program");
  EXPECT_EQ(revision.id, "0123456789abcdef0123456789abcdef01234567");
  EXPECT_EQ(revision.time, "2023-01-02T15:04:05Z");
  EXPECT_EQ(revision.source, "example.com/app");
  EXPECT_TRUE(revision.modified);
  EXPECT_TRUE(ByteView::of(file).has_at(revision.evidence.place.value, revision.evidence.seen));
}

TEST(GoBuildInfo, EvidenceIsWhatStandsAtTheOffset) {
  std::string file = program(inline_form("go1.26.8", framed(kModules))).build();
  FileFacts facts = go_facts(file);
  std::size_t checked = 0;
  for (const PackageClaim& claim : facts.packages)
    for (const Evidence& evidence : claim.component.evidence) {
      EXPECT_EQ(evidence.place.kind, Place::Kind::offset);
      EXPECT_EQ(evidence.place.text, ".go.buildinfo");
      EXPECT_EQ(file.substr(evidence.place.value, evidence.seen.size()), evidence.seen);
      ++checked;
    }
  // 1 release; mod, path and 7 settings; 2 + 2 + 1 lines of dependencies
  EXPECT_EQ(checked, 15u);
}

TEST(GoBuildInfo, AReplacementIsWhatWasCompiled) {
  FileFacts facts = go_facts(program(inline_form("go1.26.8", framed(kModules))).build());
  const Component* fork = find(facts, "github.com/fork/net");
  ASSERT_TRUE(fork);
  EXPECT_FALSE(find(facts, "golang.org/x/net"));
  EXPECT_EQ(fork->version.exact, "v0.11.0");
  ASSERT_EQ(fork->evidence.size(), 2u);
  EXPECT_EQ(fork->evidence[0].seen, "dep\tgolang.org/x/net\tv0.10.0");

  // A folder has no version.
  const Component* errors = find(facts, "github.com/pkg/errors");
  ASSERT_TRUE(errors);
  EXPECT_FALSE(errors->version.known());
  EXPECT_EQ(errors->confidence, Confidence::medium);
  EXPECT_EQ(errors->evidence[0].seen, "dep\tgithub.com/pkg/errors\tv0.9.1");
}

TEST(GoBuildInfo, IsFoundWithoutSections) {
  TestElf elf = program(inline_form("go1.26.8", framed(kModules)), {}, false);
  // A copy of the magic in a read-only segment, as a program has that embeds another one, or that
  // looks for it as we do.
  elf.sections[1].contents += std::string(16 - elf.sections[1].contents.size() % 16, '\0') +
                              inline_form("go1.1", framed("path\twrong\n"));
  FileFacts facts = go_facts(elf.build());
  EXPECT_EQ(facts.packages.size(), 5u);
  EXPECT_FALSE(find(facts, "wrong"));
  ASSERT_FALSE(facts.attributions.empty()) << "the function table is found by its magic";
  EXPECT_EQ(attributed(facts), kTextSize);
}

TEST(GoBuildInfo, TheMagicCountsOnlyWhereItIsAligned) {
  TestElf elf = program("12345678" + inline_form("go1.26.8", framed(kModules)));
  EXPECT_FALSE(read_go_buildinfo(*elf::ElfFile::parse(ByteView::of(elf.build())), {}));
}

// Before Go 1.18: pointers to strings, in the byte order and size of the machine.
TestElf with_pointers(int bits, bool big_endian) {
  TestElf elf;
  elf.bits = bits;
  elf.big_endian = big_endian;
  std::string list = framed(kModules), release = "go1.15.15";
  std::uint64_t pointer = static_cast<std::uint64_t>(bits) / 8;
  std::uint64_t strings = kDataAt + 32, texts = strings + 4 * pointer;
  std::string info = header(static_cast<char>(pointer), big_endian ? 1 : 0) + elf.wide(strings) +
                     elf.wide(strings + 2 * pointer);
  info.resize(32);
  info += elf.wide(texts) + elf.wide(release.size());
  info += elf.wide(texts + release.size()) + elf.wide(list.size());
  info += release + list;
  TestElf out = program(info, function_table(elf, 0xfffffffb));
  out.bits = bits;
  out.big_endian = big_endian;
  return out;
}

TEST(GoBuildInfo, ReadsThePointerFormOfEveryMachine) {
  for (int bits : {32, 64})
    for (bool big_endian : {false, true}) {
      std::string file = with_pointers(bits, big_endian).build();
      FileFacts facts = go_facts(file);
      EXPECT_TRUE(facts.gaps.empty());
      ASSERT_EQ(facts.packages.size(), 5u) << bits << big_endian;
      EXPECT_EQ(facts.packages[0].component.version.exact, "1.15.15");
      for (const Evidence& evidence : facts.packages[4].component.evidence)
        EXPECT_EQ(file.substr(evidence.place.value, evidence.seen.size()), evidence.seen);
      ASSERT_FALSE(facts.attributions.empty()) << bits << big_endian;
      EXPECT_EQ(attributed(facts), kTextSize);
    }
}

TEST(GoBuildInfo, LiesAreGaps) {
  std::string too_many_bits = header(8, 2) + std::string(16, '\0') + std::string(12, '\xff');
  std::string huge =
      header(8, 2) + std::string(16, '\0') + varint(std::uint64_t{1} << 63) + "go1.2";
  std::string outside = header(8, 0);
  for (int i = 0; i < 16; ++i) outside += '\x7f';
  std::string odd_pointer = header(3, 0) + std::string(16, '\0');
  std::string no_release = inline_form("", framed(kModules));
  for (const std::string& info : {too_many_bits, huge, outside, odd_pointer, no_release}) {
    FileFacts facts = go_facts(program(info).build());
    ASSERT_EQ(facts.gaps.size(), 1u);
    EXPECT_NE(facts.gaps[0].code, ErrorCode::not_found);
    // It is a Go program all the same: the function table says so.
    ASSERT_EQ(facts.packages.size(), 1u);
    EXPECT_EQ(facts.packages[0].component.name, "stdlib");
    EXPECT_FALSE(facts.packages[0].component.version.known());
    EXPECT_EQ(facts.packages[0].component.version.low, "1.20");
    EXPECT_FALSE(facts.attributions.empty());
  }
}

TEST(GoBuildInfo, AProgramWhoseListIsGoneIsAGap) {
  FileFacts facts = go_facts(program(inline_form("go1.21.0", "")).build());
  ASSERT_EQ(facts.packages.size(), 1u);
  EXPECT_EQ(facts.packages[0].component.version.exact, "1.21.0");
  ASSERT_EQ(facts.gaps.size(), 1u);
  EXPECT_EQ(facts.gaps[0].code, ErrorCode::not_found);

  facts = go_facts(program(std::string(64, '\0')).build());
  ASSERT_EQ(facts.packages.size(), 1u);
  EXPECT_EQ(facts.packages[0].component.version.low, "1.20");
  EXPECT_EQ(facts.gaps.size(), 1u);
}

TEST(GoBuildInfo, OddLinesAreSaidAndTheRestIsRead) {
  FileFacts facts = go_facts(program(inline_form("go1.21.0", framed("path\tx\nnonsense\n"
                                                                    "=>\ty\tv1\t\n"
                                                                    "dep\t\tv1\n"
                                                                    "build\tnothing\n"
                                                                    "mod\tm\n"
                                                                    "dep\ta\tv1\n")))
                                 .build());
  EXPECT_EQ(facts.gaps.size(), 4u);
  EXPECT_TRUE(find(facts, "m"));
  EXPECT_TRUE(find(facts, "a"));
}

TEST(GoBuildInfo, CommandsOfTheDistributionAreItsVersion) {
  FileFacts facts = go_facts(
      program(inline_form("go1.21.0", framed("path\tcmd/vet\nbuild\tGOOS=linux\n"))).build());
  const Component* toolchain = find(facts, "toolchain");
  ASSERT_TRUE(toolchain);
  EXPECT_EQ(toolchain->version.exact, "1.21.0");
}

TEST(GoBuildInfo, OtherProgramsAreLeftAlone) {
  TestElf elf;
  elf.sections = {{.name = ".text", .flags = 6, .contents = std::string(64, '\x90')}};
  FileFacts facts = go_facts(elf.build());
  EXPECT_TRUE(facts.packages.empty());
  EXPECT_TRUE(facts.gaps.empty());
}

TEST(GoBuildInfo, EveryPrefixIsReadPolitely) {
  for (const TestElf& elf :
       {program(inline_form("go1.26.8", framed(kModules)), {}, false), with_pointers(64, false)}) {
    std::string file = elf.build();
    for (std::size_t n = 0; n < file.size(); ++n)
      EXPECT_LE(go_facts(file.substr(0, n)).packages.size(), 5u) << n;
  }
}

TEST(GoRelease, IsTheVersionAdvisoriesSpeakOf) {
  struct Case {
    const char *release, *version;
  };
  for (auto [release, version] : {
           Case{"go1.21.0", "1.21.0"},
           Case{"go1.20", "1.20"},
           Case{"go1.20.5 X:boringcrypto", "1.20.5"},
           Case{"go1.21.3-vendor", "1.21.3"},
           Case{"go1.22rc1", "1.22.0-rc.1"},
           Case{"go1.8beta2", "1.8.0-beta.2"},
           Case{"devel go1.22-4d8f1d Mon Jan 1", ""},
           Case{"unknown", ""},
           Case{"go", ""},
           Case{"go1", ""},
           Case{"go1..2", ""},
           Case{"go1.2.3.4", ""},
           Case{"go1.22rc", ""},
           Case{"go1.22xyz", ""},
       })
    EXPECT_EQ(go_release_version(release), version) << release;
}

TEST(GoFunctionTable, ReadsEveryLayout) {
  for (std::uint32_t magic : {0xfffffffbu, 0xfffffffau, 0xfffffff0u, 0xfffffff1u}) {
    std::string file = program("", function_table(TestElf(), magic)).build();
    auto table = find_go_function_table(*elf::ElfFile::parse(ByteView::of(file)));
    ASSERT_TRUE(table) << std::hex << magic;
    EXPECT_EQ(table->magic, magic);
    EXPECT_EQ(table->functions, kTextSize / 16);
    EXPECT_EQ(table->text_bytes, kTextSize);
    EXPECT_FALSE(table->oldest_release().empty());
  }
}

TEST(GoFunctionTable, IsFoundBehindThousandsOfNumbersThatLookLikeIt) {
  TestElf elf = program("", {}, false);
  std::string numbers;
  for (int i = 0; i < 5000; ++i) numbers += std::string("\xff\xff\xff\xff\0\0\0\0", 8);
  elf.sections[1].contents = numbers + elf.sections[1].contents;
  std::string file = elf.build();
  auto table = find_go_function_table(*elf::ElfFile::parse(ByteView::of(file)));
  ASSERT_TRUE(table);
  EXPECT_EQ(table->offset, elf.offset_of(1) + numbers.size());
}

TEST(GoFunctionTable, RefusesLies) {
  TestElf elf;
  std::string good = function_table(elf);
  auto with = [&](std::uint64_t offset, std::string bytes) {
    std::string table = good;
    elf::testing::poke(table, offset, bytes);
    return table;
  };
  for (const std::string& table :
       {with(0, "\xf2"), with(4, "\1"), with(6, "\3"), with(7, "\5"),
        with(8, elf.wide(std::uint64_t{1} << 31)), with(8, elf.wide(~std::uint64_t{0})),
        with(8, elf.wide(0)), with(64, elf.wide(std::uint64_t{1} << 40)),
        with(good.size() - 4, elf.word(1)), good.substr(0, good.size() - 1)}) {
    // Nothing may follow the table that it could take for its rest.
    TestElf file = program("", table, false);
    file.sections.pop_back();
    file.segments.pop_back();
    EXPECT_FALSE(find_go_function_table(*elf::ElfFile::parse(ByteView::of(file.build()))));
  }
}

TEST(GoFunctionTable, ClaimsNoMoreThanTheCodeThereIs) {
  TestElf elf;
  std::string table = function_table(elf);
  elf::testing::poke(table, table.size() - 4, elf.word(0x7fffffff));
  FileFacts facts = go_facts(program(inline_form("go1.26.8", framed(kModules)), table).build());
  ASSERT_FALSE(facts.attributions.empty());
  EXPECT_EQ(attributed(facts), kTextSize);
}

TEST(LoadedRanges, AreDisjointWhateverTheHeadersSay) {
  TestElf elf;
  elf.sections = {{.contents = std::string(4096, 'x')}};
  for (int i = 0; i < 50; ++i)
    elf.segments.push_back({.flags = kRead, .address = 0x1000, .first = 0, .last = 0});
  std::string file = elf.build();
  std::uint64_t total = 0;
  for (const LoadedRange& range :
       loaded_ranges(*elf::ElfFile::parse(ByteView::of(file)), kRead, kWrite))
    total += range.size;
  EXPECT_EQ(total, 4096u);
}

}  // namespace
}  // namespace fathom
