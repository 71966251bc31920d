#include <gtest/gtest.h>

#include <string>

#include "json/value.h"
#include "json/writer.h"

namespace fathom::json {
namespace {

Value parsed(std::string_view text) {
  Result<Value> value = parse(text);
  EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().message);
  return value ? *value : Value();
}

Error refused(std::string_view text, const Limits& limits = {}) {
  Result<Value> value = parse(text, limits);
  EXPECT_FALSE(value) << text;
  return value ? Error{} : value.error();
}

TEST(JsonParse, ReadsEveryKindOfValue) {
  Value doc = parsed(R"( {"a": [null, true, -7, 2.5, "x\u00e9\n"], "o": {}} )");
  const Array& a = doc["a"].elements();
  ASSERT_EQ(a.size(), 5u);
  EXPECT_TRUE(a[0].is_null());
  EXPECT_TRUE(*a[1].boolean());
  EXPECT_EQ(a[2].integer(), -7);
  EXPECT_EQ(a[3].number(), 2.5);
  EXPECT_EQ(a[4].text_or(), "x\xc3\xa9\n");
  ASSERT_NE(doc["o"].object(), nullptr);
  EXPECT_TRUE(doc["o"].object()->empty());
}

TEST(JsonParse, KeepsMembersInTheOrderOfTheDocument) {
  Value doc = parsed(R"({"z":1,"a":2,"m":3})");
  std::string order;
  for (const auto& [name, value] : *doc.object()) order += name;
  EXPECT_EQ(order, "zam");
}

TEST(JsonParse, LookUpsChainThroughWhatIsNotThere) {
  Value doc = parsed(R"({"a":{"b":"c"},"n":null})");
  EXPECT_EQ(doc["a"]["b"].text_or(), "c");
  EXPECT_TRUE(doc["a"]["x"]["y"].is_null());
  EXPECT_TRUE(doc["a"]["b"]["c"].is_null());
  EXPECT_EQ(doc["a"].text_or("none"), "none");
  EXPECT_TRUE(doc["a"]["b"].elements().empty());
  EXPECT_TRUE(doc.has("a"));
  EXPECT_FALSE(doc.has("n"));
}

TEST(JsonParse, IntegersStayExactAndLargerOnesBecomeDoubles) {
  EXPECT_EQ(parsed("9223372036854775807").integer(), INT64_MAX);
  EXPECT_EQ(parsed("-9223372036854775808").integer(), INT64_MIN);
  EXPECT_EQ(parsed("9223372036854775808").integer(), std::nullopt);
  EXPECT_EQ(parsed("9223372036854775808").number(), 0x1p63);
  EXPECT_EQ(parsed("36893488147419103232").number(), 0x1p65);
  EXPECT_EQ(parsed("3e2").integer(), 300);
  EXPECT_EQ(parsed("3.5").integer(), std::nullopt);
  EXPECT_EQ(parsed("-1e300").integer(), std::nullopt);
  EXPECT_EQ(parsed("\"3\"").integer(), std::nullopt);
}

TEST(JsonParse, RefusesWhatTheGrammarDoesNotKnow) {
  for (std::string_view text :
       {"",        " ",        "{",       "[1,]",        "{\"a\":1,}", "{a:1}", "'a'",
        "01",      "+1",       ".5",      "1.",          "NaN",        "nul",   "[1] 2",
        "// c\n1", "\"\x01\"", "\"\\x\"", "\"\\ud800\"", "1e999",      "[1}",   "\xfe\xff"})
    EXPECT_EQ(refused(text).code, ErrorCode::malformed) << text;
}

TEST(JsonParse, RefusesInvalidUtf8) {
  for (std::string_view text : {"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
                                "\"\xf5\x80\x80\x80\"", "\"\xe2\x82\"", "{\"\x80\":1}"})
    EXPECT_EQ(refused(text).code, ErrorCode::malformed);
}

TEST(JsonParse, RefusesDuplicateKeysAlsoWhenSpelledDifferently) {
  Error error = refused(R"({"layers":[],"b":{"k":1,"\u006b":2}})");
  EXPECT_EQ(error.code, ErrorCode::malformed);
  EXPECT_EQ(error.message, "duplicate key \"k\" in the object that ends at byte 35");
  parsed(R"([{"k":1},{"k":2}])");
}

TEST(JsonParse, NamesTheByteAndKeepsTheMessagePrintable) {
  EXPECT_NE(refused("{\"a\": \x1b}").message.find(" at byte 7"), std::string::npos);
  std::string message = refused("[\"\x9b\xff\"]").message;
  EXPECT_NE(message.find(" at byte "), std::string::npos);
  for (char c : message) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << message;
}

TEST(JsonParse, DepthIsLimitedBeforeAnythingRecurses) {
  Limits limits;
  std::string deep(limits.json_depth, '[');
  EXPECT_TRUE(parse(deep + std::string(limits.json_depth, ']'), limits));
  EXPECT_EQ(refused(deep + "[", limits).code, ErrorCode::limit_exceeded);
  EXPECT_EQ(refused(std::string(4'000'000, '['), limits).code, ErrorCode::limit_exceeded);
  std::string objects;
  for (int i = 0; i < 100; ++i) objects += "{\"a\":";
  EXPECT_EQ(refused(objects, limits).code, ErrorCode::limit_exceeded);
}

TEST(JsonParse, NodesAreLimited) {
  Limits limits;
  limits.json_nodes = 4;
  EXPECT_TRUE(parse("[1,2,[]]", limits));
  EXPECT_EQ(refused("[1,2,[],4]", limits).code, ErrorCode::limit_exceeded);
}

TEST(JsonParse, EveryPrefixIsRefusedPolitely) {
  std::string doc = R"({"a":[1,2.5,{"b":"é\u20ac"}],"c":null,"d":[true,false]})";
  for (std::size_t n = 0; n < doc.size(); ++n)
    EXPECT_EQ(refused(std::string_view(doc).substr(0, n)).code, ErrorCode::malformed);
  parsed(doc);
}

TEST(JsonWriter, IndentsByTwo) {
  Writer w;
  w.begin_object().member("name", "x").key("list").begin_array().value(1).value(true).null();
  w.begin_object().end_object().begin_array().end_array().end_array();
  w.member("big", std::uint64_t{UINT64_MAX}).member("low", INT64_MIN);
  w.optional_member("left out", "").strings("tags", {"a", "b"}).end_object();
  EXPECT_EQ(w.finish(), R"({
  "name": "x",
  "list": [
    1,
    true,
    null,
    {},
    []
  ],
  "big": 18446744073709551615,
  "low": -9223372036854775808,
  "tags": [
    "a",
    "b"
  ]
}
)");
}

TEST(JsonWriter, CompactHasNoSpaceAndCanBeUsedAgain) {
  Writer w(false);
  w.begin_object().member("a", std::string("b")).key("c").begin_array().value("d").value("e");
  w.end_array().end_object();
  EXPECT_EQ(w.finish(), R"({"a":"b","c":["d","e"]})");
  EXPECT_EQ(w.value(-1).finish(), "-1");
}

std::string written(std::string_view text) { return Writer(false).value(text).finish(); }

TEST(JsonWriter, EscapesWhatMustNotReachATerminal) {
  EXPECT_EQ(written("a\"b\\c\n\x1b[0m\x7f"), R"("a\"b\\c\u000a\u001b[0m\u007f")");
  EXPECT_EQ(written("\xc2\x9b"
                    "31m"),
            R"("\u009b31m")");
  EXPECT_EQ(written("\xe2\x80\xae"
                    "txt.exe\xe2\x81\xa9"),
            R"("\u202etxt.exe\u2069")");
  // Zero-width space, byte order mark, tag characters.
  EXPECT_EQ(written("a\xe2\x80\x8b\xef\xbb\xbf\xf3\xa0\x81\x81z\xf0\x9f\x98\x80"),
            "\"a\\u200b\\ufeff\\udb40\\udc41z\xf0\x9f\x98\x80\"");
  EXPECT_EQ(written("\xc2\xa0\xe2\x82\xac\xf0\x9f\x98\x80"),
            "\"\xc2\xa0\xe2\x82\xac\xf0\x9f\x98\x80\"");
  EXPECT_EQ(written(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(JsonWriter, InvalidUtf8IsEscapedAndTheResultParses) {
  EXPECT_EQ(written("a\xff\\"), R"("a\\xff\\\\")");
  EXPECT_EQ(parsed(written("\xed\xa0\x80")).text_or(), R"(\xed\xa0\x80)");
}

TEST(JsonWriter, WhatIsWrittenIsReadBackTheSame) {
  std::string all;
  for (int c = 0; c < 0x80; ++c) all += static_cast<char>(c);
  all += "\xc2\x85\xe2\x80\xaa\xc3\xbc\xe2\x80\xa8";
  EXPECT_EQ(parsed(written(all)).text_or(), all);
  Writer w(false);
  w.begin_object().member(all, "v").end_object();
  EXPECT_EQ(parsed(w.finish())[all].text_or(), "v");
}

}  // namespace
}  // namespace fathom::json
