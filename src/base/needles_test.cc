#include "base/needles.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace fathom {
namespace {

using Places = std::vector<std::pair<std::size_t, std::size_t>>;

Places found_by(const Needles& needles, std::string_view text) {
  Places out;
  needles.for_each(text, [&](std::size_t at, std::size_t i) { out.emplace_back(at, i); });
  return out;
}

Places found_slowly(const std::vector<std::string_view>& needles, std::string_view text) {
  Places out;
  for (std::size_t at = 0; at < text.size(); ++at)
    for (std::size_t i = 0; i < needles.size(); ++i)
      if (text.substr(at).starts_with(needles[i])) out.emplace_back(at, i);
  return out;
}

TEST(Needles, ByPositionThenInTheOrderGiven) {
  EXPECT_EQ(found_by({"abc", "ab", "bc"}, "xabcab"), (Places{{1, 0}, {1, 1}, {2, 2}, {4, 1}}));
  EXPECT_EQ(found_by({"aa"}, "aaaa"), (Places{{0, 0}, {1, 0}, {2, 0}}));
  EXPECT_EQ(Needles({"ab"}).next("abab", 1), 2u);
  EXPECT_EQ(Needles({"ab"}).next("abab", 3), std::string_view::npos);
}

TEST(Needles, NothingInNothing) {
  EXPECT_TRUE(found_by({"ab"}, "").empty());
  EXPECT_TRUE(found_by({"ab"}, "a").empty());
  EXPECT_TRUE(found_by({"abcd"}, "abc").empty());
  EXPECT_TRUE(found_by({}, std::string(100, 'a')).empty());
}

// Every place within a block, and every distance from the end.
TEST(Needles, WhereverItStands) {
  const Needles needles{"\x0f\x05", "token_"};
  for (std::size_t size = 2; size < 80; ++size)
    for (std::size_t at = 0; at + 2 <= size; ++at) {
      std::string text(size, '\0');
      text.replace(at, 2, "\x0f\x05");
      ASSERT_EQ(found_by(needles, text), (Places{{at, 0}})) << size << " " << at;
    }
}

// Few letters, so that there is a needle or the half of one everywhere, and more needles than
// groups.
TEST(Needles, TheSameAsASlowSearch) {
  const std::vector<std::string_view> words{"ab", "abc",  "ba",  "cab", "dddd", "bd",
                                            "ca", "acdb", "dab", "ccc", "cd",   "bbbbbb"};
  std::uint32_t state = 1;
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (int i = 0; i < 97; ++i) {
      state = state * 1664525 + 1013904223;
      text += static_cast<char>('a' + (state >> 24) % 5);
    }
    ASSERT_EQ(found_by(Needles(words), text), found_slowly(words, text)) << text;
  }
}

}  // namespace
}  // namespace fathom
