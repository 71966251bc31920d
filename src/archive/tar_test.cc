#include "archive/tar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace fathom::archive {
namespace {

using std::string_literals::operator""s;

void put(std::string& block, std::size_t at, std::string_view text) {
  std::ranges::copy(text, block.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string octal(std::uint64_t value, std::size_t digits) {
  std::string out(digits, '0');
  for (std::size_t i = digits; i > 0; --i, value /= 8)
    out[i - 1] = static_cast<char>('0' + value % 8);
  return out;
}

void seal(std::string& block, bool as_signed = false) {
  put(block, 148, "        ");
  std::int64_t sum = 0;
  for (char c : block)
    sum += as_signed ? static_cast<signed char>(c) : static_cast<unsigned char>(c);
  put(block, 148, octal(static_cast<std::uint64_t>(sum), 6) + "\0 "s);
}

// A header block as POSIX has it, sealed with its checksum.
std::string header(char type, std::string_view path, std::uint64_t size = 0,
                   std::string_view link = "") {
  std::string block(512, '\0');
  put(block, 0, path);
  put(block, 100, octal(0644, 7));
  put(block, 108, octal(1000, 7));
  put(block, 116, octal(100, 7));
  put(block, 124, octal(size, 11));
  put(block, 136, octal(1700000000, 11));
  block[156] = type;
  put(block, 157, link);
  put(block, 257,
      "ustar\0"s
      "00");
  seal(block);
  return block;
}

std::string gnu_header(char type, std::string_view path, std::uint64_t size = 0) {
  std::string block = header(type, path, size);
  put(block, 257, "ustar  \0"s);
  seal(block);
  return block;
}

std::string padded(std::string content) {
  content.resize((content.size() + 511) / 512 * 512);
  return content;
}

std::string file(std::string_view path, std::string_view content) {
  return header('0', path, content.size()) + padded(std::string(content));
}

std::string record(std::string_view key, std::string_view value) {
  std::string body = " " + std::string(key) + "=" + std::string(value) + "\n";
  std::size_t size = body.size() + 1;
  while (std::to_string(size).size() + body.size() != size) ++size;
  return std::to_string(size) + body;
}

std::string pax(std::string_view records, char type = 'x') {
  return header(type, "PaxHeaders/x", records.size()) + padded(std::string(records));
}

const std::string kEnd(1024, '\0');

struct Read {
  TarEntry entry;
  std::string content;
  std::optional<Error> unreadable;
};
struct Archive {
  std::vector<Read> entries;
  std::vector<Error> problems;
  std::optional<Error> error;
};

Archive read(const std::string& bytes, const Limits& limits = {}) {
  std::unique_ptr<ByteSource> source = source_of(ByteView::of(bytes));
  TarReader reader(*source, limits);
  Archive archive;
  for (;;) {
    Result<std::optional<TarEntry>> entry = reader.next();
    if (!entry) archive.error = entry.error();
    if (!entry || !*entry) break;
    Read& read =
        archive.entries.emplace_back(Read{.entry = **entry, .content = {}, .unreadable = {}});
    Result<Bytes> content = reader.read_all(1 << 20);
    if (content)
      read.content = ByteView(*content).as_text();
    else
      read.unreadable = content.error();
  }
  archive.problems = reader.problems();
  return archive;
}

// The only entry of an archive without fault.
Read single(const std::string& bytes) {
  Archive archive = read(bytes + kEnd);
  EXPECT_FALSE(archive.error) << archive.error->message;
  for (const Error& problem : archive.problems) ADD_FAILURE() << problem.message;
  EXPECT_EQ(archive.entries.size(), 1u);
  return archive.entries.empty() ? Read{} : archive.entries[0];
}

// Entries there are, and one problem that says `what`.
Archive flawed(const std::string& bytes, std::string_view what) {
  Archive archive = read(bytes);
  EXPECT_FALSE(archive.error) << archive.error->message;
  EXPECT_EQ(archive.problems.size(), 1u);
  if (!archive.problems.empty()) {
    EXPECT_NE(archive.problems[0].message.find(what), std::string::npos)
        << archive.problems[0].message;
  }
  return archive;
}

std::string paths(const Archive& archive) {
  std::string all;
  for (const Read& read : archive.entries) all += read.entry.path + ";";
  return all;
}

TEST(Tar, ReadsAUstarFile) {
  Read read = single(file("usr/bin/app", "content"));
  EXPECT_EQ(read.entry.path, "usr/bin/app");
  EXPECT_EQ(read.entry.type, TarType::regular);
  EXPECT_EQ(read.entry.mode, 0644u);
  EXPECT_EQ(read.entry.uid, 1000u);
  EXPECT_EQ(read.entry.gid, 100u);
  EXPECT_EQ(read.entry.mtime, 1700000000);
  EXPECT_EQ(read.entry.size, 7u);
  EXPECT_EQ(read.entry.header_offset, 0u);
  EXPECT_EQ(read.entry.content_offset, 512u);
  EXPECT_EQ(read.content, "content");
}

TEST(Tar, ReadsEveryType) {
  std::string device = header('3', "null");
  put(device, 329, octal(1, 7));
  put(device, 337, octal(3, 7));
  seal(device);
  Archive archive =
      read(header('5', "dir/") + header('2', "link", 0, "target") + header('1', "hard", 0, "file") +
           device + header('4', "sda") + header('6', "fifo") + header('7', "contiguous") +
           header('\0', "old") + header('\0', "old dir/") + kEnd);
  std::string types;
  for (const Read& read : archive.entries) types += std::string(name_of(read.entry.type)) + " ";
  EXPECT_EQ(types,
            "directory symlink hard_link character_device block_device fifo regular regular "
            "directory ");
  EXPECT_TRUE(archive.problems.empty());
  ASSERT_EQ(archive.entries.size(), 9u);
  EXPECT_EQ(archive.entries[1].entry.link_target, "target");
  EXPECT_EQ(archive.entries[2].entry.link_target, "file");
  EXPECT_EQ(archive.entries[3].entry.device_major, 1u);
  EXPECT_EQ(archive.entries[3].entry.device_minor, 3u);
}

TEST(Tar, JoinsThePrefixOfUstarButNotOfV7) {
  std::string block = header('0', "name");
  put(block, 345, "some/prefix");
  seal(block);
  EXPECT_EQ(single(block).entry.path, "some/prefix/name");
  put(block, 257, std::string(8, '\0'));
  seal(block);
  EXPECT_EQ(single(block).entry.path, "name");
}

TEST(Tar, StarHeadersHaveAShorterPrefix) {
  std::string block = header('0', "name");
  put(block, 345, std::string(131, 'p') + "00000000000 00000000000 ");
  put(block, 508, "tar\0"s);
  seal(block);
  EXPECT_EQ(single(block).entry.path, std::string(131, 'p') + "/name");
}

TEST(Tar, GnuHeadersHaveTimesInPlaceOfThePrefixExceptThoseOfOldGo) {
  std::string block = gnu_header('0', "name");
  put(block, 345, octal(1700000000, 11));
  seal(block);
  EXPECT_EQ(single(block).entry.path, "name");
  put(block, 345, "written/by/old/go/with/a/prefix");
  seal(block);
  EXPECT_EQ(single(block).entry.path, "written/by/old/go/with/a/prefix/name");
}

TEST(Tar, NamesMayFillTheirField) {
  EXPECT_EQ(single(header('0', std::string(100, 'n'))).entry.path, std::string(100, 'n'));
}

TEST(Tar, AcceptsSignedChecksumsAndNamesTheOffsetOfABadOne) {
  std::string block = header('0', "na\xc3\xafve");
  seal(block, true);
  EXPECT_EQ(single(block).entry.path, "na\xc3\xafve");
  block[0] = 'N';
  Archive archive = read(file("first", "1") + block + kEnd);
  EXPECT_EQ(paths(archive), "first;");
  ASSERT_TRUE(archive.error);
  EXPECT_EQ(archive.error->code, ErrorCode::malformed);
  EXPECT_NE(archive.error->message.find("checksum at offset 1024"), std::string::npos);
}

TEST(Tar, PaxRecordsReplaceTheHeader) {
  std::string path(300, 'p');
  Read read =
      single(pax(record("path", path) + record("linkpath", "to") + record("uid", "3000000") +
                 record("gid", "0") + record("mtime", "-1.5") + record("atime", "1") +
                 record("SCHILY.xattr.security.capability", "\1\0\0\2"s) +
                 record("SCHILY.xattr.user.equals", "a=b\nc")) +
             header('2', "short", 0, "other"));
  EXPECT_EQ(read.entry.path, path);
  EXPECT_EQ(read.entry.link_target, "to");
  EXPECT_EQ(read.entry.uid, 3000000u);
  EXPECT_EQ(read.entry.gid, 0u);
  EXPECT_EQ(read.entry.mtime, -2);
  EXPECT_EQ(read.entry.xattrs["security.capability"], "\1\0\0\2"s);
  EXPECT_EQ(read.entry.xattrs["user.equals"], "a=b\nc");
  EXPECT_EQ(read.entry.header_offset, 0u);
  EXPECT_EQ(read.entry.content_offset, 3 * 512u);
}

TEST(Tar, PaxRecordsConcernOneMember) {
  Archive archive = read(pax(record("path", "a")) + header('0', "x") + header('0', "b") + kEnd);
  EXPECT_EQ(paths(archive), "a;b;");
}

TEST(Tar, AnEmptyPaxRecordKeepsTheHeader) {
  EXPECT_EQ(single(pax(record("path", "")) + header('0', "x")).entry.path, "x");
}

TEST(Tar, GlobalPaxRecordsHoldUntilOverruled) {
  Archive archive = read(pax(record("uid", "7") + record("comment", "abc"), 'g') +
                         header('0', "a") + pax(record("uid", "8")) + header('0', "b") +
                         pax(record("uid", "")) + header('0', "c") + header('0', "d") + kEnd);
  EXPECT_TRUE(archive.problems.empty());
  ASSERT_EQ(archive.entries.size(), 4u);
  EXPECT_EQ(archive.entries[0].entry.uid, 7u);
  EXPECT_EQ(archive.entries[1].entry.uid, 8u);
  EXPECT_EQ(archive.entries[2].entry.uid, 1000u);
  EXPECT_EQ(archive.entries[3].entry.uid, 7u);
}

TEST(Tar, AGlobalSizeOrPathCannotHideMembers) {
  Archive archive =
      flawed(pax(record("size", "1024"), 'g') + header('0', "a") + file("b", "x") + kEnd,
             "global PAX record size");
  EXPECT_EQ(paths(archive), "a;b;");
}

TEST(Tar, PaxSizeWinsAndADifferenceIsReported) {
  std::string hidden = file("hidden", "x");
  Archive archive = flawed(
      pax(record("size", std::to_string(hidden.size()))) + header('0', "cover", 0) + hidden + kEnd,
      "disagree on the size");
  EXPECT_EQ(paths(archive), "cover;");
  EXPECT_EQ(archive.entries[0].content, hidden);
}

TEST(Tar, DamagedPaxHeadersAreReportedAndSoundRecordsKept) {
  for (std::string bad : {"x path=b\n", "0 path=b\n", "99 path=b\n", "8 path=b\n", "9 path=bx",
                          "6 a b\n", "5 =b\n", "18446744073709551616 path=b\n"}) {
    Archive archive =
        flawed(pax(record("path", "a") + bad) + header('0', "x") + kEnd, "PAX header");
    EXPECT_EQ(paths(archive), "a;") << bad;
  }
}

TEST(Tar, ANulInAPaxNameIsRefusedButDoesNotHideTheSize) {
  Archive archive =
      flawed(pax(record("path", "good\0.so"s) + record("size", "1")) + file("x", "1") + kEnd,
             "NUL in path");
  EXPECT_EQ(paths(archive), "x;");
  flawed(pax(record("SCHILY.xattr.a\0b"s, "v")) + header('0', "x") + kEnd, "NUL in SCHILY.xattr.a");
}

TEST(Tar, BadPaxNumbers) {
  Archive archive = flawed(pax(record("uid", "-1")) + header('0', "x") + kEnd, "bad PAX uid");
  EXPECT_EQ(archive.entries[0].entry.uid, 1000u);
  flawed(pax(record("mtime", "soon")) + header('0', "x") + kEnd, "bad modification time");
  for (std::string size : {"-1", "0x10", "9223372036854775808", "1.5", " 1"})
    EXPECT_EQ(read(pax(record("size", size)) + header('0', "x") + kEnd).error->code,
              ErrorCode::malformed);
}

TEST(Tar, TheLastOfTwoPaxHeadersCounts) {
  Archive archive = flawed(pax(record("path", "a") + record("uid", "5")) +
                               pax(record("path", "b")) + header('0', "x") + kEnd,
                           "two PAX headers");
  EXPECT_EQ(paths(archive), "b;");
  EXPECT_EQ(archive.entries[0].entry.uid, 1000u);
}

TEST(Tar, GnuLongNames) {
  std::string path(5000, 'p');
  std::string target(200, 't');
  Read read = single(gnu_header('L', "././@LongLink", path.size() + 1) + padded(path + "\0"s) +
                     gnu_header('K', "././@LongLink", target.size()) + padded(target) +
                     gnu_header('2', "short"));
  EXPECT_EQ(read.entry.path, path);
  EXPECT_EQ(read.entry.link_target, target);
  EXPECT_EQ(read.entry.header_offset, 0u);
}

TEST(Tar, HeadersOfHeadersAreLimited) {
  for (char type : {'x', 'g', 'L', 'K'}) {
    Archive archive = read(header(type, "bomb", std::uint64_t{1} << 32) + std::string(4096, 'a'));
    ASSERT_TRUE(archive.error);
    EXPECT_EQ(archive.error->code, ErrorCode::limit_exceeded);
  }
  EXPECT_EQ(flawed(pax(record("path", "a")) + kEnd, "without a member").entries.size(), 0u);
}

TEST(Tar, Base256Numbers) {
  std::string block = header('0', "x");
  put(block, 108, "\x80\0\0\0\0\x7f\xff\xff"s);
  put(block, 136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"s);
  seal(block);
  EXPECT_EQ(single(block).entry.uid, 0x7fffffu);
  EXPECT_EQ(single(block).entry.mtime, -2);
}

TEST(Tar, ImpossibleSizesEndTheArchive) {
  for (std::string size :
       {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"s, "\x80\0\0\0\x80\0\0\0\0\0\0\0"s,
        "\x80\1\0\0\0\0\0\0\0\0\0\0"s, "-0000000001\0"s, "00000000009\0"s}) {
    std::string block = header('0', "x");
    put(block, 124, size);
    seal(block);
    Archive archive = read(block + kEnd);
    ASSERT_TRUE(archive.error);
    EXPECT_EQ(archive.error->code, ErrorCode::malformed);
    EXPECT_TRUE(archive.entries.empty());
  }
  std::string block = header('0', "huge");
  put(block, 124, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"s);
  seal(block);
  Archive archive = read(block + kEnd);
  EXPECT_EQ(paths(archive), "huge;");
  EXPECT_EQ(archive.entries[0].unreadable->code, ErrorCode::limit_exceeded);
  EXPECT_EQ(archive.error->code, ErrorCode::truncated);
}

TEST(Tar, BadNumbersThatDoNotMatterAreReported) {
  std::string block = header('0', "x");
  put(block, 108, "9999999\0"s);
  seal(block);
  EXPECT_EQ(flawed(block + kEnd, "bad uid").entries[0].entry.uid, 0u);
}

TEST(Tar, TheEndOfTheArchive) {
  std::string one = file("a", "1");
  EXPECT_TRUE(read(one + kEnd).problems.empty());
  EXPECT_TRUE(read(one + kEnd + kEnd).problems.empty());
  EXPECT_TRUE(read(one + std::string(512, '\0')).problems.empty());
  EXPECT_EQ(paths(flawed(one, "no end-of-archive")), "a;");
  EXPECT_EQ(paths(flawed(header('0', "a", 1) + "1", "no end-of-archive")), "a;");
  EXPECT_EQ(paths(flawed("", "no end-of-archive")), "");
}

TEST(Tar, WhatFollowsTheEndIsReported) {
  Archive archive = flawed(file("a", "1") + kEnd + file("b", "2") + kEnd, "behind the end");
  EXPECT_EQ(paths(archive), "a;");
  archive =
      flawed(file("a", "1") + std::string(512, '\0') + file("b", "2") + kEnd, "single zero block");
  EXPECT_EQ(paths(archive), "a;b;");
}

TEST(Tar, HardLinksWithASizeHaveContentUnlessAHeaderFollows) {
  Archive archive = flawed(
      header('1', "link", 600, "target") + padded(std::string(600, 'c')) + file("b", "2") + kEnd,
      "hard link with content");
  EXPECT_EQ(paths(archive), "link;b;");
  EXPECT_EQ(archive.entries[0].content, std::string(600, 'c'));
  archive = flawed(header('1', "link", 600, "target") + file("b", "2") + kEnd, "no content");
  EXPECT_EQ(paths(archive), "link;b;");
  EXPECT_EQ(archive.entries[0].entry.size, 0u);
}

TEST(Tar, DirectoriesAndLinksWithASizeHaveNoContent) {
  for (char type : {'2', '3', '4', '5', '6'}) {
    Archive archive = flawed(header(type, "x", 512) + file("b", "2") + kEnd, "with a size");
    EXPECT_EQ(paths(archive), "x;b;");
  }
}

TEST(Tar, UnknownTypesAreSkippedWithTheirContent) {
  Archive archive =
      flawed(header('V', "label", 3) + padded("abc") + file("b", "2") + kEnd, "member of type 'V'");
  EXPECT_EQ(paths(archive), "label;b;");
  EXPECT_EQ(archive.entries[0].entry.type, TarType::other);
}

TEST(Tar, AttackersDoNotFillTheListOfProblems) {
  std::string bytes;
  for (int i = 0; i < 150; ++i) bytes += header('V', "x");
  Archive archive = read(bytes + kEnd);
  EXPECT_EQ(archive.entries.size(), 150u);
  ASSERT_EQ(archive.problems.size(), 100u);
  EXPECT_EQ(archive.problems.back().message, "51 more problems");
}

TEST(Tar, EntriesAreLimited) {
  Limits limits;
  limits.entries = 2;
  Archive archive = read(header('0', "a") + header('0', "b") + header('0', "c") + kEnd, limits);
  EXPECT_EQ(paths(archive), "a;b;");
  EXPECT_EQ(archive.error->code, ErrorCode::limit_exceeded);
}

// "A" at 3, "BB" at 600, in a file of 1000 bytes.
const std::string kSparseContent =
    std::string(3, '\0') + "A" + std::string(596, '\0') + "BB" + std::string(398, '\0');

std::string old_sparse_entry(std::uint64_t offset, std::uint64_t size) {
  return octal(offset, 11) + "\0"s + octal(size, 11) + "\0"s;
}

std::string old_sparse(std::string_view table, std::uint64_t size, std::uint64_t stored,
                       bool extended = false) {
  std::string block = gnu_header('S', "sparse", stored);
  put(block, 386, table);
  block[482] = extended ? '\1' : '\0';
  put(block, 483, octal(size, 11));
  seal(block);
  return block;
}

TEST(Tar, OldGnuSparseFiles) {
  Read read = single(old_sparse(old_sparse_entry(3, 1) + old_sparse_entry(600, 2), 1000, 3) +
                     padded("ABB"));
  EXPECT_TRUE(read.entry.sparse);
  EXPECT_EQ(read.entry.type, TarType::regular);
  EXPECT_EQ(read.entry.size, 1000u);
  EXPECT_EQ(read.content, kSparseContent);
}

TEST(Tar, OldGnuSparseFilesWithExtensionBlocks) {
  std::string table, more, last, stored, content;
  for (std::uint64_t i = 0; i < 4 + 21 + 2; ++i) {
    (i < 4 ? table : i < 25 ? more : last) += old_sparse_entry(2 * i + 1, 1);
    stored += static_cast<char>('a' + i % 26);
    content += "\0"s + static_cast<char>('a' + i % 26);
  }
  more.resize(512);
  more[504] = '\1';
  Read read = single(old_sparse(table, content.size(), stored.size(), true) + more + padded(last) +
                     padded(stored));
  EXPECT_EQ(read.content, content);
  EXPECT_EQ(read.entry.content_offset, 3 * 512u);
}

TEST(Tar, PaxSparseFilesOfAllVersions) {
  std::string v0_0 = pax(record("GNU.sparse.size", "1000") + record("GNU.sparse.numblocks", "2") +
                         record("GNU.sparse.offset", "3") + record("GNU.sparse.numbytes", "1") +
                         record("GNU.sparse.offset", "600") + record("GNU.sparse.numbytes", "2")) +
                     file("sparse", "ABB");
  std::string v0_1 =
      pax(record("GNU.sparse.size", "1000") + record("GNU.sparse.numblocks", "2") +
          record("GNU.sparse.map", "3,1,600,2") + record("GNU.sparse.name", "sparse")) +
      file("GNUSparseFile.1/sparse", "ABB");
  std::string v1_0 =
      pax(record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") +
          record("GNU.sparse.name", "sparse") + record("GNU.sparse.realsize", "1000")) +
      file("GNUSparseFile.1/sparse", padded("2\n3\n1\n600\n2\n") + "ABB");
  for (const std::string& bytes : {v0_0, v0_1, v1_0}) {
    Read read = single(bytes);
    EXPECT_EQ(read.entry.path, "sparse");
    EXPECT_TRUE(read.entry.sparse);
    EXPECT_EQ(read.entry.size, 1000u);
    EXPECT_EQ(read.content, kSparseContent);
    EXPECT_EQ(bytes.substr(read.entry.content_offset, 3), "ABB");
  }
}

TEST(Tar, SparseFilesThatAreAllHoleOrNone) {
  EXPECT_EQ(single(old_sparse(old_sparse_entry(5, 0), 5, 0)).content, std::string(5, '\0'));
  EXPECT_EQ(single(old_sparse("", 5, 0)).content, std::string(5, '\0'));
  EXPECT_EQ(single(old_sparse(old_sparse_entry(0, 5), 5, 5) + padded("abcde")).content, "abcde");
  EXPECT_EQ(single(old_sparse(old_sparse_entry(0, 0) + old_sparse_entry(1, 1), 3, 1) + padded("x"))
                .content,
            "\0x\0"s);
}

TEST(Tar, ASparseMapThatMakesNoSenseCostsOneFile) {
  const std::string overlap = old_sparse_entry(3, 2) + old_sparse_entry(4, 1);
  const std::string backwards = old_sparse_entry(6, 1) + old_sparse_entry(3, 1);
  const std::string outside = old_sparse_entry(0, 11);
  const std::string not_stored = old_sparse_entry(0, 9);
  const std::string wrap = old_sparse_entry(2, 1) + "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"s +
                           "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"s;
  const std::string garbage = "garbage, not numbers at all";
  for (const std::string& table : {overlap, backwards, outside, not_stored, wrap, garbage}) {
    Archive archive = flawed(old_sparse(table, 10, 3) + padded("ABB") + file("b", "2") + kEnd, "");
    EXPECT_EQ(paths(archive), "sparse;b;");
    EXPECT_TRUE(archive.entries[0].unreadable);
    EXPECT_EQ(archive.entries[1].content, "2");
  }
}

TEST(Tar, ABadMapOfFormat1_0CostsOneFile) {
  for (std::string map : {"", "x\n", "2\n3\n1\n", "-1\n", "99999999999999999999\n0\n", "\n",
                          "70000\n", "1\n0\n9999\n"}) {
    std::string content = padded(map) + padded("ABB");
    Archive archive = flawed(pax(record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") +
                                 record("GNU.sparse.realsize", "1000")) +
                                 file("s", content) + file("b", "2") + kEnd,
                             "");
    EXPECT_EQ(paths(archive), "s;b;") << map;
    EXPECT_TRUE(archive.entries[0].unreadable) << map;
  }
}

TEST(Tar, HolesOfExabytesAreNotAllocated) {
  std::string claim = "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"s;
  std::string block = old_sparse(old_sparse_entry(0, 1), 0, 1);
  put(block, 483, claim);
  seal(block);
  std::string bytes = block + padded("x") + file("b", "2") + kEnd;
  Archive archive = read(bytes);
  EXPECT_EQ(paths(archive), "sparse;b;");
  EXPECT_EQ(archive.entries[0].entry.size, 0x7fffffffffffffffu);
  EXPECT_EQ(archive.entries[0].unreadable->code, ErrorCode::limit_exceeded);

  Limits limits;
  limits.image_inflated = 100'000;
  std::unique_ptr<ByteSource> source = source_of(ByteView::of(bytes));
  TarReader reader(*source, limits);
  ASSERT_TRUE(reader.next());
  Bytes buffer(40'000);
  std::uint64_t total = 0;
  Result<std::size_t> got = reader.read(buffer);
  for (; got && *got > 0; got = reader.read(buffer)) total += *got;
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::limit_exceeded);
  EXPECT_LE(total, 100'001u);
}

TEST(Tar, ContentCanBeReadInPartsOrNotAtAll) {
  std::string content(700'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * i >> 5);
  std::string bytes = file("a", content) + file("b", content) + file("c", content) + kEnd;
  std::unique_ptr<ByteSource> source = source_of(ByteView::of(bytes));
  TarReader reader(*source, {});
  ASSERT_EQ((*reader.next())->path, "a");
  ASSERT_EQ((*reader.next())->path, "b");
  Bytes part(1000);
  EXPECT_EQ(*reader.read(part), 1000u);
  EXPECT_TRUE(ByteView(part).as_text() == content.substr(0, 1000));
  Result<Bytes> rest = reader.read_all(content.size());
  ASSERT_TRUE(rest);
  EXPECT_TRUE(ByteView(*rest).as_text() == content.substr(1000));
  EXPECT_EQ(*reader.read(part), 0u);
  ASSERT_EQ((*reader.next())->path, "c");
  Bytes large(400'000);
  std::string all;
  while (std::size_t got = *reader.read(large)) all += ByteView(large).clamped(0, got).as_text();
  EXPECT_TRUE(all == content);
  EXPECT_FALSE(*reader.next());
  EXPECT_FALSE(*reader.next());
}

TEST(Tar, EveryPrefixGivesWhatIsThereAndSaysThatItIsCut) {
  std::string bytes = pax(record("path", "a")) + file("x", "content") + gnu_header('L', "l", 3) +
                      padded("ll\0"s) + old_sparse(old_sparse_entry(0, 1), 9, 1) + padded("y") +
                      file("b", "2");
  const Archive whole = read(bytes + kEnd);
  ASSERT_EQ(paths(whole), "a;ll;b;");
  for (std::size_t n = 0; n < bytes.size(); n += n % 512 < 2 ? 1 : 17) {
    Archive archive = read(bytes.substr(0, n));
    EXPECT_TRUE(archive.error || !archive.problems.empty()) << n;
    EXPECT_TRUE(paths(whole).starts_with(paths(archive))) << n;
    if (archive.error) {
      EXPECT_EQ(archive.error->code, ErrorCode::truncated) << n;
    }
    for (std::size_t i = 0; i < archive.entries.size(); ++i) {
      const Read& entry = archive.entries[i];
      EXPECT_TRUE(entry.unreadable || entry.content == whole.entries[i].content) << n;
    }
  }
}

TEST(Tar, AFailingSourceIsNotTheEnd) {
  std::string bytes = file("a", "1") + kEnd;
  InflateLimits limits{.output = 700};
  auto source = decompress(source_of(ByteView::of(bytes)), Compression::none, limits);
  TarReader reader(*source, {});
  Result<std::optional<TarEntry>> entry = reader.next();
  ASSERT_TRUE(entry);
  entry = reader.next();
  ASSERT_FALSE(entry);
  EXPECT_EQ(entry.error().code, ErrorCode::limit_exceeded);
  EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace fathom::archive
