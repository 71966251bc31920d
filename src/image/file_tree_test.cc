#include "image/file_tree.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace fathom::image {
namespace {

using archive::TarType;

Entry file(std::string path, std::string digest = "sha256:f") {
  Entry entry;
  entry.path = std::move(path);
  entry.digest = std::move(digest);
  entry.size = 1;
  return entry;
}
Entry of_type(TarType type, std::string path, std::string target = "") {
  Entry entry;
  entry.path = std::move(path);
  entry.type = type;
  entry.link_target = std::move(target);
  return entry;
}
Entry folder(std::string path) { return of_type(TarType::directory, std::move(path)); }
Entry symlink(std::string path, std::string target) {
  return of_type(TarType::symlink, std::move(path), std::move(target));
}
Entry hard_link(std::string path, std::string target) {
  return of_type(TarType::hard_link, std::move(path), std::move(target));
}
Entry whiteout(std::string path) {
  Entry entry = file(std::move(path), "");
  entry.whiteout = true;
  return entry;
}
Entry opaque(std::string path) {
  Entry entry = file(std::move(path), "");
  entry.opaque = true;
  return entry;
}

FileTree tree_of(std::vector<std::vector<Entry>> layers) {
  std::vector<Layer> made;
  for (std::vector<Entry>& entries : layers) {
    Layer layer;
    layer.entries = std::move(entries);
    made.push_back(std::move(layer));
  }
  return flatten(made, {});
}

std::set<std::string> visible(const FileTree& tree) {
  std::set<std::string> paths;
  for (const TreeFile& file : tree.files())
    if (!file.shadowed) paths.insert(file.entry.path);
  return paths;
}

using Paths = std::set<std::string>;

TEST(FileTree, ALaterLayerShadowsAndBothAreKept) {
  FileTree tree = tree_of({{file("a", "sha256:1")}, {file("a", "sha256:2")}});
  ASSERT_EQ(tree.files().size(), 2u);
  EXPECT_TRUE(tree.files()[0].shadowed);
  EXPECT_EQ(tree.files()[0].shadowed_by, 1);
  EXPECT_EQ(tree.find("a")->entry.digest, "sha256:2");
}

TEST(FileTree, WhiteoutsSpeakOfLowerLayersOnly) {
  EXPECT_EQ(visible(tree_of({{file("d/a"), file("d/b")}, {whiteout("d/a")}})), Paths{"d/b"});
  // In the layer itself they hide nothing, whatever their order.
  EXPECT_EQ(visible(tree_of({{file("a")}, {file("a"), whiteout("a")}})), Paths{"a"});
  EXPECT_EQ(visible(tree_of({{file("a")}, {whiteout("a"), file("a")}})), Paths{"a"});
  EXPECT_EQ(visible(tree_of({{folder("d"), file("d/x/y")}, {whiteout("d")}})), Paths{});
  EXPECT_EQ(visible(tree_of({{whiteout("never/there")}})), Paths{});
}

TEST(FileTree, OpaqueHidesWhatIsBelowInLowerLayers) {
  Paths expected{"d", "d/new", "dx"};
  EXPECT_EQ(
      visible(tree_of({{folder("d"), file("d/old"), file("dx")}, {opaque("d"), file("d/new")}})),
      expected);
  EXPECT_EQ(
      visible(tree_of({{folder("d"), file("d/old"), file("dx")}, {file("d/new"), opaque("d")}})),
      expected);
  EXPECT_EQ(visible(tree_of({{file("a"), file("b/c")}, {opaque(""), file("n")}})), Paths{"n"});
}

TEST(FileTree, AFileReplacesAFolderAndTheOtherWayRound) {
  EXPECT_EQ(visible(tree_of({{folder("a"), file("a/b"), file("a/c/d"), file("a-b")}, {file("a")}})),
            (Paths{"a", "a-b"}));
  EXPECT_EQ(visible(tree_of({{file("a")}, {file("a/b")}})), Paths{"a/b"});
  // A linked folder stays: what an entry below it means is the link's business.
  EXPECT_EQ(visible(tree_of({{symlink("lib", "usr/lib"), file("usr/lib/x")}, {file("lib/y")}})),
            (Paths{"lib", "lib/y", "usr/lib/x"}));
}

TEST(FileTree, DuplicatesInOneLayer) {
  FileTree tree = tree_of({{file("a", "sha256:1"), file("a", "sha256:2")}});
  EXPECT_EQ(tree.find("a")->entry.digest, "sha256:2");
  EXPECT_EQ(tree.files()[0].shadowed_by, 0);
}

TEST(FileTree, HardLinksHaveTheirTargetsContent) {
  FileTree tree = tree_of({{file("a", "sha256:1"), hard_link("b", "a"), hard_link("c", "d"),
                            file("d", "sha256:2"), hard_link("e", "c")},
                           {hard_link("f", "a")}});
  EXPECT_EQ(tree.find("b")->entry.digest, "sha256:1");
  EXPECT_EQ(tree.find("c")->entry.digest, "sha256:2");  // forward
  EXPECT_EQ(tree.find("e")->entry.digest, "sha256:2");  // through another
  EXPECT_EQ(tree.find("f")->entry.digest, "sha256:1");  // of a lower layer
  EXPECT_TRUE(tree.gaps().empty());
}

TEST(FileTree, HardLinksToNothingAreGaps) {
  FileTree tree = tree_of({{hard_link("self", "self"), hard_link("a", "b"), hard_link("b", "a"),
                            hard_link("none", "no/where"), folder("d"), hard_link("dir", "d")}});
  EXPECT_EQ(tree.gaps().size(), 5u);
}

TEST(FileTree, AHardLinkMeansWhatWasThereWhenItWasMade) {
  FileTree tree = tree_of({{file("a", "sha256:1"), hard_link("b", "a"), file("a", "sha256:2")}});
  EXPECT_EQ(tree.find("b")->entry.digest, "sha256:1");
  EXPECT_EQ(tree.find("a")->entry.digest, "sha256:2");
  // Also when it takes its target's own place from a lower layer.
  tree = tree_of({{file("a", "sha256:1")}, {hard_link("a", "a")}});
  EXPECT_EQ(tree.gaps().size(), 1u);
  // A target that the same layer deletes is not there any more.
  tree = tree_of({{file("a", "sha256:1")}, {whiteout("a"), hard_link("b", "a")}});
  EXPECT_EQ(tree.gaps().size(), 1u);
}

TEST(FileTree, AHardLinkIsWhatItLinksTo) {
  FileTree tree = tree_of({{file("f"), symlink("s", "f"), hard_link("t", "s"),
                            of_type(TarType::fifo, "p"), hard_link("q", "p")}});
  EXPECT_EQ(tree.find_link("t")->entry.type, TarType::symlink);
  EXPECT_EQ(tree.find("t")->entry.path, "f");
  EXPECT_EQ(tree.find("q")->entry.type, TarType::fifo);
}

TEST(FileTree, WhatLiesBelowAFileIsSaid) {
  FileTree tree = tree_of({{file("a")}, {file("a/b/c"), file("a/b/d")}});
  ASSERT_EQ(tree.gaps().size(), 1u);
  EXPECT_EQ(tree.gaps()[0].file, "a/b/c");
  EXPECT_EQ(tree.gaps()[0].layer, 1);
  EXPECT_EQ(visible(tree), (Paths{"a/b/c", "a/b/d"}));
  // Again and again in one layer: each flip is seen.
  tree = tree_of({{file("a/x"), file("a"), file("a/y"), file("a"), file("a/z")}});
  EXPECT_EQ(visible(tree), Paths{"a/z"});
  EXPECT_EQ(tree.gaps().size(), 2u);
}

TEST(FileTree, FindLinkFollowsTheFoldersAbove) {
  FileTree tree = tree_of(
      {{symlink("lib", "usr/lib"), symlink("usr/lib/l.so", "l.so.1"), file("usr/lib/l.so.1")}});
  ASSERT_NE(tree.find_link("lib/l.so"), nullptr);
  EXPECT_EQ(tree.find_link("lib/l.so")->entry.path, "usr/lib/l.so");
  EXPECT_EQ(tree.find_link("/lib/./l.so")->entry.type, TarType::symlink);
  EXPECT_EQ(tree.find("lib/l.so")->entry.path, "usr/lib/l.so.1");
  EXPECT_EQ(tree.find_link(""), nullptr);
  EXPECT_EQ(tree.find(".."), nullptr);
}

TEST(FileTree, ProblemsAreCountedNotCollected) {
  std::vector<Entry> links;
  for (int i = 0; i < 5000; ++i) links.push_back(hard_link(std::to_string(i), "none"));
  EXPECT_EQ(tree_of({links}).gaps().size(), Limits{}.problems + 1);
}

TEST(FileTree, FindStaysInside) {
  FileTree tree = tree_of(
      {{symlink("bin", "usr/bin"), file("usr/bin/app"), symlink("abs", "/usr/bin/app"),
        symlink("up", "../../../usr/bin/app"), symlink("loop", "loop2"), symlink("loop2", "loop"),
        symlink("usr/rel", "bin/../bin/app"), symlink("dead", "nowhere")}});
  for (const char* path :
       {"usr/bin/app", "bin/app", "/bin/app", "abs", "up", "usr/rel", "./bin//app"}) {
    ASSERT_NE(tree.find(path), nullptr) << path;
    EXPECT_EQ(tree.find(path)->entry.path, "usr/bin/app") << path;
  }
  EXPECT_EQ(tree.find("loop"), nullptr);
  EXPECT_EQ(tree.find("loop/x"), nullptr);
  EXPECT_EQ(tree.find("dead"), nullptr);
  EXPECT_EQ(tree.find_link("abs")->entry.type, TarType::symlink);
}

// A second opinion: the same layers applied by the rules written naively, path by path.
Paths naive(const std::vector<std::vector<Entry>>& layers) {
  std::map<std::string, TarType> seen;
  auto erase_below = [&](const std::string& path) {
    std::erase_if(seen, [&](const auto& item) { return item.first.starts_with(path + "/"); });
  };
  for (const std::vector<Entry>& layer : layers) {
    for (const Entry& entry : layer) {
      if (entry.whiteout) seen.erase(entry.path);
      if (entry.whiteout || entry.opaque) erase_below(entry.path);
    }
    for (const Entry& entry : layer) {
      if (entry.whiteout || entry.opaque) continue;
      std::erase_if(seen, [&](const auto& item) {
        return entry.path.starts_with(item.first + "/") && item.second != TarType::directory;
      });
      if (entry.type != TarType::directory) erase_below(entry.path);
      seen[entry.path] = entry.type;
    }
  }
  Paths paths;
  for (const auto& item : seen) paths.insert(item.first);
  return paths;
}

TEST(FileTree, AgreesWithTheRulesWrittenNaively) {
  std::mt19937 random(7);
  auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::vector<Entry>> layers(1 + pick(4));
    for (std::vector<Entry>& layer : layers)
      for (unsigned n = pick(7); n > 0; --n) {
        std::string path(1, static_cast<char>('a' + pick(3)));
        for (unsigned depth = pick(3); depth > 0; --depth)
          path += std::string("/") + static_cast<char>('a' + pick(3));
        switch (pick(6)) {
          case 0:
            layer.push_back(whiteout(path));
            break;
          case 1:
            layer.push_back(opaque(path));
            break;
          case 2:
            layer.push_back(folder(path));
            break;
          default:
            layer.push_back(file(path));
            break;
        }
      }
    ASSERT_EQ(visible(tree_of(layers)), naive(layers)) << "round " << round;
  }
}

}  // namespace
}  // namespace fathom::image
