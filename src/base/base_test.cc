#include <gtest/gtest.h>

#include <atomic>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/parallel.h"
#include "base/text.h"

namespace fathom {
namespace {

TEST(Bytes, EveryAccessIsChecked) {
  Bytes bytes{1, 2, 3, 4, 5};
  ByteView view(bytes);
  EXPECT_EQ(view.read<std::uint32_t>(1).value(), 0x05040302u);
  EXPECT_EQ(view.read_big<std::uint32_t>(1).value(), 0x02030405u);
  EXPECT_FALSE(view.read<std::uint32_t>(2));
  EXPECT_FALSE(view.slice(6, 0));
  EXPECT_TRUE(view.slice(5, 0));
  EXPECT_FALSE(view.slice(1, ~std::uint64_t{0}));
  EXPECT_EQ(view.clamped(3, 100).size(), 2u);
  EXPECT_EQ(view.clamped(99, 1).size(), 0u);
  EXPECT_FALSE(view.read_cstring(0));
  EXPECT_FALSE(ByteView().read_cstring(1));
  EXPECT_EQ(ByteView::of(std::string_view("ab\0c", 4)).read_cstring(0).value(), "ab");
}

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(sha256_of(ByteView::of("abc")).text(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digests_of(ByteView::of("")).md5, "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(xxh3_of(ByteView::of("")), 0x2d06800538d394c2u);
}

TEST(Digest, RefusesWhatIsNoDigest) {
  std::string good = sha256_of(ByteView::of("abc")).text();
  EXPECT_TRUE(parse_digest(good));
  EXPECT_FALSE(parse_digest(good.substr(1)));
  EXPECT_FALSE(parse_digest(good + "0"));
  EXPECT_FALSE(parse_digest("sha256:" + std::string(64, 'A')));
  EXPECT_FALSE(parse_digest("sha256:../../etc/passwd"));
  EXPECT_FALSE(parse_digest("md5:d41d8cd98f00b204e9800998ecf8427e"));
}

TEST(Parallel, KeepsTheOrderAndRethrows) {
  std::vector<int> in(1000);
  for (int i = 0; i < 1000; ++i) in[static_cast<std::size_t>(i)] = i;
  std::vector<int> out = parallel_map(in, 7, [](int i) { return i * 2; });
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(out[static_cast<std::size_t>(i)], i * 2);
  std::atomic<int> turns = 0;
  EXPECT_THROW(parallel_for(10, 3,
                            [&](std::size_t i) {
                              ++turns;
                              if (i == 4) throw 1;
                            }),
               int);
  EXPECT_EQ(turns, 10);
}

TEST(Text, PrintableHidesNothingAndShowsNothingHarmful) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(printable("x\xe2\x80\xaeyz"), "x\\u{202e}yz");
  EXPECT_EQ(printable("\xff\xc3\xa9"), "\\xff\xc3\xa9");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
}

TEST(Text, Utf8) {
  EXPECT_TRUE(is_utf8("h\xc3\xa9llo"));
  EXPECT_FALSE(is_utf8("\xc0\xaf"));          // overlong
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));  // past U+10FFFF
  EXPECT_EQ(utf8_or_escaped("a\\b"), "a\\b");
  EXPECT_EQ(utf8_or_escaped("a\\\xff"), "a\\\\\\xff");
}

TEST(Text, Numbers) {
  EXPECT_EQ(parse_unsigned("18446744073709551615"), ~std::uint64_t{0});
  EXPECT_FALSE(parse_unsigned("18446744073709551616"));
  EXPECT_FALSE(parse_unsigned("-1"));
  EXPECT_FALSE(parse_unsigned(""));
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
  EXPECT_EQ(with_thousands(12), "12");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(4210000), "4.2 MB");
}

TEST(Text, Lines) {
  EXPECT_EQ(lines_of("a\r\nb\n").size(), 2u);
  EXPECT_EQ(lines_of("").size(), 0u);
  EXPECT_EQ(split("a,,b", ',').size(), 3u);
  EXPECT_EQ(trim(" \ta b\n"), "a b");
}

}  // namespace
}  // namespace fathom
