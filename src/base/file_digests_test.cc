#include <gtest/gtest.h>

#include "base/digest.h"

namespace fathom {
namespace {

std::string by_openssl(std::string_view algorithm, ByteView bytes) {
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return hasher.finish_hex();
}

TEST(FileDigests, KnownAnswers) {
  const FileDigests abc = digests_of(ByteView::of("abc"));
  EXPECT_EQ(abc.md5, "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(abc.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(abc.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digests_of({}).md5, "d41d8cd98f00b204e9800998ecf8427e");
}

// Around the ends of blocks, where the padding takes one block or two.
TEST(FileDigests, AreThoseOfOpenSsl) {
  Bytes bytes;
  for (std::size_t size = 0; size < 300; ++size) {
    const ByteView view{std::span<const std::uint8_t>(bytes)};
    const FileDigests all = digests_of(view);
    ASSERT_EQ(all.sha256, by_openssl("sha256", view)) << size;
    ASSERT_EQ(all.sha1, by_openssl("sha1", view)) << size;
    ASSERT_EQ(all.md5, by_openssl("md5", view)) << size;
    bytes.push_back(static_cast<std::uint8_t>(size * 37 >> 2));
  }
}

}  // namespace
}  // namespace fathom
