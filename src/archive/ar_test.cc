#include "archive/ar.h"

#include <gtest/gtest.h>

#include <string>

namespace fathom::archive {
namespace {

std::string field(std::string text, std::size_t size) {
  text.resize(size, ' ');
  return text;
}

std::string member(std::string name, std::string content, std::string size = "") {
  std::string out = field(std::move(name), 16) + field("1700000000", 12) + field("1000", 6) +
                    field("100", 6) + field("100644", 8) +
                    field(size.empty() ? std::to_string(content.size()) : size, 10) + "`\n" +
                    content;
  if (content.size() % 2 != 0) out += '\n';
  return out;
}

const std::string kMagic = "!<arch>\n";

ArFile parsed(const std::string& bytes) {
  Result<ArFile> ar = ArFile::parse(ByteView::of(bytes), {});
  EXPECT_TRUE(ar);
  return std::move(ar).value();
}

ArFile parsed(std::string&&) = delete;  // it would view a temporary

std::string listing(const ArFile& ar) {
  std::string out;
  for (const ArMember& m : ar.members()) {
    Result<ByteView> content = ar.read(m);
    out += m.name + "=" + (content ? std::string(content->as_text()) : "?") + ";";
  }
  return out;
}

TEST(Ar, ReadsADebianPackage) {
  std::string bytes = kMagic + member("debian-binary", "2.0\n") + member("control.tar.xz", "odd") +
                      member("data.tar.xz/", "data");
  ArFile ar = parsed(bytes);
  EXPECT_EQ(listing(ar), "debian-binary=2.0\n;control.tar.xz=odd;data.tar.xz=data;");
  EXPECT_TRUE(ar.problems().empty());
  EXPECT_EQ(ar.members()[0].mtime, 1700000000);
  EXPECT_EQ(ar.members()[0].uid, 1000u);
  EXPECT_EQ(ar.members()[0].gid, 100u);
  EXPECT_EQ(ar.members()[0].mode, 0100644u);
  EXPECT_EQ(ar.members()[1].header_offset, 8u + 64);
  EXPECT_TRUE(looks_like_ar(ByteView::of(bytes)));
}

TEST(Ar, GnuLongNamesAndSymbolTables) {
  std::string names = "a_very_long_object_name.o/\nwith/slash.o/\n";
  std::string bytes = kMagic + member("/", "symbols!") + member("/SYM64/", "symbols!") +
                      member("//", names) + member("/0", "first") + member("/27", "second") +
                      member("short.o/", "third");
  ArFile ar = parsed(bytes);
  EXPECT_EQ(listing(ar), "a_very_long_object_name.o=first;with/slash.o=second;short.o=third;");
  EXPECT_TRUE(ar.problems().empty());
}

TEST(Ar, BsdLongNamesAndSymbolTables) {
  std::string name("a long name with spaces.o\0\0\0", 28);
  std::string bytes = kMagic + member("#1/20", std::string("__.SYMDEF SORTED\0\0\0\0symbols", 27)) +
                      member("#1/28", name + "content") + member("plain.o", "x");
  ArFile ar = parsed(bytes);
  EXPECT_EQ(listing(ar), "a long name with spaces.o=content;plain.o=x;");
  EXPECT_EQ(ar.members()[0].size, 7u);
  EXPECT_TRUE(ar.problems().empty());
}

TEST(Ar, EmptyThinAndOther) {
  EXPECT_EQ(listing(parsed(kMagic)), "");
  EXPECT_EQ(ArFile::parse(ByteView::of("!<thin>\n"), {}).error().code, ErrorCode::unsupported);
  EXPECT_EQ(ArFile::parse(ByteView::of("!<arch>"), {}).error().code, ErrorCode::malformed);
  EXPECT_EQ(ArFile::parse({}, {}).error().code, ErrorCode::malformed);
}

// The members before the fault stand, and there is one problem.
void expect_fault(const std::string& rest, std::string_view what, std::string_view members) {
  std::string bytes = kMagic + member("a", "1") + rest;
  ArFile ar = parsed(bytes);
  EXPECT_EQ(listing(ar), members);
  ASSERT_EQ(ar.problems().size(), 1u);
  EXPECT_NE(ar.problems()[0].message.find(what), std::string::npos) << ar.problems()[0].message;
}

TEST(Ar, FaultsAreReported) {
  std::string bad_end = member("b", "2");
  bad_end[58] = 'x';
  expect_fault(bad_end, "bad member header at offset 70", "a=1;");
  expect_fault(member("b", "2", "-1"), "bad member size", "a=1;");
  expect_fault(member("b", "2", "9999999999"), "content cut short", "a=1;b=?;");
  expect_fault(member("/9", "2"), "name is not in the table", "a=1;/9=2;");
  expect_fault(member("/-1", "2"), "name is not in the table", "a=1;/-1=2;");
  expect_fault(member("#1/9", "2"), "bad name size", "a=1;#1/9=2;");
  expect_fault(member("b", "2") + "x", "member header cut short", "a=1;b=2;");
}

TEST(Ar, MembersAreLimited) {
  Limits limits;
  limits.members = 1;
  std::string bytes = kMagic + member("a", "1") + member("b", "2");
  Result<ArFile> ar = ArFile::parse(ByteView::of(bytes), limits);
  EXPECT_EQ(ar->members().size(), 1u);
  ASSERT_EQ(ar->problems().size(), 1u);
  EXPECT_EQ(ar->problems()[0].code, ErrorCode::limit_exceeded);
}

TEST(Ar, EveryPrefixGivesAPrefixOfTheMembers) {
  std::string bytes = kMagic + member("//", "long name/\n") + member("/0", "1") + member("b", "22");
  for (std::size_t n = kMagic.size(); n <= bytes.size(); ++n) {
    std::string prefix = bytes.substr(0, n);
    ArFile ar = parsed(prefix);
    const std::string all = "long name=1;b=22;";
    for (const ArMember& m : ar.members()) EXPECT_TRUE(m.name == "long name" || m.name == "b");
    if (ar.problems().empty()) {
      EXPECT_TRUE(all.starts_with(listing(ar))) << n;
    }
  }
}

}  // namespace
}  // namespace fathom::archive
