#include "verdict/fixes.h"

#include <gtest/gtest.h>

namespace fathom::verdict {
namespace {

// One comparison more with the field at 36, three kinds that stay, and a text on each side.
constexpr char kRow[] =
    R"({"library":"toy","cve":"CVE-1-1","function":"parse","file":"toy.c","from":"debian:1.0-2",)"
    R"("builds":["gcc -O2","clang -Os"],"texts":{"fixed":["aa"],"vulnerable":["bb"]},)"
    R"("counts":[["f36/4",1,1,2,2]],"same":[["f8/4",2],["n70/8",1],["n-5/4",1]]})";

FixRow row() { return parse_fixes(kRow)->at(0); }

struct Body {
  CodeFunction function;
  CodeQuestion question{{0xaa, 0xbb, 0xcc}, {}, {}};

  Body& field(std::int32_t offset, int times, std::uint8_t width = 4) {
    for (; times > 0; --times)
      function.comparisons.push_back({0x1000 + function.comparisons.size(), {true, offset, width}});
    return *this;
  }
  Body& number(std::int64_t value, std::uint8_t width) {
    function.comparisons.push_back({0x1000 + function.comparisons.size(), {false, value, width}});
    return *this;
  }
  Body& text(std::uint32_t index) {
    function.texts.push_back({index, 0x2000, 0});
    return *this;
  }
  // What the fix leaves alone.
  Body& usual() { return field(8, 2).number(70, 8).number(-5, 4); }
  std::string decided(FixContext context = {false, true}) const {
    const std::optional<FixDecision> decision = decide_fix(row(), function, question, context);
    return !decision ? "open" : decision->is_fixed ? "fixed" : "vulnerable";
  }
};

TEST(Fixes, ACountDecides) {
  EXPECT_EQ(Body().usual().field(36, 2).decided(), "fixed");
  EXPECT_EQ(Body().usual().field(36, 1).decided(), "vulnerable");
}

TEST(Fixes, ACountThatIsNeitherDecidesNothing) {
  EXPECT_EQ(Body().usual().field(36, 3).decided(), "open");
  EXPECT_EQ(Body().usual().decided(), "open");
  EXPECT_EQ(Body().usual().field(36, 2, 8).decided(), "open") << "another width is another field";
}

TEST(Fixes, CountsOfOtherCodeAreNotBelieved) {
  EXPECT_EQ(Body().field(8, 3).number(70, 8).number(-5, 4).field(36, 2).decided(), "open");
  EXPECT_EQ(Body().field(36, 2).decided(), "open");
}

TEST(Fixes, ASmallFunctionIsKnownByItsNameAndSeveralCounts) {
  FixRow small = row();
  small.same.clear();
  Body body;
  body.field(36, 2);
  EXPECT_FALSE(decide_fix(small, body.function, body.question, {true, true})) << "one count only";
  small.counts.push_back({{true, 40, 8}, false, 0, 0, 1, 1});
  body.field(40, 1, 8);
  EXPECT_TRUE(decide_fix(small, body.function, body.question, {true, true})->is_fixed);
  EXPECT_FALSE(decide_fix(small, body.function, body.question, {false, true})) << "it has no name";
}

TEST(Fixes, TheNextNumberCountsWhereTheRowSaysSo) {
  FixRow wider = row();
  wider.counts = {{{false, 90, 4}, true, 1, 1, 0, 0}};
  auto decided = [&](const Body& body) {
    const auto decision = decide_fix(wider, body.function, body.question, {false, true});
    return !decision ? "open" : decision->is_fixed ? "fixed" : "vulnerable";
  };
  EXPECT_STREQ(decided(Body().usual().number(90, 4)), "vulnerable");
  EXPECT_STREQ(decided(Body().usual().number(91, 4)), "vulnerable");
  EXPECT_STREQ(decided(Body().usual().number(91, 8)), "fixed") << "in another width";
  EXPECT_STREQ(decided(Body().usual()), "open") << "that nothing is there shows no fix";
}

TEST(Fixes, OfAnotherReleaseNearlyAllMustBeAsItWas) {
  EXPECT_EQ(Body().usual().field(36, 2).decided({true, false}), "open") << "three are too few";
  FixRow many = row();
  Body body;
  body.usual().field(36, 2);
  for (std::int32_t offset = 100; offset < 105; ++offset) {
    many.same.push_back({{true, offset, 4}, 1});
    body.field(offset, 1);
  }
  EXPECT_TRUE(decide_fix(many, body.function, body.question, {false, false}));
  body.field(100, 1);
  EXPECT_FALSE(decide_fix(many, body.function, body.question, {false, false}));
  EXPECT_TRUE(decide_fix(many, body.function, body.question, {false, true}));
}

TEST(Fixes, ATextDecidesWhereverItIs) {
  EXPECT_EQ(Body().text(0).decided(), "fixed");
  EXPECT_EQ(Body().text(1).decided(), "vulnerable");
  EXPECT_EQ(Body().text(2).decided(), "open");
}

TEST(Fixes, EvidenceForBothDecidesNothing) {
  EXPECT_EQ(Body().text(0).text(1).decided(), "open");
  EXPECT_EQ(Body().usual().field(36, 1).text(0).decided(), "open");
}

TEST(Fixes, WhatDecidedIsShown) {
  const Body body = Body().usual().field(36, 2);
  const std::optional<FixDecision> decision =
      decide_fix(row(), body.function, body.question, {false, true});
  ASSERT_TRUE(decision);
  ASSERT_EQ(decision->seen.size(), 1u);
  EXPECT_EQ(decision->seen[0].what,
            "parse compares a field at offset 36 in 4 bytes 2 times; before the fix it is 1, after it 2");
  EXPECT_NE(decision->seen[0].place, 0u);
}

TEST(Fixes, RefusesRowsThatSayNothing) {
  EXPECT_FALSE(parse_fixes("{}"));
  EXPECT_FALSE(parse_fixes("nonsense"));
  for (const char* key : {"", "f36", "x36/4", "f/4", "f36/", "f36/4000"}) {
    std::string bad = kRow;
    bad.replace(bad.find("f36/4"), 5, key);
    EXPECT_FALSE(parse_fixes(bad)) << key;
  }
}

}  // namespace
}  // namespace fathom::verdict
