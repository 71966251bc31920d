#include "json/outline.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace fathom::json {
namespace {

std::string keys(std::string_view text) {
  Result<Outline> document = outline(text);
  if (!document) return "error: " + document.error().message;
  std::string out;
  for (const Piece& piece : document->pieces)
    out += piece.key + "=" + std::string(piece.text) + ";";
  return out;
}

TEST(Outline, CutsAtTheTopLevelOnly) {
  EXPECT_EQ(keys(R"( {"a": {"b": [1, "}"]}, "c\u0041" : "\"x{" ,"d":null} )"),
            R"(a={"b": [1, "}"]};cA="\"x{";d=null;)");
  EXPECT_EQ(keys("[1,[2,3],\"x\"]"), "=1;=[2,3];=\"x\";");
  EXPECT_EQ(keys("{}"), "");
  EXPECT_EQ(keys("\xef\xbb\xbf[]"), "");
  EXPECT_EQ(outline(R"({"a":1})")->find("a"), "1");
}

TEST(Outline, RefusesWhatIsCutOrNoJson) {
  const std::string whole = R"({"a": {"b": [1, "x\\"]}, "c": 2})";
  ASSERT_TRUE(outline(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(outline(whole.substr(0, size))) << size;
  for (const char* text : {"", "1", "{\"a\":1}x", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "[1 2]",
                           "[1}", "{\"a\":[}]}", "{\"a\":1,\"a\":2}", "{\"a\":}", "[,]"})
    EXPECT_FALSE(outline(text)) << text;
  EXPECT_FALSE(outline("[" + std::string(2000, '[') + std::string(2000, ']') + "]"));
}

TEST(Outline, TakesTheFirstOfSeveralValues) {
  Result<First> first = first_value("{\"a\":1}\n{\"b\":2}\n");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->value, "{\"a\":1}");
  EXPECT_EQ(first->rest, "{\"b\":2}\n");
  EXPECT_FALSE(first_value("{\"a\""));
}

}  // namespace
}  // namespace fathom::json
