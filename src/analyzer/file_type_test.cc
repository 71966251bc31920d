#include "analyzer/file_type.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

#include "base/text.h"

namespace fathom {
namespace {

using namespace std::string_literals;

FileType type_of(std::string_view bytes) { return file_type_of(ByteView::of(bytes)); }

// With room behind it, for types that a field further in confirms.
std::string padded(std::string start, std::size_t size = 600) {
  start.resize(std::max(size, start.size()), '\0');
  return start;
}

TEST(FileTypes, EveryLineOfTheTableIsARow) {
  std::ifstream in(FATHOM_SOURCE_DIR "/data/file_types.tsv");
  std::string tsv{std::istreambuf_iterator<char>(in), {}};
  std::size_t lines = 0;
  for (std::string_view line : lines_of(tsv))
    lines += line.starts_with('#') || line.starts_with("name\t") ? 0 : 1;
  EXPECT_GE(lines, 200u);
  EXPECT_EQ(parse_magic_rows(tsv).size(), lines);
  EXPECT_EQ(magic_rows().size(), lines);  // the one that is compiled in is this one
}

// No row is hidden by an earlier one of another kind that matches all of its files.
TEST(FileTypes, EveryRowCanMatch) {
  const std::vector<MagicRow>& rows = magic_rows();
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      if (rows[j].offset != rows[i].offset || rows[j].kind == rows[i].kind) continue;
      if (rows[j].name == "Mach-O universal binary") continue;  // told apart by a check
      bool hidden = rows[i].magic.size() >= rows[j].magic.size();
      for (std::size_t k = 0; hidden && k < rows[j].magic.size(); ++k)
        hidden =
            rows[j].mask[k] == 0 || (rows[i].mask[k] != 0 && rows[i].magic[k] == rows[j].magic[k]);
      EXPECT_FALSE(hidden) << rows[i].name << " behind " << rows[j].name;
    }
}

TEST(FileTypes, EndsOfNamesSayTheLanguage) {
  EXPECT_EQ(source_language("usr/lib/python3/abc.py"), "Python source");
  EXPECT_EQ(source_language("app/index.mjs"), "JavaScript source");
  EXPECT_EQ(source_language("app/main.ts"), "TypeScript source");
  EXPECT_EQ(source_language("app/main.d.ts"), "") << "declares, and is never run";
  for (const char* path : {"", "py", "etc/motd", "app/package.json", "usr/include/stdio.h"})
    EXPECT_EQ(source_language(path), "") << path;
}

TEST(FileTypes, WrongRowsAreLeftOut) {
  EXPECT_EQ(parse_magic_rows("# a comment\n0\t4142\tAB\tdata\n").size(), 1u);
  for (const char* row : {"0\t414\tAB\tdata", "x\t4142\tAB\tdata", "0\t4142\tAB\tmusic",
                          "0\t4142\tAB", "0\tzz\tAB\tdata", "0\t\tAB\tdata"})
    EXPECT_TRUE(parse_magic_rows(row).empty()) << row;
}

struct Case {
  std::string bytes;
  FileKind kind;
  std::string_view name;
};

TEST(FileTypes, AreTold) {
  for (const Case& c : {
           Case{"", FileKind::empty, "empty"},
           {"\x7f"
            "ELF",
            FileKind::elf, "ELF"},
           {"#!/bin/sh\necho\n", FileKind::script, "script for /bin/sh"},
           {"#! /usr/bin/env python3 -u\n", FileKind::script, "script for /usr/bin/env python3 -u"},
           {"<?php echo 1;", FileKind::script, "PHP script"},
           {"import os\nprint(1)\n", FileKind::text, "ASCII text"},
           {"Grüße\n", FileKind::text, "UTF-8 text"},
           {"Gr\xfc\xdf"
            "e aus K\xf6ln\n",
            FileKind::text, "8-bit text"},
           {"<?xml version='1.0'?>", FileKind::text, "XML document"},
           {"\xff\xfeh\0i\0\r\0\n\0"s, FileKind::text, "UTF-16 text"},
           {std::string(4096, '\0'), FileKind::data, "zeros"},
           {padded("\x89PNG\r\n\x1a\n"), FileKind::data, "PNG image"},
           {padded("TZif2"), FileKind::data, "time zone"},
           {padded("$\x03\x01 \x10\0"s), FileKind::data, "gconv cache"},
           {"This is sed.info, produced by makeinfo version 6.8.\n\0\b[index\0\b]\n"s,
            FileKind::data, "GNU Info document"},
           {"This is only text.\n", FileKind::text, "ASCII text"},
           {padded("SQLite format 3\0"s), FileKind::data, "SQLite database"},
           {padded("RIFF\x10\0\0\0WEBPVP8 "s), FileKind::data, "WebP image"},
           {padded("PK\x03\x04"), FileKind::archive, "zip archive"},
           {padded("\x1f\x8b\x08"), FileKind::archive, "gzip"},
           {"!<arch>\n", FileKind::archive, "ar archive"},
           {padded("\xca\xfe\xba\xbe\0\0\0\x41"s), FileKind::bytecode, "Java class"},
           {padded("\xca\xfe\xba\xbe\0\0\0\x02"s), FileKind::executable, "Mach-O universal binary"},
           {padded("\xa7\x0d\x0d\x0a\0\0\0\0"s), FileKind::bytecode, "Python bytecode"},
           {padded("\0asm\1\0\0\0"s), FileKind::bytecode, "WebAssembly module"},
           {padded("MZ"), FileKind::executable, "PE or DOS executable"},
           {"\x99\x01\x0d\x04\x5f\x5f\x5f\x5f\x01\x08\0"s, FileKind::data, "OpenPGP keys"},
           {"0\x82\0\x08"
            "0\x82\0\x04"
            "abcd"s,
            FileKind::data, "DER data"},
       }) {
    FileType type = type_of(c.bytes);
    EXPECT_EQ(type.kind, c.kind) << c.name << ": " << type.name;
    EXPECT_EQ(type.name, c.name);
  }
}

// Two bytes of magic are no reason to call a file harmless.
TEST(FileTypes, ShortMagicAloneIsNotBelieved) {
  for (const std::string& start : {"BM"s, "\x80\x01"s, "\x1a\x01"s, "\0\0\x01\0"s, "\x99"s,
                                   "0\x82"s, "\0\0\xda\x27"s, "\xff\xfe\x01"s}) {
    std::string bytes = start;
    while (bytes.size() < 300) bytes += "\x01\xfe\x02\x9d\x03";
    FileType type = type_of(bytes);
    EXPECT_EQ(type.kind, FileKind::unknown) << to_hex(ByteView::of(start)) << " " << type.name;
  }
}

TEST(FileTypes, RandomBytesAreUnknown) {
  std::mt19937 random(1);
  int unknown = 0;
  for (int round = 0; round < 1000; ++round) {
    std::string bytes(512, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    unknown += type_of(bytes).kind == FileKind::unknown;
  }
  EXPECT_GE(unknown, 995);
}

TEST(FileTypes, TextHasNoNulAndHardlyAnyControlCharacters) {
  std::string text(1000, 'a');
  EXPECT_EQ(type_of(text).kind, FileKind::text);
  text[500] = '\x01';
  EXPECT_EQ(type_of(text).kind, FileKind::text);
  text[501] = '\0';
  EXPECT_EQ(type_of(text).kind, FileKind::unknown);
  EXPECT_EQ(type_of("<?xml version='1.0'?>\0\0binary"s).kind, FileKind::unknown);
}

TEST(FileTypes, OldTarArchivesAreToldByTheirChecksum) {
  std::string header(512, '\0');
  header.replace(0, 4, "file");
  header.replace(100, 7, "0000644");
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (char c : header) sum += static_cast<unsigned char>(c);
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06o", sum);
  header.replace(148, 7, std::string_view(digits, 7));
  EXPECT_EQ(type_of(header).name, "tar archive");
  header[0] = 'g';
  EXPECT_EQ(type_of(header).kind, FileKind::unknown);
}

}  // namespace
}  // namespace fathom
