// Docker archives of several makers, names, platforms, and what happens where documents disagree.

#include <gtest/gtest.h>

#include "image/testing.h"

namespace fathom::image {
namespace {

using namespace testing;

struct SavedParts {
  std::string tar = Tar().file("app", "code").str();
  std::string architecture = "amd64";
  std::string config() const {
    return R"({"architecture":")" + architecture + R"(","os":"linux","config":{"Cmd":["/app"]},)" +
           R"("rootfs":{"type":"layers","diff_ids":[")" + digest_of(tar) + R"("]},)" +
           R"("history":[{"created_by":"ENV A=1","empty_layer":true},{"created_by":"COPY app"}]})";
  }
};

std::string hex_of(const std::string& bytes) { return digest_of(bytes).substr(7); }

std::string saved_item(const std::string& config, const std::string& layer,
                       const std::string& tags) {
  return R"({"Config":")" + config + R"(","RepoTags":[)" + tags + R"(],"Layers":[")" + layer +
         R"("]})";
}

// As new daemons write it: an OCI layout with manifest.json beside. `manifest_tar` is the layer
// that the OCI manifest names.
std::map<std::string, std::string> hybrid(const SavedParts& parts,
                                          const std::string& manifest_tar) {
  std::map<std::string, std::string> files;
  auto put = [&](const std::string& bytes) {
    files["blobs/sha256/" + hex_of(bytes)] = bytes;
    return bytes;
  };
  const std::string layer_type = "application/vnd.oci.image.layer.v1.tar";
  put(parts.tar);
  std::string manifest = put(R"({"schemaVersion":2,"mediaType":")" + kManifestType +
                             R"(","config":)" + descriptor(kConfigType, put(parts.config())) +
                             R"(,"layers":[)" + descriptor(layer_type, put(manifest_tar)) + "]}");
  files["oci-layout"] = "{}";
  files["index.json"] = Layout::index(descriptor(kManifestType, manifest));
  files["manifest.json"] = "[" +
                           saved_item("blobs/sha256/" + hex_of(parts.config()),
                                      "blobs/sha256/" + hex_of(parts.tar), R"("app:v1")") +
                           "]";
  return files;
}

TEST(DockerArchive, HistoryNamesTheLayer) {
  SavedParts parts;
  MemoryStore store(
      Tar()
          .file(hex_of(parts.config()) + ".json", parts.config())
          .file("1/layer.tar", parts.tar)
          .file("manifest.json",
                "[" + saved_item(hex_of(parts.config()) + ".json", "1/layer.tar", R"("app:v1")") +
                    "]")
          .str());
  Everything all = read_everything(store);
  ASSERT_TRUE(all.opened) << all.error.message;
  EXPECT_EQ(all.info.digest, digest_of(parts.config()));
  EXPECT_EQ(all.info.names, std::vector<std::string>{"app:v1"});
  EXPECT_EQ(all.info.layers[0].created_by, "COPY app");
  EXPECT_EQ(all.info.layers[0].diff_id, digest_of(parts.tar));
  // No document names the blob's digest: it is what was read.
  EXPECT_EQ(all.layers[0].info.digest, digest_of(parts.tar));
  EXPECT_EQ(all.layers[0].info.size, parts.tar.size());
  EXPECT_TRUE(all.layers[0].gaps.empty());
}

TEST(DockerArchive, AConfigThatIsNotWhatItsNameSays) {
  SavedParts parts;
  MemoryStore store(
      Tar()
          .file(std::string(64, '0') + ".json", parts.config())
          .file("1/layer.tar", parts.tar)
          .file("manifest.json",
                "[" + saved_item(std::string(64, '0') + ".json", "1/layer.tar", "") + "]")
          .str());
  Everything all = read_everything(store);
  EXPECT_FALSE(all.opened);
  EXPECT_NE(all.error.message.find(digest_of(parts.config())), std::string::npos);
}

TEST(DockerArchive, ALayerThatIsNotItsDiffId) {
  SavedParts parts;
  std::string other = Tar().file("app", "evil").str();
  MemoryStore store(Tar()
                        .file("c.json", parts.config())
                        .file("1/layer.tar", other)
                        .file("manifest.json", "[" + saved_item("c.json", "1/layer.tar", "") + "]")
                        .str());
  Everything all = read_everything(store);
  ASSERT_TRUE(all.opened);
  ASSERT_EQ(all.layers[0].gaps.size(), 1u);
  EXPECT_NE(all.layers[0].gaps[0].reason.find(digest_of(other)), std::string::npos);
  EXPECT_NE(all.layers[0].gaps[0].reason.find(digest_of(parts.tar)), std::string::npos);
  EXPECT_EQ(all.layers[0].entries.size(), 1u);
}

TEST(DockerArchive, TheIndexBesideItGivesTheManifest) {
  SavedParts parts;
  auto files = hybrid(parts, parts.tar);
  MemoryStore store(tar_of(files));
  Everything all = read_everything(store);
  ASSERT_TRUE(all.opened) << all.error.message;
  EXPECT_EQ(all.info.source, "docker-archive");
  EXPECT_EQ(all.info.names, std::vector<std::string>{"app:v1"});
  EXPECT_NE(files["index.json"].find(all.info.digest), std::string::npos) << all.info.digest;
  EXPECT_EQ(all.info.layers[0].media_type, "application/vnd.oci.image.layer.v1.tar");
  EXPECT_TRUE(all.info.gaps.empty());
  // The manifest's digest is a name too, though only the index knows it.
  OpenOptions options;
  options.reference = all.info.digest;
  EXPECT_EQ(read_everything(store, options).info.digest, all.info.digest);
}

TEST(DockerArchive, TwoDocumentsThatSpeakOfTwoImages) {
  SavedParts parts;
  MemoryStore store(tar_of(hybrid(parts, Tar().file("app", "evil").str())));
  Everything all = read_everything(store);
  ASSERT_TRUE(all.opened) << all.error.message;
  EXPECT_TRUE(has_gap(all.info.gaps, "speak of different images"));
  EXPECT_EQ(all.info.digest, digest_of(parts.config()));
  EXPECT_EQ(all.layers[0].entries[0].digest, digest_of("code"));
}

TEST(DockerArchive, SeveralImagesAreChosenByNameOrPlatform) {
  SavedParts amd64, arm64;
  arm64.architecture = "arm64";
  std::string whole =
      Tar()
          .file("a.json", amd64.config())
          .file("b.json", arm64.config())
          .file("l.tar", amd64.tar)
          .file("manifest.json", "[" + saved_item("a.json", "l.tar", R"("example/app:v1")") + "," +
                                     saved_item("b.json", "l.tar", R"("example/app:v2")") + "]")
          .str();
  MemoryStore store(whole);
  auto platform_of = [&](std::string reference, std::string platform) {
    OpenOptions options;
    options.reference = std::move(reference);
    options.platform = std::move(platform);
    Everything all = read_everything(store, options);
    return all.opened ? all.info.platform : std::string(name_of(all.error.code));
  };
  EXPECT_EQ(platform_of("v2", ""), "linux/arm64");
  EXPECT_EQ(platform_of("docker.io/example/app:v1", ""), "linux/amd64");
  EXPECT_EQ(platform_of("", "linux/arm64/v8"), "linux/arm64");
  EXPECT_EQ(platform_of("", "x86_64"), "linux/amd64");
  EXPECT_EQ(platform_of("v3", ""), "not_found");
  EXPECT_EQ(platform_of("v1", "linux/arm64"), "not_found");
  EXPECT_EQ(platform_of("", "linux/s390x"), "not_found");
  EXPECT_EQ(platform_of("", "no platform"), "usage");
}

TEST(DockerArchive, ARootFileSystemWithAManifestOfItsOwn) {
  MemoryStore object(Tar().file("manifest.json", R"({"name":"web"})").file("a", "x").str());
  EXPECT_EQ(read_everything(object).info.source, "tar");
  EXPECT_EQ(read_everything(object).layers[0].entries.size(), 2u);
}

TEST(DockerArchive, TheLastMemberOfANameCounts) {
  SavedParts parts;
  MemoryStore store(Tar()
                        .file("c.json", "{}")
                        .file("./c.json", parts.config())
                        .file("l.tar", parts.tar)
                        .file("manifest.json", "[" + saved_item("c.json", "l.tar", "") + "]")
                        .str());
  EXPECT_EQ(read_everything(store).info.platform, "linux/amd64");
}

TEST(DockerArchive, LinksInTheArchiveStayInIt) {
  SavedParts parts;
  auto layer_by = [&](const Tar& members) {
    Tar tar = members;
    tar.file("c.json", parts.config());
    tar.file("manifest.json", "[" + saved_item("c.json", "id/layer.tar", "") + "]");
    MemoryStore store(tar.str());
    Everything all = read_everything(store);
    return all.opened && all.layers[0].complete;
  };
  EXPECT_TRUE(layer_by(Tar().file("x.tar", parts.tar).symlink("id/layer.tar", "../x.tar")));
  EXPECT_TRUE(layer_by(Tar().file("x.tar", parts.tar).hard_link("id/layer.tar", "x.tar")));
  EXPECT_TRUE(layer_by(Tar().file("x.tar", parts.tar).symlink("id/layer.tar", "/../../x.tar")));
  EXPECT_FALSE(layer_by(Tar().symlink("id/layer.tar", "/etc/passwd")));
  EXPECT_FALSE(layer_by(Tar().symlink("id/layer.tar", "layer.tar")));
  EXPECT_FALSE(layer_by(Tar().symlink("id/layer.tar", "../a").symlink("a", "id/layer.tar")));
  EXPECT_FALSE(layer_by(Tar().file("../id/layer.tar", parts.tar)));
}

// The members before a cut are there, and the cut is not kept quiet.
TEST(Archives, ACutIsSaid) {
  SavedParts parts;
  Tar tar;
  tar.file("c.json", parts.config());
  tar.file("manifest.json", "[" + saved_item("c.json", "l.tar", "") + "]");
  tar.file("l.tar", parts.tar);
  std::string whole = tar.file("more", std::string(5000, 'x')).str();
  MemoryStore cut(whole.substr(0, whole.size() - 4000));
  Everything all = read_everything(cut);
  ASSERT_TRUE(all.opened) << all.error.message;
  EXPECT_FALSE(all.info.gaps.empty());
  EXPECT_EQ(all.layers[0].entries.size(), 1u);

  std::string packed = gzip(whole);
  MemoryStore cut_packed(packed.substr(0, packed.size() - 12));
  Everything unpacked = read_everything(cut_packed);
  ASSERT_TRUE(unpacked.opened) << unpacked.error.message;
  EXPECT_TRUE(has_gap(unpacked.info.gaps, "breaks off"));
}

// Members above a megabyte are stepped over: what stands behind them is found all the same.
TEST(Archives, LargeMembersAreSteppedOver) {
  SavedParts parts;
  std::string filler(3'000'001, 'f');
  MemoryStore store(Tar()
                        .file("filler", filler)
                        .file("c.json", parts.config())
                        .file("filler2", filler + "12345")
                        .file("l.tar", parts.tar)
                        .file("manifest.json", "[" + saved_item("c.json", "l.tar", "") + "]")
                        .str());
  Everything all = read_everything(store);
  ASSERT_TRUE(all.opened) << all.error.message;
  EXPECT_TRUE(all.info.gaps.empty());
  EXPECT_TRUE(all.layers[0].gaps.empty());
}

TEST(Index, OneImageWithTwoTagsIsOneImage) {
  Layout layout;
  layout.tars = {Tar().file("a", "x").str()};
  auto tagged = [](const char* tag) {
    return std::string(R"(,"annotations":{"org.opencontainers.image.ref.name":")") + tag + R"("})";
  };
  std::string manifest = layout.manifest();
  auto files = layout.files;
  files["oci-layout"] = "{}";
  files["index.json"] = Layout::index(descriptor(kManifestType, manifest, tagged("b")) + "," +
                                      descriptor(kManifestType, manifest, tagged("a")));
  MemoryStore store(files);
  Everything all = read_everything(store);
  ASSERT_TRUE(all.opened) << all.error.message;
  EXPECT_EQ(all.info.names, (std::vector<std::string>{"a", "b"}));
}

TEST(Index, AnImageInsideATaggedIndexHasTheTag) {
  Layout amd64, arm64;
  amd64.tars = arm64.tars = {Tar().file("a", "x").str()};
  arm64.platform_json = R"("os":"linux","architecture":"arm64",)";
  std::string first = amd64.manifest(), second = arm64.manifest();
  auto files = amd64.files;
  files.insert(arm64.files.begin(), arm64.files.end());
  std::string inner =
      Layout::index(descriptor(kManifestType, first) + "," + descriptor(kManifestType, second));
  files["blobs/sha256/" + hex_of(inner)] = inner;
  files["oci-layout"] = "{}";
  files["index.json"] = Layout::index(descriptor(
      kIndexType, inner, R"(,"annotations":{"org.opencontainers.image.ref.name":"v1"})"));
  MemoryStore store(files);
  OpenOptions options{"", "arm64", "", "v1"};
  Everything all = read_everything(store, options);
  ASSERT_TRUE(all.opened) << all.error.message;
  EXPECT_EQ(all.info.digest, digest_of(second));
  EXPECT_EQ(all.info.names, std::vector<std::string>{"v1"});
  // A manifest inside is named by its own digest, and all of them by their index's.
  options = {"", "", "", digest_of(second)};
  EXPECT_EQ(read_everything(store, options).info.digest, digest_of(second));
  options = {"", "linux/amd64", "", digest_of(inner)};
  EXPECT_EQ(read_everything(store, options).info.digest, digest_of(first));
}

TEST(Index, APlatformThatTheConfigDenies) {
  Layout layout;
  layout.tars = {Tar().file("a", "x").str()};
  layout.index_more = R"(,"platform":{"os":"linux","architecture":"arm64"})";
  MemoryStore lying(layout.build());
  Everything all = read_everything(lying);
  ASSERT_TRUE(all.opened) << all.error.message;
  EXPECT_TRUE(has_gap(all.info.gaps, "its config says linux/amd64"));

  Layout silent;
  silent.tars = layout.tars;
  MemoryStore store(silent.build());
  OpenOptions options;
  options.platform = "linux/arm64";
  EXPECT_EQ(read_everything(store, options).error.code, ErrorCode::not_found);
}

TEST(Index, WhatIsNoImageIsLeftOut) {
  Layout layout;
  layout.tars = {Tar().file("a", "x").str()};
  std::string manifest = layout.manifest();
  std::string note =
      descriptor(kManifestType, "note",
                 R"(,"annotations":{"vnd.docker.reference.type":"attestation-manifest"})");
  std::string chart = descriptor("application/vnd.example.chart+json", "chart");
  auto files = layout.files;
  files["oci-layout"] = "{}";
  files["index.json"] =
      Layout::index(note + "," + chart + "," + descriptor(kManifestType, manifest));
  MemoryStore store(files);
  EXPECT_EQ(read_everything(store).info.digest, digest_of(manifest));
  files["index.json"] = Layout::index(note);
  MemoryStore none(files);
  EXPECT_EQ(read_everything(none).error.code, ErrorCode::not_found);
  files["index.json"] = Layout::index(chart);
  MemoryStore other(files);
  EXPECT_EQ(read_everything(other).error.code, ErrorCode::unsupported);
}

// One index that two others name is read once, and an index cannot contain itself without breaking
// SHA-256; a layout that lies about digests must not get that far either.
TEST(Index, WorkIsBoundedByTheLayout) {
  Layout layout;
  layout.tars = {Tar().file("a", "x").str()};
  std::string inner = descriptor(kManifestType, layout.manifest());
  for (int level = 0; level < 4; ++level) {
    std::string many = inner;
    for (int i = 0; i < 500; ++i) many += "," + inner;
    inner = descriptor(kIndexType, layout.put(Layout::index(many)));
  }
  auto files = layout.files;
  files["oci-layout"] = "{}";
  files["index.json"] = Layout::index(inner);
  MemoryStore store(files);
  EXPECT_TRUE(read_everything(store).opened);  // 500^4 readings otherwise

  std::string self = Layout::index(inner);
  files["blobs/sha256/" + std::string(64, 'a')] = self;
  std::string liar = R"({"mediaType":")" + kIndexType + R"(","digest":"sha256:)" +
                     std::string(64, 'a') + R"(","size":)" + std::to_string(self.size()) + "}";
  files["index.json"] = Layout::index(liar);
  MemoryStore lying(files);
  EXPECT_NE(read_everything(lying).error.message.find("wrong digest"), std::string::npos);
}

TEST(Layers, AForeignOneThatIsMissingSaysWhereItLies) {
  Layout layout;
  layout.tars = {Tar().file("a", "x").str()};
  auto files = layout.build();
  std::string blob = gzip(layout.tars[0]);
  files.erase("blobs/sha256/" + hex_of(blob));
  std::string manifest;
  for (auto& [path, bytes] : files)
    if (std::size_t at = bytes.find("\"layers\":[{"); at != bytes.npos) {
      manifest = bytes;
      manifest.insert(at + 11, R"("urls":["http://169.254.169.254/x"],)");
    }
  files["blobs/sha256/" + hex_of(manifest)] = manifest;
  files["index.json"] = Layout::index(descriptor(kManifestType, manifest));
  MemoryStore store(files);
  Everything all = read_everything(store);
  ASSERT_TRUE(all.opened) << all.error.message;
  EXPECT_TRUE(has_gap(all.layers[0].gaps, "lie elsewhere"));
  EXPECT_FALSE(all.layers[0].complete);
}

TEST(Sources, OnlyImagesHaveNames) {
  OpenOptions options;
  options.reference = "v1";
  MemoryStore tar(Tar().file("a", "x").str());
  EXPECT_EQ(read_everything(tar, options).error.code, ErrorCode::usage);
  MemoryStore folder(std::map<std::string, std::string>{{"a", "x"}});
  EXPECT_EQ(read_everything(folder, options).error.code, ErrorCode::usage);
  options = {"tar", "", "", ""};
  MemoryStore text(std::string("no tar"));
  EXPECT_EQ(read_everything(text, options).error.code, ErrorCode::malformed);
}

TEST(Sources, ATarHasItsOwnDigestAndNoWhiteouts) {
  std::string tar = Tar().file("etc/.wh.a", "x").str();
  MemoryStore store(tar);
  Everything all = read_everything(store);
  EXPECT_EQ(all.layers[0].info.digest, digest_of(tar));
  EXPECT_EQ(all.layers[0].entries[0].path, "etc/.wh.a");
  EXPECT_FALSE(all.layers[0].entries[0].whiteout);
}

}  // namespace
}  // namespace fathom::image
