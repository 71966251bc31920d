#include <gtest/gtest.h>

#include "image/layer_reader.h"
#include "image/testing.h"

namespace fathom::image {
namespace {

using namespace testing;

std::vector<std::string> paths_of(const Layer& layer) {
  std::vector<std::string> out;
  for (const Entry& entry : layer.entries) out.push_back(entry.path);
  return out;
}

Layout two_layers() {
  Layout layout;
  layout.tars = {Tar().folder("./etc/").file("./etc/a", "one").file("bin/app", "code").str(),
                 Tar().file("etc/.wh.a").file("etc/b", "two").str()};
  layout.index_more = R"(,"annotations":{"org.opencontainers.image.ref.name":"v1"})";
  return layout;
}

std::string saved_archive(const Layout& source, bool links = false) {
  Layout layout = source;
  layout.manifest();
  std::string config;
  for (const auto& [path, bytes] : layout.files)
    if (bytes.find("rootfs") != bytes.npos) config = bytes;
  std::string name = digest_of(config).substr(7) + ".json";
  Tar tar;
  tar.file(name, config);
  std::string layers;
  for (std::size_t i = 0; i < layout.tars.size(); ++i) {
    std::string id = std::string(64, static_cast<char>('a' + i));
    if (links) {
      tar.file("shared" + std::to_string(i) + ".tar", layout.tars[i]);
      tar.symlink(id + "/layer.tar", "../shared" + std::to_string(i) + ".tar");
    } else {
      tar.file(id + "/layer.tar", layout.tars[i]);
    }
    layers += (i > 0 ? ",\"" : "\"") + id + "/layer.tar\"";
  }
  tar.file("manifest.json",
           R"([{"Config":")" + name + R"(","RepoTags":["app:v1"],"Layers":[)" + layers + "]}]");
  return tar.str();
}

TEST(Sources, AllSayTheSame) {
  MemoryStore folder(two_layers().build());
  MemoryStore archive(tar_of(two_layers().build()));
  MemoryStore compressed(gzip(tar_of(two_layers().build())));
  MemoryStore saved(saved_archive(two_layers()));
  MemoryStore saved_links(saved_archive(two_layers(), true));
  std::vector<std::pair<Store*, std::string>> stores{{&folder, "oci-dir"},
                                                     {&archive, "oci-archive"},
                                                     {&compressed, "oci-archive"},
                                                     {&saved, "docker-archive"},
                                                     {&saved_links, "docker-archive"}};
  for (const auto& [store, name] : stores) {
    Everything all = read_everything(*store);
    ASSERT_TRUE(all.opened) << name << ": " << all.error.message;
    EXPECT_EQ(all.info.source, name);
    EXPECT_EQ(all.info.platform, "linux/amd64");
    EXPECT_EQ(all.info.entrypoint, std::vector<std::string>{"/app"});
    ASSERT_EQ(all.layers.size(), 2u);
    EXPECT_EQ(paths_of(all.layers[0]), (std::vector<std::string>{"etc", "etc/a", "bin/app"}));
    EXPECT_EQ(paths_of(all.layers[1]), (std::vector<std::string>{"etc/a", "etc/b"}));
    EXPECT_TRUE(all.layers[1].entries[0].whiteout);
    EXPECT_EQ(all.layers[0].entries[2].digest, digest_of("code"));
    for (const Layer& layer : all.layers) {
      EXPECT_TRUE(layer.complete);
      EXPECT_TRUE(layer.gaps.empty()) << name << ": " << layer.gaps[0].reason;
    }
  }
}

TEST(Sources, WhatIsNoImageIsStillLookedInto) {
  MemoryStore tar(Tar().file("etc/a", "x").str());
  EXPECT_EQ(read_everything(tar).info.source, "tar");
  MemoryStore gz(gzip(Tar().file("etc/a", "x").str()));
  EXPECT_EQ(read_everything(gz).info.source, "tar");
  MemoryStore file(std::string("just a text"));
  OpenOptions options;
  options.file_name = "note.txt";
  Everything all = read_everything(file, options);
  EXPECT_EQ(all.info.source, "file");
  EXPECT_EQ(all.layers[0].entries[0].path, "note.txt");
  MemoryStore empty(std::string{});
  EXPECT_EQ(read_everything(empty).info.source, "file");
  MemoryStore folder(std::map<std::string, std::string>{{"etc/a", "x"}});
  EXPECT_EQ(read_everything(folder).info.source, "dir");
}

TEST(Sources, ASchemeIsTakenAtItsWord) {
  MemoryStore archive(tar_of(two_layers().build()));
  OpenOptions options;
  options.scheme = "docker-archive";
  EXPECT_FALSE(read_everything(archive, options).opened);
  options.scheme = "tar";
  EXPECT_EQ(read_everything(archive, options).info.source, "tar");
  options.scheme = "no-such";
  EXPECT_EQ(read_everything(archive, options).error.code, ErrorCode::usage);
}

TEST(Digests, AWrongManifestOrConfigIsNoImage) {
  for (std::string_view part : {"schemaVersion", "rootfs"}) {
    Layout layout = two_layers();
    auto files = layout.build();
    for (auto& [path, bytes] : files)
      if (path.starts_with("blobs/") && bytes.find(part) != bytes.npos) {
        bytes.replace(bytes.find("linux") == bytes.npos ? 20 : bytes.find("linux"), 1, "L");
        break;
      }
    MemoryStore store(files);
    Everything all = read_everything(store);
    EXPECT_FALSE(all.opened);
    EXPECT_NE(all.error.message.find("wrong digest"), std::string::npos) << all.error.message;
  }
}

TEST(Digests, AWrongLayerIsAGapThatNamesBoth) {
  Layout layout = two_layers();
  auto files = layout.build();
  std::string name = "blobs/sha256/" + digest_of(gzip(layout.tars[1])).substr(7);
  files[name] = gzip(Tar().file("etc/evil", "x").str());
  MemoryStore store(files);
  Everything all = read_everything(store);
  ASSERT_TRUE(all.opened);
  EXPECT_TRUE(has_gap(all.layers[1].gaps, digest_of(files[name])));
  EXPECT_TRUE(has_gap(all.layers[1].gaps, digest_of(gzip(layout.tars[1]))));
  EXPECT_TRUE(has_gap(all.layers[1].gaps, "diff_id"));
  EXPECT_EQ(paths_of(all.layers[1]), std::vector<std::string>{"etc/evil"});
  EXPECT_TRUE(all.layers[0].gaps.empty());
}

TEST(Digests, BytesBehindTheTarAreCheckedToo) {
  Layout layout = two_layers();
  auto files = layout.build();
  std::string name = "blobs/sha256/" + digest_of(gzip(layout.tars[1])).substr(7);
  files[name] += "trailing";
  MemoryStore store(files);
  Everything all = read_everything(store);
  EXPECT_TRUE(has_gap(all.layers[1].gaps, "has the digest"));
}

TEST(Layers, ABrokenOneKeepsWhatCameBefore) {
  Layout layout = two_layers();
  auto files = layout.build();
  std::string whole =
      Tar().file("a", std::string(5000, 'a')).file("b", std::string(90000, 'b')).str();
  std::string name = "blobs/sha256/" + digest_of(gzip(layout.tars[0])).substr(7);
  files[name] = gzip(whole).substr(0, gzip(whole).size() - 30);
  MemoryStore store(files);
  Everything all = read_everything(store);
  ASSERT_TRUE(all.opened);
  EXPECT_FALSE(all.layers[0].complete);
  EXPECT_FALSE(all.layers[0].entries.empty());
  EXPECT_EQ(all.layers[0].entries[0].digest, digest_of(std::string(5000, 'a')));
  EXPECT_FALSE(all.layers[0].gaps.empty());
  EXPECT_TRUE(all.layers[1].complete);
}

TEST(Layers, AMissingOneIsAGap) {
  Layout layout = two_layers();
  auto files = layout.build();
  files.erase("blobs/sha256/" + digest_of(gzip(layout.tars[0])).substr(7));
  MemoryStore store(files);
  Everything all = read_everything(store);
  ASSERT_TRUE(all.opened);
  EXPECT_FALSE(all.layers[0].complete);
  EXPECT_TRUE(has_gap(all.layers[0].gaps, "is not there"));
  EXPECT_EQ(all.layers[1].entries.size(), 2u);
}

TEST(Layers, HostileNamesStayInside) {
  Layout layout;
  layout.tars = {Tar()
                     .file("../out", "x")
                     .file("a/../../out", "x")
                     .file("/abs", "x")
                     .file("ok/.wh..")
                     .file("ok/.wh.")
                     .file("ok/.wh.../etc/passwd", "x")
                     .file("ok/.wh..wh.x")
                     .hard_link("h", "../../etc/passwd")
                     .fifo("pipe")
                     .file("fine", "x")
                     .str()};
  MemoryStore store(layout.build());
  Everything all = read_everything(store);
  ASSERT_TRUE(all.opened);
  EXPECT_EQ(paths_of(all.layers[0]),
            (std::vector<std::string>{"abs", "ok/.wh.../etc/passwd", "pipe", "fine"}));
  // Six are left out; the seventh stands, but lies below a name that a careless reader cuts.
  EXPECT_EQ(all.layers[0].gaps.size(), 7u);
  EXPECT_TRUE(all.layers[0].complete);
}

TEST(Layers, LargeFilesAreHashedNotHeld) {
  Layout layout;
  layout.tars = {Tar().file("big", std::string(3000, 'x')).file("small", "y").str()};
  Limits limits;
  limits.file_bytes = 1000;
  MemoryStore store(layout.build());
  Everything all = read_everything(store, {}, limits);
  EXPECT_EQ(all.layers[0].entries[0].digest, digest_of(std::string(3000, 'x')));
  EXPECT_TRUE(has_gap(all.layers[0].gaps, "not examined"));
  EXPECT_EQ(all.layers[0].entries[1].digest, digest_of("y"));
}

TEST(Layers, AMediaTypeThatLiesIsSaid) {
  Layout layout;
  layout.tars = {Tar().file("a", "x").str()};
  auto files = layout.build();
  for (auto& [path, bytes] : files) {
    std::size_t at = bytes.find("tar+gzip");
    if (at == bytes.npos) continue;
    std::string changed = bytes.substr(0, at) + "tar+zstd" + bytes.substr(at + 8);
    files["index.json"] = Layout::index(descriptor(kManifestType, changed));
    files["blobs/sha256/" + digest_of(changed).substr(7)] = changed;
    break;
  }
  MemoryStore store(files);
  Everything all = read_everything(store);
  ASSERT_TRUE(all.opened) << all.error.message;
  EXPECT_TRUE(has_gap(all.layers[0].gaps, "media type"));
  EXPECT_EQ(all.layers[0].entries.size(), 1u);
}

TEST(Manifests, AmbiguousOnesAreRefused) {
  Layout layout = two_layers();
  layout.manifest_more = R"(,"manifests":[])";
  MemoryStore store(layout.build());
  Everything all = read_everything(store);
  EXPECT_FALSE(all.opened);
  EXPECT_NE(all.error.message.find("ambiguous"), std::string::npos) << all.error.message;
}

TEST(Manifests, DuplicateKeysAreRefused) {
  Layout layout = two_layers();
  layout.manifest_more = R"(,"layers":[])";
  MemoryStore store(layout.build());
  EXPECT_FALSE(read_everything(store).opened);
}

TEST(Index, TheChoiceIsNeverAGuess) {
  Layout amd64 = two_layers(), arm64 = two_layers();
  arm64.platform_json = R"("os":"linux","architecture":"arm64",)";
  std::string first = amd64.manifest(), second = arm64.manifest();
  auto platform = [](const char* arch) {
    return std::string(R"(,"platform":{"os":"linux","architecture":")") + arch + R"("})";
  };
  std::map<std::string, std::string> files = amd64.files;
  files.insert(arm64.files.begin(), arm64.files.end());
  files["oci-layout"] = "{}";
  std::string attestation =
      descriptor(kManifestType, "x", R"(,"platform":{"os":"unknown","architecture":"unknown"})");
  files["index.json"] =
      Layout::index(descriptor(kManifestType, first, platform("amd64")) + "," +
                    descriptor(kManifestType, second, platform("arm64")) + "," + attestation);
  MemoryStore both(files);
  EXPECT_EQ(read_everything(both).info.platform, "linux/amd64");
  OpenOptions options;
  options.platform = "linux/arm64";
  EXPECT_EQ(read_everything(both, options).info.platform, "linux/arm64");
  options.platform = "linux/s390x";
  EXPECT_NE(read_everything(both, options).error.message.find("linux/arm64"), std::string::npos);
  options.platform = "";
  options.reference = digest_of(second);
  EXPECT_EQ(read_everything(both, options).info.platform, "linux/arm64");

  files["index.json"] =
      Layout::index(descriptor(kManifestType, first,
                               R"(,"annotations":{"org.opencontainers.image.ref.name":"a"})") +
                    "," +
                    descriptor(kManifestType, second,
                               R"(,"annotations":{"org.opencontainers.image.ref.name":"b"})"));
  MemoryStore named(files);
  // The index names no platforms, the configs do.
  EXPECT_EQ(read_everything(named).info.platform, "linux/amd64");
  options.reference = "b";
  EXPECT_EQ(read_everything(named, options).info.platform, "linux/arm64");
  options.platform = "linux/amd64";
  EXPECT_EQ(read_everything(named, options).error.code, ErrorCode::not_found);
  options.platform = "";
  options.reference = "c";
  EXPECT_EQ(read_everything(named, options).error.code, ErrorCode::not_found);

  Layout other = two_layers();
  other.tars.pop_back();
  std::string third = other.manifest();
  files.insert(other.files.begin(), other.files.end());
  files["index.json"] =
      Layout::index(descriptor(kManifestType, first) + "," + descriptor(kManifestType, third));
  MemoryStore twice(files);
  Everything unclear = read_everything(twice);
  EXPECT_FALSE(unclear.opened);
  EXPECT_EQ(unclear.error.code, ErrorCode::usage);
  EXPECT_NE(unclear.error.message.find(digest_of(third)), std::string::npos);
}

TEST(Index, NestedOnesAreFollowedWithinTheLimit) {
  Layout layout = two_layers();
  std::string inner = descriptor(kManifestType, layout.manifest());
  for (int depth = 0; depth < 9; ++depth) {
    auto files = layout.files;
    files["oci-layout"] = "{}";
    files["index.json"] = Layout::index(inner);
    MemoryStore store(files);
    EXPECT_EQ(read_everything(store).opened, depth <= 4) << depth;
    inner = descriptor(kIndexType, layout.put(Layout::index(inner)));
  }
}

TEST(Store, PathsThatLeaveAreRefused) {
  Limits limits;
  EXPECT_EQ(normalise_path("./a//b/", limits).value(), "a/b");
  EXPECT_EQ(normalise_path("/", limits).value(), "");
  EXPECT_FALSE(normalise_path("a/../b", limits));
  EXPECT_FALSE(normalise_path(std::string("a\0b", 3), limits));
  EXPECT_FALSE(normalise_path(std::string(5000, 'a'), limits));
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "d/";
  EXPECT_EQ(normalise_path(deep, limits).error().code, ErrorCode::limit_exceeded);
}

// Whatever is cut off wherever, there is an answer and no crash.
TEST(Hostile, EveryPrefixOfAnArchive) {
  std::string whole = tar_of(two_layers().build());
  for (std::size_t n = 0; n < whole.size(); n += 97) {
    MemoryStore store(whole.substr(0, n));
    Everything all = read_everything(store);
    EXPECT_TRUE(all.opened || !all.error.message.empty());
  }
}

}  // namespace
}  // namespace fathom::image
