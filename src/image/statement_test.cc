#include "image/statement.h"

#include <gtest/gtest.h>

#include "base/base64.h"

namespace fathom::image {
namespace {

const std::string kHex(64, 'a');

std::string statement(std::string_view predicate = "{}") {
  return R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":")" +
         kHex + R"("}},{"name":"old","digest":{"sha1":"00"}}],)" +
         R"("predicateType":"https://slsa.dev/provenance/v1","predicate":)" +
         std::string(predicate) + "}";
}

std::string envelope(std::string_view signatures) {
  return R"({"payloadType":"application/vnd.in-toto+json","payload":")" + base64(statement()) +
         R"(","signatures":[)" + std::string(signatures) + "]}";
}

TEST(Statement, SaysWhatItIsAboutAndWhoBuiltIt) {
  const std::string text =
      statement(R"({"runDetails":{"builder":{"id":"https://builder.example/1"}}})");
  ASSERT_TRUE(may_hold_statements(text));
  Result<Statements> read = parse_statements(text, {});
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->list.size(), 1u);
  const Statement& one = read->list[0];
  EXPECT_EQ(one.predicate, "https://slsa.dev/provenance/v1");
  EXPECT_EQ(one.builder, "https://builder.example/1");
  EXPECT_FALSE(one.in_envelope);
  ASSERT_EQ(one.subjects.size(), 1u);
  EXPECT_EQ(one.subjects[0].name, "app");
  EXPECT_EQ(one.subjects[0].digest, "sha256:" + kHex);
  EXPECT_EQ(one.subjects_left_out, 1u);  // a digest that nothing here is compared with
}

TEST(Statement, IsReadFromEnvelopesAndBundles) {
  const std::string bundle = R"({"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",)"
                             R"("dsseEnvelope":)" +
                             envelope(R"({"sig":"AA=="})") + "}";
  for (const std::string& text : {envelope(R"({"sig":"AA=="})"), bundle}) {
    Result<Statements> read = parse_statements(text, {});
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(read->list.at(0).in_envelope);
    EXPECT_EQ(read->list[0].subjects.at(0).name, "app");
  }
  EXPECT_FALSE(parse_statements(envelope(""), {})->list.at(0).in_envelope);
}

TEST(Statement, OnePerLineNamesTheLine) {
  Result<Statements> read =
      parse_statements(statement() + "\n\nno json\n" + envelope("{}") + "\n", {});
  ASSERT_TRUE(read);
  ASSERT_EQ(read->list.size(), 2u);
  EXPECT_EQ(read->list[1].place, Place::at_line(4));
  ASSERT_EQ(read->problems.size(), 1u);
  EXPECT_EQ(read->problems[0].message.substr(0, 7), "line 3:");
}

TEST(Statement, OtherDocumentsAreErrors) {
  EXPECT_FALSE(may_hold_statements(R"({"name":"in-toto.io"})"));
  EXPECT_FALSE(may_hold_statements("in-toto.io/Statement/v1"));
  for (const char* text : {"", "{}", "[]", R"({"_type":"https://example.org/Statement/v1"})",
                           R"({"payloadType":"application/vnd.in-toto+json","payload":"*"})",
                           R"({"payloadType":"text/plain","payload":"e30="})"})
    EXPECT_FALSE(parse_statements(text, {})) << text;
}

}  // namespace
}  // namespace fathom::image
