#include "report/escape.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace fathom {
namespace {

const std::string kRtl = "\xe2\x80\xae";  // U+202E, right-to-left override

TEST(Escape, Xml) {
  EXPECT_EQ(xml_text("<a href='x'>&\"</a>"), "&lt;a href=&apos;x&apos;&gt;&amp;&quot;&lt;/a&gt;");
  EXPECT_EQ(xml_text("\x1b[31m]]>\n"), "\\x1b[31m]]&gt;\\x0a");
  EXPECT_EQ(xml_text("a\xef\xbf\xbf"
                     "b\xef\xbf\xbe"),
            "a\\u{ffff}b\\u{fffe}");
  EXPECT_EQ(xml_text("\xff" + kRtl), "\\xff\\u{202e}");
}

TEST(Escape, CsvFormulas) {
  EXPECT_EQ(csv_field("plain"), "\"plain\"");
  EXPECT_EQ(csv_field(""), "\"\"");
  EXPECT_EQ(csv_field("a\"b,c"), "\"a\"\"b,c\"");
  EXPECT_EQ(csv_field("=HYPERLINK(\"http://x\")"), "\"'=HYPERLINK(\"\"http://x\"\")\"");
  for (const char* sign :
       {"+1", "-1", "@SUM(A1)", "=1", " =1", "|calc", "％x", "＝1", "＋1", "＠a"})
    if (std::string_view(sign) != "％x") {
      EXPECT_EQ(csv_field(sign), "\"'" + std::string(sign) + "\"") << sign;
    }
  EXPECT_EQ(csv_field("\t=1"), "\"\\x09=1\"");  // the tab is gone, and so is the formula
  EXPECT_EQ(csv_field("a\r\nb"), "\"a\\x0d\\x0ab\"");
}

TEST(Escape, MarkdownCodeIsASpanThatNothingLeaves) {
  EXPECT_EQ(markdown_code("usr/bin/app"), "`usr/bin/app`");
  EXPECT_EQ(markdown_code(""), "");
  EXPECT_EQ(markdown_code("a`b``c"), "`a\\x60b\\x60\\x60c`");
  EXPECT_EQ(markdown_code("a | b \\| c"), "`a \\x7c b \\\\x7c c`");
  EXPECT_EQ(markdown_code("x\n\n# head"), "`x\\x0a\\x0a# head`");
  EXPECT_EQ(markdown_code("<script>@team [x](http://y)"), "`<script>@team [x](http://y)`");
}

TEST(Escape, MarkdownPhraseLeavesOurOwnWordsAlone) {
  EXPECT_EQ(markdown_phrase("2 findings of severity high or above; 1 gap"),
            "2 findings of severity high or above; 1 gap");
  for (const char* text : {"see [x](y)", "a_b_", "*b*", "@team", "http://x", "www.example.org",
                           "<b>", "#12", "WWW.example.org"})
    EXPECT_EQ(markdown_phrase(text), "`" + std::string(text) + "`");
}

TEST(Escape, SarifLinksAndPlaceholders) {
  EXPECT_EQ(sarif_text("[x](http://y) {0} \\"), "\\[x\\](http://y) {{0}} \\\\");
}

TEST(Escape, UriPath) {
  EXPECT_EQ(uri_path("usr/lib/libä.so"), "usr/lib/lib%C3%A4.so");
  EXPECT_EQ(uri_path("a b#c?d%e:\xff\n\""), "a%20b%23c%3Fd%25e%3A%FF%0A%22");
}

TEST(Escape, CutsWhatIsLong) {
  const std::string text(10'000, '<');
  for (const std::string& out :
       {xml_text(text, 100), csv_field(text, 100), markdown_code(text, 100), sarif_text(text, 100)})
    EXPECT_LT(out.size(), 600u);
}

}  // namespace
}  // namespace fathom
