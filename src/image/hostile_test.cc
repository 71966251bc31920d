// Layers made to mislead or to exhaust: each has an expected answer.

#include <gtest/gtest.h>

#include "image/layer_reader.h"
#include "image/testing.h"

namespace fathom::image {
namespace {

using namespace testing;
using archive::TarType;

struct Read {
  Layer layer;
  std::vector<Entry> entries;
  Budget budget;
};

Read read(const std::string& blob, const Limits& limits = {}, LayerRequest request = {}) {
  Read out{{}, {}, Budget(limits)};
  out.layer = read_tar_layer(archive::source_of(ByteView::of(blob)), std::move(request), out.budget,
                             limits, [&](Entry entry, std::optional<Bytes> content) {
                               if (content) entry.digest = sha256_of(ByteView(*content)).text();
                               out.entries.push_back(std::move(entry));
                             });
  return out;
}

TEST(HostileLayers, AWhiteoutThatHidesContent) {
  Read got = read(Tar().file("etc/.wh.a", "a program").file("b/.wh..wh..opq", "another").str());
  ASSERT_EQ(got.entries.size(), 2u);
  EXPECT_TRUE(got.entries[0].whiteout);
  EXPECT_EQ(got.entries[0].path, "etc/a");
  EXPECT_TRUE(got.entries[1].opaque);
  EXPECT_EQ(got.entries[1].path, "b");
  EXPECT_EQ(got.layer.gaps.size(), 2u);
  EXPECT_EQ(got.layer.gaps[0].file, "etc/.wh.a");
}

TEST(HostileLayers, OpaqueRoot) {
  Read got = read(Tar().file(".wh..wh..opq").file("a", "x").str());
  EXPECT_TRUE(got.entries[0].opaque);
  EXPECT_EQ(got.entries[0].path, "");
  EXPECT_TRUE(got.layer.gaps.empty());
}

TEST(HostileLayers, TheRootReplacedByALink) {
  Read got = read(Tar().symlink("./", "/etc").file("/", "x").folder("/").file("a", "x").str());
  EXPECT_EQ(got.entries.size(), 1u);
  EXPECT_EQ(got.layer.gaps.size(), 2u);
}

TEST(HostileLayers, AHardLinkWithContent) {
  Read got = read(Tar().file("a", "x").odd("b", '1', "payload", "a").str());
  ASSERT_EQ(got.entries.size(), 2u);
  EXPECT_EQ(got.entries[1].type, TarType::hard_link);
}

TEST(HostileLayers, NamesAreBytes) {
  std::string name = "caf\xe9\xff\x1b[31m";
  Read got = read(Tar().file(name, "x").str());
  EXPECT_EQ(got.entries[0].path, name);
}

TEST(HostileLayers, ABombInGzip) {
  std::string bomb = gzip(Tar().file("zeros", std::string(80'000'000, '\0')).str());
  ASSERT_LT(bomb.size(), 100'000u);
  Limits limits;
  limits.inflate_ratio = 100;
  Read got = read(bomb, limits);
  EXPECT_FALSE(got.layer.complete);
  ASSERT_FALSE(got.layer.gaps.empty());
  EXPECT_EQ(got.layer.gaps[0].code, ErrorCode::limit_exceeded);
}

// The limits hold for all layers of an image together.
TEST(HostileLayers, TheBudgetIsTheImages) {
  std::string layer = Tar().file("a", std::string(1000, 'a')).file("b", "b").str();
  Limits limits;
  limits.image_inflated = 1500;
  limits.entries = 3;
  Budget budget(limits);
  int with_content = 0;
  auto visit = [&](Entry, std::optional<Bytes> content) { with_content += content ? 1 : 0; };
  auto next = [&] {
    return read_tar_layer(archive::source_of(ByteView::of(layer)), {}, budget, limits, visit);
  };
  EXPECT_TRUE(next().complete);
  EXPECT_EQ(with_content, 2);
  Layer second = next();
  EXPECT_FALSE(second.complete);
  EXPECT_TRUE(has_gap(second.gaps, "together more than the limit"));
  EXPECT_TRUE(has_gap(second.gaps, "more entries than the limit"));
  EXPECT_EQ(with_content, 2);
}

TEST(HostileLayers, OutOfDecompressionForAllLayers) {
  std::string layer = gzip(Tar().file("a", std::string(100'000, 'a')).str());
  Limits limits;
  limits.image_inflated = 150'000;
  Budget budget(limits);
  auto visit = [](Entry, std::optional<Bytes>) {};
  auto next = [&] {
    return read_tar_layer(archive::source_of(ByteView::of(layer)), {}, budget, limits, visit);
  };
  EXPECT_TRUE(next().complete);
  EXPECT_FALSE(next().complete);
}

TEST(HostileLayers, AMillionProblemsAreCounted) {
  Tar tar;
  for (int i = 0; i < 3000; ++i) tar.file("../" + std::to_string(i), "");
  Read got = read(tar.file("good", "x").str());
  ASSERT_EQ(got.layer.gaps.size(), Limits{}.problems + 1);
  EXPECT_EQ(got.layer.gaps.back().reason, "and 2,900 more problems like these");
  EXPECT_EQ(got.entries.size(), 1u);
}

TEST(HostileLayers, AnEncryptedOneIsNotGuessedAt) {
  LayerRequest request;
  request.info.media_type = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted";
  Read got = read("\x12\x34noise", {}, request);
  EXPECT_FALSE(got.layer.complete);
  EXPECT_EQ(got.layer.gaps[0].code, ErrorCode::unsupported);
}

TEST(HostileLayers, WhatIsNoFileSystemSaysSo) {
  LayerRequest request;
  request.info.media_type = "application/vnd.example.signature+json";
  Read got = read(std::string(700, '{'), {}, request);
  EXPECT_FALSE(got.layer.complete);
  EXPECT_TRUE(has_gap(got.layer.gaps, "no file system"));
}

TEST(HostileLayers, AGzipInAGzipIsNoTar) {
  Read got = read(gzip(gzip(Tar().file("a", "x").str())));
  EXPECT_FALSE(got.layer.complete);
  EXPECT_TRUE(got.entries.empty());
}

TEST(HostileLayers, Sha512IsCheckedToo) {
  std::string tar = Tar().file("a", "x").str();
  Hasher hasher("sha512");
  hasher.update(ByteView::of(tar));
  LayerRequest request;
  request.info.digest = "sha512:" + hasher.finish_hex();
  request.info.size = tar.size();
  EXPECT_TRUE(read(tar, {}, request).layer.gaps.empty());
  request.info.diff_id = digest_of(tar);  // another algorithm for the same bytes
  EXPECT_TRUE(read(tar, {}, request).layer.gaps.empty());
  tar[0] = 'b';
  EXPECT_TRUE(has_gap(read(tar, {}, request).layer.gaps, "sha512:"));
}

TEST(HostileLayers, DataBehindTheEndIsSaid) {
  std::string tar = Tar().file("a", "x").str() + Tar().file("hidden", "y").str();
  Read got = read(tar);
  EXPECT_FALSE(got.layer.gaps.empty());
}

// Every cut of a good layer: what comes before the cut stands, and the cut is never silent.
TEST(HostileLayers, EveryPrefixOfALayer) {
  const std::string whole = Tar()
                                .folder("etc")
                                .file("etc/a", std::string(700, 'a'))
                                .symlink("l", "etc/a")
                                .file("etc/.wh.b")
                                .str();
  const std::string packed = gzip(whole);
  LayerRequest request;
  request.info.diff_id = digest_of(whole);
  for (std::size_t n = 0; n < whole.size(); n += 31)
    EXPECT_FALSE(read(whole.substr(0, n), {}, request).layer.gaps.empty()) << n;
  for (std::size_t n = 0; n < packed.size(); ++n)
    EXPECT_FALSE(read(packed.substr(0, n), {}, request).layer.gaps.empty()) << n;
  EXPECT_TRUE(read(packed, {}, request).layer.gaps.empty());
}

TEST(LayerNames, WhatANameMeans) {
  auto kind = [](std::string_view path) { return read_layer_name(path).kind; };
  EXPECT_EQ(kind("a/b"), NameKind::plain);
  EXPECT_EQ(kind("a/.whx"), NameKind::plain);
  EXPECT_EQ(kind(".wh.a"), NameKind::whiteout);
  EXPECT_EQ(kind("d/.wh...."), NameKind::whiteout);  // a file called "..." can be deleted
  EXPECT_EQ(read_layer_name("d/e/.wh.a").path, "d/e/a");
  EXPECT_EQ(kind(".wh..wh..opq"), NameKind::opaque);
  EXPECT_EQ(read_layer_name("d/.wh..wh..opq").path, "d");
  EXPECT_EQ(kind(".wh..wh.plnk"), NameKind::bookkeeping);
  for (std::string_view path : {".wh.", "d/.wh..", "d/.wh..."})
    EXPECT_EQ(kind(path), NameKind::nameless_whiteout) << path;
  EXPECT_TRUE(read_layer_name(".wh.../etc").below_whiteout);
  EXPECT_TRUE(read_layer_name("a/.wh.b/c").below_whiteout);
  EXPECT_FALSE(read_layer_name("a/.wh.b").below_whiteout);
}

}  // namespace
}  // namespace fathom::image
