#include "archive/zip_writer.h"

#include <gtest/gtest.h>

#include "archive/zip.h"

namespace fathom::archive {
namespace {

TEST(ZipWriter, WritesWhatTheReaderReadsWithoutComplaint) {
  std::string bytes;
  ZipWriter writer([&](std::string_view piece) -> Done {
    bytes += piece;
    return Ok{};
  });
  const std::string long_text(100'000, 'x');
  ASSERT_TRUE(writer.add("a/long.txt", long_text));
  ASSERT_TRUE(writer.add("short", "1"));
  ASSERT_TRUE(writer.add("empty", ""));
  ASSERT_TRUE(writer.finish());
  EXPECT_LT(bytes.size(), 1000u);
  const Limits limits;
  Result<ZipFile> zip = ZipFile::parse(ByteView::of(bytes), limits);
  ASSERT_TRUE(zip) << zip.error().message;
  EXPECT_TRUE(zip->problems().empty());
  ASSERT_EQ(zip->entries().size(), 3u);
  Result<Bytes> content = zip->read(zip->entries()[0], {});
  ASSERT_TRUE(content);
  EXPECT_EQ(ByteView(*content).as_text(), long_text);
  EXPECT_EQ(ByteView(*zip->read(zip->entries()[1], {})).as_text(), "1");
}

TEST(ZipWriter, UsesZip64WhereThereAreTooMany) {
  std::string bytes;
  ZipWriter writer([&](std::string_view piece) -> Done {
    bytes += piece;
    return Ok{};
  });
  for (int i = 0; i < 70'000; ++i) ASSERT_TRUE(writer.add(std::to_string(i), ""));
  ASSERT_TRUE(writer.finish());
  Limits limits;
  limits.members = 100'000;
  Result<ZipFile> zip = ZipFile::parse(ByteView::of(bytes), limits);
  ASSERT_TRUE(zip) << zip.error().message;
  EXPECT_EQ(zip->entries().size(), 70'000u);
  EXPECT_TRUE(zip->problems().empty());
}

}  // namespace
}  // namespace fathom::archive
