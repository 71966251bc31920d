// The rows of data/classifiers/, as the program reads them: from its pack.

#include <gtest/gtest.h>

#include <algorithm>

#include "base/digest.h"
#include "json/value.h"
#include "signature/identify.h"
#include "signature/row.h"
#include "vuln/database.h"
#include "vuln/embedded_pack.h"

namespace fathom::signature {
namespace {

// By the classifiers alone.
Identified identify(const FileFacts& facts, const Classifiers& rows) {
  return signature::identify(facts, rows, Features());
}

std::string_view rows_text() {
  static const vuln::Database pack = *vuln::Database::open(vuln::embedded_pack());
  return pack.section("classifiers");
}

const Classifiers& classifiers() {
  static const Classifiers parsed = *Classifiers::parse(rows_text());
  return parsed;
}

const json::Array& rows() {
  static const json::Value document = *json::parse(rows_text());
  return document["classifiers"].elements();
}

std::vector<std::string> confirm_texts(const json::Value& row) {
  std::vector<std::string> texts;
  for (const json::Value& text : row["confirm"].elements()) texts.emplace_back(text.text_or());
  for (const json::Value& group : row["dated"].elements())
    for (const json::Value& text : group["texts"].elements()) texts.emplace_back(text.text_or());
  return texts;
}

FileFacts file_with(const std::vector<std::string>& texts) {
  FileFacts facts;
  facts.kind = FileKind::elf;
  facts.elf = ElfFacts{};
  for (const std::string& text : texts) {
    facts.strings.push_back({xxh3_of(ByteView::of(text)), facts.texts.size() * 4096});
    facts.texts.push_back({facts.texts.size() * 4096, text});
  }
  std::sort(facts.strings.begin(), facts.strings.end());
  return facts;
}

TEST(ClassifierData, PatternsCompileAndSamplesYieldTheirVersions) {
  Done done = classifiers().check();
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_GE(classifiers().size(), 60u);
}

TEST(ClassifierData, EveryRowWithPatternsHasACounterexample) {
  for (const json::Value& row : rows()) {
    if (row["versions"].elements().empty()) continue;
    EXPECT_FALSE(row["not"].elements().empty()) << row["library"].text_or();
  }
}

TEST(ClassifierData, LibrariesAreDistinct) {
  std::vector<std::string> names;
  for (const json::Value& row : rows()) names.emplace_back(row["library"].text_or());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

// The rows' own texts are enough to find the library; its version texts alone never are.
TEST(ClassifierData, ConfirmTextsAreFoundAndVersionTextsAloneAreNot) {
  for (const json::Value& row : rows()) {
    std::string name(row["library"].text_or());
    std::vector<std::string> samples;
    for (const json::Value& version : row["versions"].elements())
      samples.emplace_back(version["sample"].text_or());
    EXPECT_TRUE(identify(file_with(samples), classifiers()).components.empty()) << name;

    std::vector<std::string> all = confirm_texts(row);
    if (all.size() < static_cast<std::size_t>(row["confirm_at_least"].integer().value_or(0)))
      continue;
    all.insert(all.begin(), samples.begin(), samples.end());
    bool named = std::any_of(
        row["versions"].elements().begin(), row["versions"].elements().end(),
        [](const json::Value& v) { return !v["bare"].boolean() || !*v["bare"].boolean(); });
    bool alone = all.size() >= static_cast<std::size_t>(*row["confirm_alone"].integer());
    if (!named && !alone) continue;
    std::vector<std::string> found;
    for (const Component& c : identify(file_with(all), classifiers()).components)
      found.push_back(c.name);
    EXPECT_NE(std::find(found.begin(), found.end(), name), found.end()) << name;
  }
}

// Programs print lists like these; none of them is code.
TEST(ClassifierData, ListsOfVersionsAreMentionsAtMost) {
  Identified found = identify(
      file_with({"curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.15 zlib/1.2.13",
                 "libcurl/7.88.1", "OpenSSL 3.0.15 3 Sep 2024", "SQLite version 3.40.1 %s",
                 " deflate 1.2.13 Copyright 1995-2022 Jean-loup Gailly and Mark Adler ",
                 "libpng version 1.6.39", "libssh2/1.10.0", "nghttp2/1.52.0", "10.42 2022-12-11",
                 "3.40.1", "1.3.1", "1.9.4", "5.4.1", "1.1.0", "expat_2.5.0", "node.js/v18.19.0",
                 "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36."}),
      classifiers());
  EXPECT_TRUE(found.components.empty())
      << (found.components.empty() ? "" : found.components[0].name);
  EXPECT_GE(found.mentions.size(), 6u);
}

// A program that OpenSSL's header put its version into, and that links it.
TEST(ClassifierData, ALinkedOpenSslIsAMention) {
  FileFacts facts = file_with({"OpenSSL 3.0.15 3 Sep 2024"});
  facts.elf->needed = {"libssl.so.3", "libcrypto.so.3"};
  Identified found = identify(facts, classifiers());
  EXPECT_TRUE(found.components.empty());
  ASSERT_EQ(found.mentions.size(), 1u);
  EXPECT_EQ(found.mentions[0].library, "openssl");
  EXPECT_EQ(found.mentions[0].version, "3.0.15");
}

TEST(ClassifierData, SqlitesVersionFunctionProvesItInAnyFile) {
  FileFacts facts = file_with({});
  facts.constants.push_back({3038005, 0x1234, 0x401234});
  Identified found = identify(facts, classifiers());
  ASSERT_EQ(found.components.size(), 1u);
  EXPECT_EQ(found.components[0].purl, "pkg:generic/sqlite@3.38.5");
  EXPECT_EQ(found.components[0].evidence[0].seen, "mov eax, 3038005; ret");
}

}  // namespace
}  // namespace fathom::signature
