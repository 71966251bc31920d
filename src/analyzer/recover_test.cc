// recover() as a whole: kinds, archives, bounds.

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "analyzer/analyzer.h"
#include "base/digest.h"
#include "elf/testing.h"

namespace fathom {
namespace {

using namespace std::string_literals;

FileFacts facts_of(std::string_view bytes, const Limits& limits = {}) {
  return recover(ByteView::of(bytes), limits);
}

using elf::testing::little;

using Files = std::vector<std::pair<std::string, std::string>>;  // name, contents

std::string tar_of(const Files& files) {
  std::string out;
  for (const auto& [name, contents] : files) {
    std::string h(512, '\0');
    char digits[13];
    h.replace(0, name.size(), name);
    h.replace(100, 7, "0000644");
    h.replace(108, 7, "0000000");
    h.replace(116, 7, "0000000");
    std::snprintf(digits, sizeof digits, "%011o", static_cast<unsigned>(contents.size()));
    h.replace(124, 11, digits);
    h.replace(136, 11, "00000000000");
    h.replace(148, 8, "        ");
    h[156] = '0';
    h.replace(257, 8, "ustar\00000"s);
    unsigned sum = 0;
    for (char c : h) sum += static_cast<unsigned char>(c);
    std::snprintf(digits, sizeof digits, "%06o", sum);
    h.replace(148, 7, std::string(digits, 7));
    out += h + contents;
    out.resize((out.size() + 511) / 512 * 512);
  }
  return out + std::string(1024, '\0');
}

// Deflate with the window bits of zlib.h: -15 raw, 31 gzip.
std::string deflated(std::string_view bytes, int window_bits) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, bytes.size()) + 64, '\0');
  std::string in(bytes);
  z.next_in = reinterpret_cast<Bytef*>(in.data());
  z.avail_in = static_cast<uInt>(in.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}
std::string gzip_of(std::string_view bytes) { return deflated(bytes, 31); }

std::string zip_of(const Files& files) {
  std::string local, central;
  for (const auto& [name, contents] : files) {
    std::string packed = deflated(contents, -15);
    auto crc = crc32(0, reinterpret_cast<const Bytef*>(contents.data()),
                     static_cast<uInt>(contents.size()));
    std::string common = little(0, 2) + little(8, 2) + little(0, 4) + little(crc, 4) +
                         little(packed.size(), 4) + little(contents.size(), 4) +
                         little(name.size(), 2) + little(0, 2);
    central += "PK\1\2" + little(20, 2) + little(20, 2) + common + little(0, 2) + little(0, 2) +
               little(0, 2) + little(0, 4) + little(local.size(), 4) + name;
    local += "PK\3\4" + little(20, 2) + common + name + packed;
  }
  return local + central + "PK\5\6" + little(0, 4) + little(files.size(), 2) +
         little(files.size(), 2) + little(central.size(), 4) + little(local.size(), 4) +
         little(0, 2);
}

std::string ar_of(const Files& files) {
  std::string out = "!<arch>\n";
  for (const auto& [name, contents] : files) {
    char header[61];
    std::snprintf(header, sizeof header, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name.c_str(), 0, 0, 0,
                  "100644", contents.size());
    out += header + contents;
    if (out.size() % 2 != 0) out += '\n';
  }
  return out;
}

std::vector<std::string> paths_of(const FileFacts& facts) {
  std::vector<std::string> out;
  for (const MemberFacts& member : facts.members) out.push_back(member.path);
  return out;
}

bool has_gap(const FileFacts& facts, ErrorCode code, std::string_view part) {
  return std::ranges::any_of(facts.gaps, [&](const Gap& gap) {
    return gap.code == code && gap.reason.find(part) != std::string::npos;
  });
}

TEST(Recover, UnknownMagicIsAGapAndNeverInert) {
  FileFacts facts = facts_of("\x01\x02\x03\xf0 nothing known \x00"s);
  EXPECT_EQ(facts.kind, FileKind::unknown);
  EXPECT_FALSE(facts.inert);
  ASSERT_EQ(facts.gaps.size(), 1u);
  EXPECT_EQ(facts.gaps[0].stage, "file-type");
  EXPECT_NE(facts.gaps[0].reason.find("010203f0206e6f7468696e67206b6e6f"), std::string::npos);
}

TEST(Recover, OnlyDataIsInert) {
  EXPECT_TRUE(facts_of("").inert);
  EXPECT_TRUE(facts_of("a text\n").inert);
  EXPECT_TRUE(facts_of("\x89PNG\r\n\x1a\n").inert);
  EXPECT_FALSE(facts_of("#!/bin/sh\n").inert);
  EXPECT_FALSE(facts_of("MZ\x90\0"s).inert);
  EXPECT_FALSE(facts_of("\0asm\1\0\0\0"s).inert);
  EXPECT_FALSE(facts_of(elf::testing::TestElf{}.build()).inert);
}

TEST(Recover, SaysSizeMd5AndWhoLooked) {
  FileFacts facts = facts_of("hello");
  EXPECT_EQ(facts.size, 5u);
  EXPECT_EQ(facts.md5, "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(facts.analyzed_by, (std::vector<std::string>{"settings@1", "loading@1"}));
  FileFacts elf = facts_of(elf::testing::TestElf{}.build());
  ASSERT_GE(elf.analyzed_by.size(), 3u);
  EXPECT_TRUE(elf.analyzed_by[0].starts_with("elf@"));
  EXPECT_TRUE(elf.analyzed_by[1].starts_with("strings@"));
}

TEST(Recover, FilesOverTheLimitAreAGap) {
  Limits limits;
  limits.file_bytes = 10;
  FileFacts facts = facts_of("more than ten bytes", limits);
  EXPECT_FALSE(facts.inert);
  EXPECT_FALSE(facts.md5.empty());
  EXPECT_TRUE(has_gap(facts, ErrorCode::limit_exceeded, "larger than"));
}

TEST(Recover, ADamagedElfHeaderIsAGap) {
  FileFacts facts = facts_of(
      "\x7f"
      "ELF\x02\x01\x01");
  EXPECT_EQ(facts.kind, FileKind::elf);
  EXPECT_FALSE(facts.inert);
  ASSERT_EQ(facts.gaps.size(), 1u);
  EXPECT_EQ(facts.gaps[0].stage, "elf");
}

TEST(Members, ACompressedTextIsInert) {
  FileFacts facts = facts_of(gzip_of(".TH LS 1\nlist\n"));
  EXPECT_EQ(facts.kind, FileKind::archive);
  EXPECT_EQ(facts.type, "gzip-compressed file");
  ASSERT_EQ(facts.members.size(), 1u);
  EXPECT_EQ(facts.members[0].digest, sha256_of(ByteView::of(".TH LS 1\nlist\n")).text());
  EXPECT_EQ(facts.members[0].facts.kind, FileKind::text);
  EXPECT_TRUE(facts.inert);
}

TEST(Members, CodeInAnArchiveIsFound) {
  const std::string program = elf::testing::TestElf{}.build();
  const Files files{{"doc.txt", "text\n"}, {"bin/app", program}, {"empty", ""}};
  for (const std::string& archive :
       {tar_of(files), gzip_of(tar_of(files)), zip_of(files), ar_of(files)}) {
    FileFacts facts = facts_of(archive);
    EXPECT_EQ(facts.kind, FileKind::archive);
    EXPECT_EQ(paths_of(facts), (std::vector<std::string>{"doc.txt", "bin/app", "empty"}))
        << facts.type;
    ASSERT_EQ(facts.members.size(), 3u);
    EXPECT_TRUE(facts.members[0].facts.inert);
    EXPECT_EQ(facts.members[1].facts.kind, FileKind::elf);
    EXPECT_EQ(facts.members[1].digest, sha256_of(ByteView::of(program)).text());
    EXPECT_FALSE(facts.inert);
    EXPECT_TRUE(facts.gaps.empty()) << facts.gaps[0].reason;
  }
}

TEST(Members, ArNamesOfBothForms) {
  std::string gnu = ar_of({{"/", "symbols!"},
                           {"//", "a_very_long_member_name.o/\n"},
                           {"/0", "text"},
                           {"short.o/", "text"}});
  EXPECT_EQ(paths_of(facts_of(gnu)),
            (std::vector<std::string>{"a_very_long_member_name.o", "short.o"}));
  std::string bsd = ar_of({{"#1/20", "a_long_bsd_name.o\0\0\0text"s}, {"__.SYMDEF", "x"}});
  FileFacts facts = facts_of(bsd);
  ASSERT_EQ(paths_of(facts), (std::vector<std::string>{"a_long_bsd_name.o"}));
  EXPECT_EQ(facts.members[0].facts.size, 4u);
}

TEST(Members, DepthIsBounded) {
  std::string bytes = "innermost\n";
  for (int i = 0; i < 6; ++i) bytes = zip_of({{"inner.zip", bytes}});
  FileFacts facts = facts_of(bytes);
  const FileFacts* at = &facts;
  std::uint64_t depth = 0;
  for (; !at->members.empty(); at = &at->members[0].facts) ++depth;
  EXPECT_EQ(depth, Limits{}.member_depth);
  EXPECT_TRUE(has_gap(*at, ErrorCode::limit_exceeded, "deep"));
  EXPECT_FALSE(facts.inert);
  EXPECT_TRUE(decode_facts(encode(facts)));
}

TEST(Members, BytesAreBoundedForAllLevelsTogether) {
  Limits limits;
  limits.member_bytes = 6000;
  std::string inner = tar_of({{"a", std::string(1500, 'a')}, {"b", std::string(1500, 'b')}});
  FileFacts facts = facts_of(zip_of({{"inner.tar", inner}, {"later", "text"}}), limits);
  EXPECT_FALSE(facts.inert);
  ASSERT_GE(facts.members.size(), 1u);
  EXPECT_TRUE(facts.members[0].facts.members.empty());  // 5120 went for the tar itself
  EXPECT_TRUE(has_gap(facts.members[0].facts, ErrorCode::limit_exceeded, "member a"));
}

TEST(Members, NumberIsBoundedAndTheRestCounted) {
  Limits limits;
  limits.members = 10;
  Files files;
  for (int i = 0; i < 300; ++i) files.push_back({"f" + std::to_string(i), "x"});
  FileFacts facts = facts_of(tar_of(files), limits);
  EXPECT_EQ(facts.members.size(), 10u);
  EXPECT_EQ(facts.gaps.size(), limits.problems);
  EXPECT_EQ(facts.gaps.size() + facts.gaps_not_kept, 290u);
}

TEST(Members, BombsAreAGap) {
  const std::string zeros(32 << 20, '\0');
  for (const std::string& bomb : {gzip_of(zeros), zip_of({{"zeros", zeros}})}) {
    FileFacts facts = facts_of(bomb);
    EXPECT_FALSE(facts.inert);
    EXPECT_TRUE(has_gap(facts, ErrorCode::limit_exceeded, "")) << facts.type;
    for (const MemberFacts& member : facts.members) EXPECT_LT(member.facts.size, 8u << 20);
  }
}

// Members that share their bytes: small on disk, the sum of what comes out is bounded.
TEST(Members, OverlappingZipMembersShareOneBudget) {
  Limits limits;
  limits.member_bytes = 1 * kMiB;
  std::string contents;
  for (int i = 0; i < 20'000; ++i) contents += std::to_string(i * 7919);
  Files files{{"x", contents}};
  std::string zip = zip_of(files);
  std::size_t central = zip.find("PK\1\2"), end = zip.find("PK\5\6");
  std::string entry = zip.substr(central, end - central), many;
  for (int i = 0; i < 100; ++i) many += entry;
  std::string bomb = zip.substr(0, central) + many + "PK\5\6" + little(0, 4) + little(100, 2) +
                     little(100, 2) + little(many.size(), 4) + little(central, 4) + little(0, 2);
  FileFacts facts = facts_of(bomb, limits);
  std::uint64_t sum = 0;
  for (const MemberFacts& member : facts.members) sum += member.facts.size;
  EXPECT_LE(sum, limits.member_bytes);
  EXPECT_FALSE(facts.inert);
}

TEST(Members, EncryptedMembersAreAGap) {
  std::string zip = zip_of({{"secret", "text"}});
  zip[6] = 1;                       // general purpose bit 0, in the local header …
  zip[zip.find("PK\1\2") + 8] = 1;  // … and in the central directory
  FileFacts facts = facts_of(zip);
  EXPECT_FALSE(facts.inert);
  EXPECT_FALSE(facts.gaps.empty());
}

TEST(Members, ArchivesBehindCodeAndMagicAreOpened) {
  const std::string zip = zip_of({{"__main__.py", "print(1)\n"}});
  FileFacts application = facts_of("#!/usr/bin/env python3\n" + zip);
  EXPECT_EQ(application.kind, FileKind::script);
  EXPECT_EQ(paths_of(application), (std::vector<std::string>{"__main__.py"}));
  FileFacts program = facts_of(elf::testing::TestElf{}.build() + zip);
  EXPECT_EQ(program.kind, FileKind::elf);
  EXPECT_EQ(paths_of(program), (std::vector<std::string>{"__main__.py"}));
  EXPECT_EQ(paths_of(facts_of("JM\1\0"s + zip)), (std::vector<std::string>{"__main__.py"}));
  EXPECT_EQ(facts_of("some text in front\n" + zip).type, "zip archive");
  EXPECT_TRUE(facts_of("#!/bin/sh\n# PK\5\6 is how zip archives end\n").members.empty());
}

TEST(Members, ArchivesWithoutAReaderAreAGap) {
  FileFacts facts = facts_of("7z\xbc\xaf\x27\x1c\0\4"s);
  EXPECT_EQ(facts.kind, FileKind::archive);
  EXPECT_FALSE(facts.inert);
  EXPECT_TRUE(has_gap(facts, ErrorCode::unsupported, "7-Zip"));
}

TEST(Members, EveryPrefixOfAnArchiveIsAGapOrComplete) {
  const std::string text = "some text\n";
  for (const std::string& archive : {tar_of({{"a", text}, {"b", text}}), gzip_of(text),
                                     zip_of({{"a", text}}), ar_of({{"a/", text}, {"b/", text}})}) {
    const FileFacts whole = facts_of(archive);
    for (std::size_t n = 1; n < archive.size(); n += archive.size() > 1000 ? 37 : 1) {
      FileFacts facts = facts_of(std::string(archive.substr(0, n)));
      bool complete = paths_of(facts) == paths_of(whole);
      if (facts.kind != FileKind::archive || complete || !facts.inert) continue;
      EXPECT_TRUE(whole.type == "ar archive" || whole.type == "tar archive")
          << whole.type << " cut at " << n;  // both end anywhere between members
    }
  }
}

TEST(Members, StrangeNamesBecomeValidText) {
  FileFacts facts = facts_of(tar_of({{"../../etc/\xff\xfe", "text"}}));
  ASSERT_EQ(facts.members.size(), 1u);
  EXPECT_EQ(facts.members[0].path, "../../etc/\\xff\\xfe");
}

TEST(Recover, GivesTheSameFactsEachTime) {
  std::string archive = zip_of({{"a", elf::testing::TestElf{}.build()}, {"b", "text"}});
  EXPECT_EQ(encode(facts_of(archive)), encode(facts_of(archive)));
}

}  // namespace
}  // namespace fathom
