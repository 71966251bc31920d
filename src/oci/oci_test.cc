#include <gtest/gtest.h>

#include "oci/descriptor.h"
#include "oci/media_type.h"
#include "oci/platform.h"
#include "oci/reference.h"

namespace fathom::oci {
namespace {

const std::string kHex(64, 'a');

TEST(Reference, PartsOfAWholeName) {
  auto r = parse_reference("registry.example:5000/team/app_x:1.2@sha256:" + kHex);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->registry, "registry.example:5000");
  EXPECT_EQ(r->path, "team/app_x");
  EXPECT_EQ(r->tag, "1.2");
  ASSERT_TRUE(r->digest);
  EXPECT_EQ(r->digest->text(), "sha256:" + kHex);
}

TEST(Reference, ShortNamesAreThoseOfTheHub) {
  EXPECT_EQ(parse_reference("alpine")->path, "library/alpine");
  EXPECT_EQ(parse_reference("alpine")->registry, "docker.io");
  EXPECT_EQ(parse_reference("user/app:1")->path, "user/app");
  EXPECT_EQ(parse_reference("index.docker.io/user/app")->registry, "docker.io");
  EXPECT_EQ(parse_reference("localhost/app")->registry, "localhost");
  EXPECT_EQ(parse_reference("[::1]:5000/app")->registry, "[::1]:5000");
}

TEST(Reference, RefusesWhatTheGrammarRefuses) {
  for (std::string_view text : {"",      ":",      "a:",           ":tag",     "a//b",
                                "/a",    "a/",     "A/../b",       "a/..",     "user/App",
                                "a b",   "a@b",    "a@sha256:abc", "-a",       "a..b",
                                "a___b", "a:-tag", "host:99999/a", "host:x/a", "ex ample.com/a",
                                "a:b:c", "a\n",    "\xff"})
    EXPECT_FALSE(parse_reference(text)) << text;
  EXPECT_FALSE(parse_reference(std::string(300, 'a')));
  EXPECT_FALSE(parse_reference("a:" + std::string(129, 't')));
  EXPECT_TRUE(parse_reference("a:" + std::string(128, 't')));
  EXPECT_TRUE(parse_reference("a.b/c__d-----e/f"));
}

TEST(Reference, SameNameInShortAndInFull) {
  EXPECT_TRUE(names_the_same("alpine", "docker.io/library/alpine:latest"));
  EXPECT_TRUE(names_the_same("docker.io/library/alpine:3", "alpine:3"));
  EXPECT_TRUE(names_the_same("3", "alpine:3"));
  EXPECT_TRUE(names_the_same("latest", "localhost/app:latest"));
  EXPECT_TRUE(names_the_same("v1", "v1"));  // an image layout's bare tag
  EXPECT_TRUE(names_the_same("odd name", "odd name"));
  EXPECT_FALSE(names_the_same("3", "alpine:3.1"));
  EXPECT_FALSE(names_the_same("alpine:3", "user/alpine:3"));
  EXPECT_FALSE(names_the_same("", ""));
}

TEST(Platform, OneWayToWriteIt) {
  EXPECT_EQ(text_of(*parse_platform("linux/arm64/v8")), "linux/arm64");
  EXPECT_EQ(text_of(*parse_platform("Linux/aarch64")), "linux/arm64");
  EXPECT_EQ(text_of(*parse_platform("x86_64")), "linux/amd64");
  EXPECT_EQ(text_of(*parse_platform("linux/arm")), "linux/arm/v7");
  EXPECT_EQ(text_of(*parse_platform("linux/armel")), "linux/arm/v6");
  EXPECT_EQ(text_of(*parse_platform("linux/arm/5")), "linux/arm/v5");
  EXPECT_EQ(text_of(*parse_platform("windows/amd64")), "windows/amd64");
  EXPECT_EQ(text_of(Platform{}), "");
  for (std::string_view text :
       {"", "/", "linux", "linux/", "/amd64", "a/b/c/d", "linux/a b", "linux/\x1b"})
    EXPECT_FALSE(parse_platform(text)) << text;
}

TEST(Platform, VariantCountsWhenAskedFor) {
  Platform v6 = *parse_platform("linux/arm/v6"), v7 = *parse_platform("linux/arm");
  EXPECT_FALSE(satisfies(v6, v7));
  EXPECT_TRUE(satisfies(*parse_platform("linux/amd64/v3"), *parse_platform("linux/amd64")));
  EXPECT_FALSE(satisfies(*parse_platform("linux/amd64"), *parse_platform("linux/amd64/v3")));
  EXPECT_TRUE(satisfies(Platform{"linux", "arm64", "v8"}, *parse_platform("linux/arm64")));
}

TEST(MediaType, BothVocabularies) {
  EXPECT_EQ(parse_media_type("application/vnd.oci.image.index.v1+json").kind, MediaKind::index);
  EXPECT_EQ(parse_media_type("application/vnd.docker.distribution.manifest.list.v2+json").kind,
            MediaKind::index);
  EXPECT_EQ(parse_media_type("application/vnd.OCI.image.manifest.v1+json; charset=utf-8").kind,
            MediaKind::manifest);
  MediaType layer = parse_media_type("application/vnd.oci.image.layer.v1.tar+zstd");
  EXPECT_EQ(layer.kind, MediaKind::layer);
  EXPECT_EQ(layer.compression, "zstd");
  EXPECT_EQ(parse_media_type("application/vnd.oci.image.layer.v1.tar").compression, "none");
  EXPECT_EQ(parse_media_type("application/vnd.docker.image.rootfs.diff.tar.gzip").compression,
            "gzip");
  EXPECT_TRUE(
      parse_media_type("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip").foreign);
  MediaType secret = parse_media_type("application/vnd.oci.image.layer.v1.tar+gzip+encrypted");
  EXPECT_TRUE(secret.encrypted);
  EXPECT_EQ(secret.kind, MediaKind::layer);
  EXPECT_EQ(parse_media_type("").kind, MediaKind::unknown);
  EXPECT_EQ(parse_media_type("text/html").kind, MediaKind::unknown);
}

TEST(Descriptor, BlobPath) {
  EXPECT_EQ(blob_path(*parse_digest("sha256:" + kHex)), "blobs/sha256/" + kHex);
}

}  // namespace
}  // namespace fathom::oci
