#include "signature/java_classes.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/text.h"
#include "vuln/database.h"
#include "vuln/embedded_pack.h"

namespace fathom::signature {
namespace {

// Six classes of three releases. A and B are the same in all, C changed in 1.1, D in 1.2; E and F
// came with 1.1.
constexpr std::string_view kData =
    "L\torg.a:lib\t1.0,1.1,1.2\n"
    "C\torg/a/A\t00000000000000a0:a0:0-2\n"
    "C\torg/a/B\t00000000000000b0:b0:0-2\n"
    "C\torg/a/C\t00000000000000c0:c0:0;00000000000000c1:c1:1-2\n"
    "C\torg/a/D\t00000000000000d0:d0:0-1;00000000000000d2:d2:2\n"
    "C\torg/a/E\t00000000000000e1:e1:1-2\n"
    "C\torg/a/F\t00000000000000f1:f1:1,2\n";

JavaClasses data() {
  Result<JavaClasses> out = JavaClasses::parse(kData);
  EXPECT_TRUE(out) << out.error().message;
  return std::move(*out);
}

struct Class {
  std::string name;
  std::uint64_t digest, shape;
};

FileFacts archive(const std::vector<Class>& classes) {
  FileFacts facts;
  facts.java.emplace();
  facts.java->is_archive = true;
  for (const Class& one : classes) {
    MemberFacts member;
    member.path = one.name + ".class";
    std::string digits = hex_number(one.digest).substr(2);
    member.digest =
        "sha256:" + std::string(16 - digits.size(), '0') + digits + std::string(48, '9');
    member.facts.java.emplace();
    member.facts.java->class_name = one.name;
    member.facts.java->shape = one.shape;
    facts.members.push_back(std::move(member));
  }
  return facts;
}

std::vector<Component> found_in(const FileFacts& facts) {
  Identified found;
  data().identify(facts, found);
  return found.components;
}

TEST(JavaClasses, ContentsTellTheRelease) {
  auto found =
      found_in(archive({{"org/a/A", 0xa0, 1}, {"org/a/C", 0xc1, 2}, {"org/a/D", 0xd0, 3}}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "org.a:lib");
  EXPECT_EQ(found[0].version.exact, "1.1");
  EXPECT_EQ(found[0].purl, "pkg:maven/org.a/lib@1.1");
  EXPECT_EQ(found[0].evidence.size(), 3u);
  EXPECT_EQ(found[0].evidence[0].place.text, "org/a/A.class");
  EXPECT_EQ(found[0].confidence, Confidence::high);
}

TEST(JavaClasses, WhatTheyLeaveOpenIsAnInterval) {
  auto found =
      found_in(archive({{"org/a/A", 0xa0, 1}, {"org/a/B", 0xb0, 2}, {"org/a/C", 0xc1, 3}}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].version.exact, "");
  EXPECT_EQ(found[0].version.candidates, (std::vector<std::string>{"1.1", "1.2"}));
}

TEST(JavaClasses, AReleaseThatNobodyLookedAtMayBeLikeItsNeighbours) {
  Result<JavaClasses> sparse = JavaClasses::parse(
      "L\torg.a:lib\t1.0,?1.0.1,1.1,?1.1.1,?1.1.2,1.2\n"
      "C\torg/a/A\t00000000000000a0:a0:0,2,5\n"
      "C\torg/a/B\t00000000000000b0:b0:0,2,5\n"
      "C\torg/a/C\t00000000000000c0:c0:0;00000000000000c1:c1:2;00000000000000c2:c2:5\n");
  ASSERT_TRUE(sparse);
  Identified found;
  sparse->identify(archive({{"org/a/A", 0xa0, 1}, {"org/a/B", 0xb0, 2}, {"org/a/C", 0xc1, 3}}), found);
  ASSERT_EQ(found.components.size(), 1u);
  EXPECT_EQ(found.components[0].version.candidates,
            (std::vector<std::string>{"1.0.1", "1.1", "1.1.1", "1.1.2"}));
  EXPECT_EQ(found.known_versions.at("org.a:lib"), (std::vector<std::string>{"1.0", "1.1", "1.2"}));
}

TEST(JavaClasses, MovedClassesAreRecognisedByTheirShapes) {
  auto found = found_in(archive(
      {{"x/A", 1, 0xa0}, {"x/B", 2, 0xb0}, {"x/C", 3, 0xc1}, {"x/D", 4, 0xd2}, {"x/E", 5, 0xe1}}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].version.exact, "1.2");
  EXPECT_EQ(found[0].confidence, Confidence::medium);
  EXPECT_NE(found[0].evidence[0].seen.find("shape of org/a/A"), std::string::npos);
}

TEST(JavaClasses, ASingleCopiedClassIsNoLibrary) {
  EXPECT_TRUE(found_in(archive({{"org/a/A", 0xa0, 1}, {"org/a/B", 0xb0, 2}})).empty());
  EXPECT_TRUE(found_in(archive({{"x/A", 1, 0xa0}, {"x/B", 2, 0xb0}, {"x/C", 3, 0xc1}})).empty());
  EXPECT_TRUE(found_in(FileFacts{}).empty());
}

TEST(JavaClasses, ABuildThatTheDataDoNotHaveHasNoVersion) {
  auto found = found_in(archive(
      {{"org/a/A", 0xa0, 1}, {"org/a/B", 0xb0, 2}, {"org/a/E", 0xe1, 3}, {"org/a/C", 0xcc, 4}}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(found[0].version.known());
  EXPECT_TRUE(found[0].version.candidates.empty());
}

TEST(JavaClasses, NamesAloneMakeAGuess) {
  FileFacts facts;
  facts.java.emplace();
  for (const char* name : {"org/a/A", "org/a/B", "org/a/C"})
    facts.java->named_classes.push_back(xxh3_of(ByteView::of(name)));
  auto found = found_in(facts);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].confidence, Confidence::low);
  EXPECT_FALSE(found[0].version.known());
}

Component stated(std::string version) {
  Component c;
  c.name = "org.a:lib";
  c.ecosystem = "Maven";
  c.version.exact = std::move(version);
  c.evidence.push_back({});
  return c;
}

TEST(JavaClasses, TextsAndClassesAreOneComponent) {
  const std::vector<std::string> known = {"1.0", "1.1", "1.2"};
  auto exact =
      found_in(archive({{"org/a/A", 0xa0, 1}, {"org/a/C", 0xc1, 2}, {"org/a/D", 0xd0, 3}}));
  auto open = found_in(archive({{"org/a/A", 0xa0, 1}, {"org/a/B", 0xb0, 2}, {"org/a/C", 0xc1, 3}}));
  struct Case {
    std::string text;
    const Component& classes;
    std::string version;
  };
  for (const Case& c : {Case{"1.1", exact[0], "1.1"}, Case{"1.2", open[0], "1.2"},
                        // The text is of a release that the classes are not of.
                        Case{"1.2", exact[0], "1.1"}, Case{"1.0", open[0], ""},
                        // The data end before the release that the text states.
                        Case{"1.3", exact[0], "1.3"}, Case{"", exact[0], "1.1"}}) {
    Component one = stated(c.text);
    reconcile(one, c.classes, known);
    EXPECT_EQ(one.version.exact, c.version) << c.text;
    EXPECT_EQ(one.evidence.size(), 4u) << "all of it is kept";
  }
}

TEST(JavaClasses, TheDataAreOurs) {
  for (const char* bad : {"L\tx\t1\n", "C\tA\t1:1:0\n", "L\ta:b\t1\nC\tA\t1:1:1\n", "X\t1\t2\n",
                          "L\ta:b\t1\nC\tA\tz:1:0\n", "L\ta:b\n"})
    EXPECT_FALSE(JavaClasses::parse(bad)) << bad;
  Result<vuln::Database> database = vuln::Database::open(vuln::embedded_pack());
  ASSERT_TRUE(database);
  Result<JavaClasses> packed = JavaClasses::parse(database->section("java-classes"));
  ASSERT_TRUE(packed) << packed.error().message;
  EXPECT_GE(packed->libraries(), 30u);
}

}  // namespace
}  // namespace fathom::signature
