#include "facts/facts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "base/limits.h"

namespace fathom {
namespace {

// One of everything, no field at its default.
FileFacts full_facts() {
  FileFacts f;
  f.kind = FileKind::elf;
  f.type = "ELF";
  f.inert = true;
  f.size = 1 << 20;
  f.md5 = "d41d8cd98f00b204e9800998ecf8427e";
  f.elf = ElfFacts{.bits = 32,
                   .big_endian = true,
                   .machine = 0x9026,
                   .machine_name = "alpha",
                   .type = "pie",
                   .interpreter = "/lib/ld.so",
                   .soname = "libme.so.1",
                   .needed = {"libz.so.1", "libc.so.6"},
                   .runpath = {"$ORIGIN"},
                   .rpath = {"/opt"},
                   .is_static = true,
                   .stripped = true,
                   .has_debug_info = true,
                   .has_section_headers = true,
                   .build_id = "0102",
                   .comments = {"GCC: 12"},
                   .go_build_id = "go/id",
                   .exported_versions = {"V_1", "V_2"},
                   .executable_bytes = 77,
                   .needed_versions = {{"libc.so.6", "GLIBC_2.34", true}},
                   .no_default_folders = true,
                   .loader_folders = {"/lib/", "/usr/lib/"},
                   .language = "C",
                   .libc = "glibc",
                   .hardening = {{"relro", "full", Rating::partial, "why",
                                  Place::at_offset(7, "dynamic section"), "DT_BIND_NOW"}}};
  f.loader_cache = {{"libc.so.6", "/lib/libc.so.6", 0x0303, 1, "x86-64-v2"}};
  f.folder_list = {"/lib"};
  f.named_libraries = {"libnss_dns.so.2"};
  PackageClaim claim;
  claim.component.kind = ComponentKind::module;
  claim.component.id = "c1";
  claim.component.name = "name";
  claim.component.version = {"", "1.0", "1.2", {"1.0", "1.1", "1.2"}};
  claim.component.ecosystem = "Go";
  claim.component.purl = "pkg:golang/name";
  claim.component.cpe = "cpe:2.3:a:b:c";
  claim.component.source_name = "source";
  claim.component.source_version = "3";
  claim.component.licenses = {"MIT", "0BSD"};
  claim.component.file = "f";
  claim.component.file_digest = "sha256:00";
  claim.component.layer = -1;
  claim.component.owned_files = {"usr/bin/x"};
  claim.component.confidence = Confidence::medium;
  claim.component.evidence = {
      {"analyzer", "file", "sha256:11", Place::at_offset(7, ".text"), "seen"}};
  claim.owned = {{"usr/bin/x", "md5", "sha1"}};
  claim.installed = false;
  f.packages = {claim};
  f.attributions = {{"go-pclntab", 1234, "Go", "stdlib"}};
  f.licenses = {{"MIT", true, 3}, {"in my words", false, 9}};
  f.sboms = {{"SPDX 2.3 JSON", "tool", "subject", {}, {"/packages/0: nameless"}, 2}};
  f.sboms[0].entries = {{"zlib",
                         "1.3",
                         "library",
                         "pkg:generic/zlib@1.3",
                         "",
                         {"Zlib"},
                         {"sha1:0"},
                         {"lib/z"},
                         {Place::Kind::pointer, 0, "/packages/1"}}};
  f.checksum_list = {{"usr/bin/y", "md5", ""}};
  f.texts = {{10, "1.2.3"}, {300, std::string("two\0two 4.5", 11)}};
  f.strings = {{5, 900}, {5, 1000}, {~std::uint64_t{0}, 0}};
  f.constants = {{256, 50, 0x400050}, {300, 40, 0x400040}, {0xffffffff, 900, 0x600900}};
  f.source_lines = {{5, 10, SourceLine::By::next_argument, 2, 100},
                    {5, 11, SourceLine::By::reporter, 0, 90},
                    {~std::uint64_t{0}, 1, SourceLine::By::nearby, 0, 0}};
  f.handed_out = {{HandedOut::How::stored, {1, 2, 3}, {}, 10, 0x1010},
                  {HandedOut::How::text, {}, "1.2.3", 50, 0x1050}};
  f.tables = {{7, 40}, {7, 72}, {9, 8}};
  f.revisions = {{"program",
                  "git",
                  "0123abcd",
                  "2026-01-01T00:00:00Z",
                  "example.org/app",
                  true,
                  {"go-buildinfo", "", "", Place::at_offset(9), "vcs.revision=0123abcd"}}};
  f.statements = {{"https://slsa.dev/provenance/v1",
                   "builder",
                   true,
                   "blob",
                   Place::at_line(3),
                   {{"app", "sha256:55"}},
                   2}};
  f.gaps = {{"elf", "", "", -1, ErrorCode::limit_exceeded, "too much"}};
  f.gaps_not_kept = 3;
  f.analyzed_by = {"elf@1", "strings@2"};
  MemberFacts member{"lib/x.so", "sha256:22", {}};
  member.facts.kind = FileKind::text;
  member.facts.members = {{"deeper", "sha256:33", {}}};
  f.members = {member, {"empty", "sha256:44", {}}};
  return f;
}

// Facts have no ==; every field goes through the encoding, which the tests below hold to account.
void expect_same(const FileFacts& a, const FileFacts& b) {
  EXPECT_EQ(encode(a), encode(b));
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.inert, b.inert);
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.md5, b.md5);
  EXPECT_EQ(a.texts, b.texts);
  EXPECT_EQ(a.strings, b.strings);
  EXPECT_EQ(a.constants, b.constants);
  EXPECT_EQ(a.source_lines, b.source_lines);
  EXPECT_EQ(a.handed_out, b.handed_out);
  EXPECT_EQ(a.tables, b.tables);
  EXPECT_EQ(a.checksum_list, b.checksum_list);
  EXPECT_EQ(a.loader_cache, b.loader_cache);
  EXPECT_EQ(a.folder_list, b.folder_list);
  EXPECT_EQ(a.named_libraries, b.named_libraries);
  EXPECT_EQ(a.gaps, b.gaps);
  EXPECT_EQ(a.gaps_not_kept, b.gaps_not_kept);
  EXPECT_EQ(a.analyzed_by, b.analyzed_by);
  EXPECT_EQ(a.licenses, b.licenses);
  EXPECT_EQ(a.sboms, b.sboms);
  ASSERT_EQ(a.attributions.size(), b.attributions.size());
  for (std::size_t i = 0; i < a.attributions.size(); ++i) {
    EXPECT_EQ(a.attributions[i].analyzer, b.attributions[i].analyzer);
    EXPECT_EQ(a.attributions[i].bytes, b.attributions[i].bytes);
    EXPECT_EQ(a.attributions[i].component, b.attributions[i].component);
  }
  ASSERT_EQ(a.packages.size(), b.packages.size());
  for (std::size_t i = 0; i < a.packages.size(); ++i) {
    const Component &x = a.packages[i].component, &y = b.packages[i].component;
    EXPECT_EQ(std::tie(x.id, x.kind, x.name, x.version, x.ecosystem, x.purl, x.cpe, x.source_name),
              std::tie(y.id, y.kind, y.name, y.version, y.ecosystem, y.purl, y.cpe, y.source_name));
    EXPECT_EQ(std::tie(x.source_version, x.licenses, x.file, x.file_digest, x.layer, x.owned_files,
                       x.confidence, x.evidence),
              std::tie(y.source_version, y.licenses, y.file, y.file_digest, y.layer, y.owned_files,
                       y.confidence, y.evidence));
    EXPECT_EQ(a.packages[i].owned, b.packages[i].owned);
    EXPECT_EQ(a.packages[i].installed, b.packages[i].installed);
  }
  ASSERT_EQ(a.elf.has_value(), b.elf.has_value());
  if (a.elf) {
    const ElfFacts &x = *a.elf, &y = *b.elf;
    EXPECT_EQ(std::tie(x.bits, x.big_endian, x.machine, x.machine_name, x.type, x.interpreter,
                       x.soname, x.needed, x.runpath, x.rpath),
              std::tie(y.bits, y.big_endian, y.machine, y.machine_name, y.type, y.interpreter,
                       y.soname, y.needed, y.runpath, y.rpath));
    EXPECT_EQ(std::tie(x.is_static, x.stripped, x.has_debug_info, x.has_section_headers, x.build_id,
                       x.comments, x.go_build_id, x.exported_versions, x.executable_bytes),
              std::tie(y.is_static, y.stripped, y.has_debug_info, y.has_section_headers, y.build_id,
                       y.comments, y.go_build_id, y.exported_versions, y.executable_bytes));
    EXPECT_EQ(
        std::tie(x.needed_versions, x.no_default_folders, x.loader_folders, x.language, x.libc),
        std::tie(y.needed_versions, y.no_default_folders, y.loader_folders, y.language, y.libc));
    ASSERT_EQ(x.hardening.size(), y.hardening.size());
    for (std::size_t i = 0; i < x.hardening.size(); ++i) {
      const HardeningCheck &p = x.hardening[i], &q = y.hardening[i];
      EXPECT_EQ(std::tie(p.id, p.value, p.rating, p.why, p.place, p.seen),
                std::tie(q.id, q.value, q.rating, q.why, q.place, q.seen));
    }
  }
  ASSERT_EQ(a.members.size(), b.members.size());
  for (std::size_t i = 0; i < a.members.size(); ++i) {
    EXPECT_EQ(a.members[i].path, b.members[i].path);
    EXPECT_EQ(a.members[i].digest, b.members[i].digest);
    expect_same(a.members[i].facts, b.members[i].facts);
  }
}

TEST(FactsCodec, EveryFieldComesBack) {
  for (const FileFacts& facts : {FileFacts{}, full_facts()}) {
    Result<FileFacts> back = decode_facts(encode(facts));
    ASSERT_TRUE(back) << back.error().message;
    expect_same(facts, *back);
  }
}

TEST(FactsCodec, EveryPrefixIsAnError) {
  std::string bytes = encode(full_facts());
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(decode_facts(bytes.substr(0, n))) << n;
  EXPECT_FALSE(decode_facts(bytes + '\0'));
}

TEST(FactsCodec, AnotherVersionIsAnError) {
  std::string bytes = encode(FileFacts{});
  bytes[0] = static_cast<char>(bytes[0] + 1);
  EXPECT_FALSE(decode_facts(bytes));
}

// What decodes is what an encoder can have written: it encodes to bytes that decode to the same.
TEST(FactsCodec, AnyMutationIsAnErrorOrPossibleFacts) {
  const std::string good = encode(full_facts());
  std::mt19937 random(7);
  int decoded = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      std::size_t at = random() % bytes.size();
      if (random() % 4 == 0)
        bytes.erase(at, 1 + random() % 8);
      else
        bytes[at] = static_cast<char>(random());
      if (bytes.empty()) break;
    }
    Result<FileFacts> facts = decode_facts(bytes);
    if (!facts) continue;
    ++decoded;
    EXPECT_FALSE(name_of(facts->kind).empty());
    EXPECT_TRUE(std::ranges::is_sorted(facts->strings));
    EXPECT_TRUE(std::ranges::is_sorted(facts->constants));
    EXPECT_TRUE(std::ranges::is_sorted(facts->source_lines));
    EXPECT_TRUE(std::ranges::is_sorted(facts->texts, {}, &Text::offset));
    Result<FileFacts> again = decode_facts(encode(*facts));
    ASSERT_TRUE(again);
    expect_same(*facts, *again);
  }
  EXPECT_GT(decoded, 100);  // a changed letter in a text is still possible
}

TEST(FactsCodec, MembersAreNestedUpToTheLimit) {
  auto nested = [](std::uint64_t depth) {
    FileFacts facts;
    for (std::uint64_t i = 0; i < depth; ++i) {
      FileFacts outer;
      outer.members.push_back({"m", "sha256:00", std::move(facts)});
      facts = std::move(outer);
    }
    return encode(facts);
  };
  EXPECT_TRUE(decode_facts(nested(Limits{}.member_depth)));
  EXPECT_FALSE(decode_facts(nested(Limits{}.member_depth + 1)));
  EXPECT_FALSE(decode_facts(nested(500)));
}

TEST(FactsCodec, EnumeratorsMustExist) {
  auto refused = [](auto change) {
    FileFacts facts = full_facts();
    change(facts);
    return !decode_facts(encode(facts)).has_value();
  };
  EXPECT_TRUE(refused([](FileFacts& f) { f.kind = static_cast<FileKind>(10); }));
  EXPECT_TRUE(refused([](FileFacts& f) { f.elf->hardening[0].rating = static_cast<Rating>(6); }));
  EXPECT_TRUE(refused([](FileFacts& f) { f.gaps[0].code = static_cast<ErrorCode>(8); }));
  EXPECT_TRUE(
      refused([](FileFacts& f) { f.packages[0].component.kind = static_cast<ComponentKind>(5); }));
  EXPECT_TRUE(refused(
      [](FileFacts& f) { f.packages[0].component.confidence = static_cast<Confidence>(3); }));
  EXPECT_TRUE(refused([](FileFacts& f) {
    f.packages[0].component.evidence[0].place.kind = static_cast<Place::Kind>(6);
  }));
  EXPECT_TRUE(refused(
      [](FileFacts& f) { f.revisions[0].evidence.place.kind = static_cast<Place::Kind>(6); }));
  EXPECT_TRUE(
      refused([](FileFacts& f) { f.statements[0].place.kind = static_cast<Place::Kind>(6); }));
  EXPECT_TRUE(refused([](FileFacts& f) { f.members[0].facts.kind = static_cast<FileKind>(10); }));
}

// A count is a promise that costs the sender nothing.
TEST(FactsCodec, ListsLongerThanTheirBoundAreRefused) {
  FileFacts facts;
  facts.texts.resize(Limits{}.texts + 1);
  EXPECT_FALSE(decode_facts(encode(facts)));
  facts.texts.resize(Limits{}.texts);
  EXPECT_TRUE(decode_facts(encode(facts)));
}

TEST(FactsCodec, AStringHashCostsItsHashAndItsDistance) {
  FileFacts facts;
  std::mt19937_64 random(1);
  for (std::uint64_t i = 0; i < 1000; ++i) facts.strings.push_back({random(), 1'000'000 + i * 30});
  std::ranges::sort(facts.strings);
  EXPECT_LE(encode(facts).size(), 1000 * 9 + 100);
}

}  // namespace
}  // namespace fathom
