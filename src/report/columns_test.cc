#include "report/columns.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace fathom {
namespace {

TEST(Columns, CountWhatATerminalShows) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("naïve…"), 6u);
  EXPECT_EQ(display_width("nai\xcc\x88ve"), 5u) << "decomposed: the diaeresis takes no column";
  EXPECT_EQ(display_width("漢字"), 4u);
  EXPECT_EQ(display_width("한글"), 4u);
  EXPECT_EQ(display_width("📦"), 2u);
  EXPECT_EQ(display_width("русский"), 7u);
}

TEST(Columns, CutWhereItHurtsLeast) {
  EXPECT_EQ(fit_end("abcdef", 6), "abcdef");
  EXPECT_EQ(fit_end("abcdef", 4), "abc…");
  EXPECT_EQ(fit_middle("abcdefgh", 5), "ab…gh");
  EXPECT_EQ(fit_path("usr/lib/x86_64-linux-gnu/libz.so.1", 20), "usr/lib/x…/libz.so.1");
  EXPECT_EQ(fit_path("usr/lib/libz.so.1", 17), "usr/lib/libz.so.1");
  // The name alone is too long: its middle goes.
  EXPECT_EQ(fit_path("usr/a-very-long-file-name.so", 11), "usr/a…me.so");
}

TEST(Columns, NeverCutAWideCharacterInHalf) {
  EXPECT_EQ(fit_end("漢字漢字", 4), "漢…");
  EXPECT_EQ(display_width(fit_end("漢字漢字", 4)), 3u);
  for (std::size_t width = 0; width < 20; ++width) {
    const std::string text = "漢字/a漢字b/漢字.so";
    EXPECT_LE(display_width(fit_end(text, width)), width);
    EXPECT_LE(display_width(fit_middle(text, width)), width);
    EXPECT_LE(display_width(fit_path(text, width)), width);
    EXPECT_TRUE(is_utf8(fit_path(text, width)));
  }
}

TEST(Columns, PadByColumnsNotByBytes) {
  EXPECT_EQ(pad_right("é", 3), "é  ");
  EXPECT_EQ(pad_left("漢", 4), "  漢");
  EXPECT_EQ(pad_right("long", 2), "long");
}

TEST(Columns, WrapAtSeparatorsOnly) {
  const std::vector<std::string> parts = {"one", "two", "three"};
  EXPECT_EQ(wrap(parts, {.separator = ", ", .width = 20, .indent = 2}),
            (std::vector<std::string>{"one, two, three"}));
  EXPECT_EQ(wrap(parts, {.separator = ", ", .width = 9, .indent = 2}),
            (std::vector<std::string>{"one, two,", "  three"}));
  EXPECT_EQ(wrap(parts, {.separator = ", ", .width = 8, .indent = 2}),
            (std::vector<std::string>{"one,", "  two,", "  three"}))
      << "the comma needs a column too";
  EXPECT_EQ(wrap(parts, {.separator = " · ", .width = 9, .indent = 2}),
            (std::vector<std::string>{"one · two", "  three"}));
  EXPECT_EQ(wrap({"longer-than-the-line"}, {.separator = " ", .width = 8, .indent = 2}),
            (std::vector<std::string>{"longer-…"}));
}

}  // namespace
}  // namespace fathom
