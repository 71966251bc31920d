#include "image/store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "image/beneath.h"
#include "image/testing.h"

namespace fathom::image {
namespace {

namespace fs = std::filesystem;
using archive::TarType;
using testing::has_gap;

// A folder that goes away with the test.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    std::string pattern = (fs::temp_directory_path() / "fathom-store-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~StoreTest() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& content) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << content;
  }
  Descriptor open_root() { return Descriptor(::open(root_.c_str(), O_PATH | O_DIRECTORY)); }
  Result<std::string> read(const std::string& path) {
    std::unique_ptr<Store> store = TRY(open_local(root_.string()));
    std::unique_ptr<Blob> blob = TRY(store->open(path));
    Bytes bytes = TRY(read_all(*blob, 1000));
    return std::string(ByteView(bytes).as_text());
  }

  fs::path root_;
};

TEST_F(StoreTest, OpensRegularFilesBelowTheRootOnly) {
  write("etc/a", "inside");
  fs::create_symlink("a", root_ / "etc/link");
  fs::create_symlink("/etc", root_ / "abs");
  fs::create_symlink("etc", root_ / "rel");
  fs::create_symlink("..", root_ / "up");
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(read("etc/a").value(), "inside");
  for (const char* path : {"", "/etc/passwd", "../x", "etc/../etc/a", "etc/link", "abs/passwd",
                           "rel/a", "up/etc/a", "etc", "pipe", "none", "etc/a/b"})
    EXPECT_FALSE(read(path)) << path;
  EXPECT_FALSE(read(std::string("etc/a\0b", 7)));
  EXPECT_EQ(read("none").error().code, ErrorCode::not_found);
  EXPECT_EQ(read("pipe").error().code, ErrorCode::unsupported);
}

// Where the kernel has no openat2, the walk by hand gives the same answers.
TEST_F(StoreTest, BothWaysToOpenAgree) {
  write("a/b/c", "x");
  fs::create_symlink("b", root_ / "a/l");
  fs::create_symlink("b/c", root_ / "a/f");
  Descriptor root = open_root();
  for (const char* path : {"a/b/c", "a/l/c", "a/f", "a/b", "../a", "a/../a/b/c", "a/b/c/d", "no",
                           "", "a//b", "/a/b"}) {
    Descriptor one(open_beneath(root.get(), path, O_RDONLY | O_CLOEXEC));
    Descriptor other(open_component_wise(root.get(), path, O_RDONLY | O_CLOEXEC));
    // ".." inside and doubled slashes are the kernel's to allow; the walk is stricter.
    if (std::string_view(path) == "a/../a/b/c" || std::string_view(path) == "a//b")
      EXPECT_FALSE(other.open()) << path;
    else
      EXPECT_EQ(one.open(), other.open()) << path;
  }
}

TEST_F(StoreTest, ListsWithoutOpeningOrFollowing) {
  write("b/file", "123");
  write("a-b", "1");
  write("a/x", "1");
  fs::create_symlink("/", root_ / "a/root");
  fs::create_hard_link(root_ / "b/file", root_ / "b/same");
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
  std::vector<Gap> gaps;
  std::vector<DirectoryEntry> found = open_local(root_.string()).value()->list(gaps).value();
  std::vector<std::string> paths;
  for (const DirectoryEntry& entry : found) paths.push_back(entry.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"a", "a-b", "a/root", "a/x", "b", "b/file", "b/same",
                                             "pipe"}));
  EXPECT_EQ(found[2].type, TarType::symlink);
  EXPECT_EQ(found[2].link_target, "/");
  EXPECT_EQ(found[5].inode, found[6].inode);
  EXPECT_EQ(found[5].links, 2u);
  EXPECT_EQ(found[5].size, 3u);
  EXPECT_EQ(found[7].type, TarType::fifo);
  EXPECT_TRUE(gaps.empty());
}

// Longer than any path the kernel takes at once, so made and removed folder by folder.
TEST_F(StoreTest, ADeepPathIsAGap) {
  constexpr int kDepth = 2100;  // of two bytes each: more than PATH_MAX
  Descriptor at(::open(root_.c_str(), O_RDONLY | O_DIRECTORY));
  for (int i = 0; i < kDepth; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), "d", 0700), 0);
    at = Descriptor(::openat(at.get(), "d", O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(at.open());
  }
  write("beside", "x");
  std::vector<Gap> gaps;
  std::vector<DirectoryEntry> found = open_local(root_.string()).value()->list(gaps).value();
  EXPECT_EQ(found[0].path, "beside");
  EXPECT_EQ(found.size(), 1 + Limits{}.path_depth);
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0].code, ErrorCode::limit_exceeded);
  for (int i = 0; i < kDepth; ++i) {
    at = Descriptor(::openat(at.get(), "..", O_RDONLY | O_DIRECTORY));
    ASSERT_EQ(::unlinkat(at.get(), "d", AT_REMOVEDIR), 0);
  }
}

TEST_F(StoreTest, AFolderOfTheKernelIsNotLookedInto) {
  struct statfs status{};
  if (::statfs("/proc/self", &status) != 0) GTEST_SKIP() << "/proc is not mounted";
  Descriptor proc(::open("/proc", O_RDONLY | O_DIRECTORY));
  EXPECT_TRUE(is_kernel_file_system(proc.get()));
  EXPECT_FALSE(is_kernel_file_system(open_root().get()));
  std::vector<Gap> gaps;
  EXPECT_TRUE(open_local("/proc").value()->list(gaps).value().empty());
  EXPECT_TRUE(has_gap(gaps, "kernel makes up"));
}

TEST_F(StoreTest, AnUnreadableFolderIsAGapAndTheRestIsListed) {
  write("closed/file", "x");
  write("open/file", "x");
  fs::permissions(root_ / "closed", fs::perms::none);
  std::vector<Gap> gaps;
  std::vector<DirectoryEntry> found = open_local(root_.string()).value()->list(gaps).value();
  // Root may read everything.
  const bool allowed = ::access((root_ / "closed").c_str(), R_OK) == 0;
  EXPECT_EQ(found.size(), allowed ? 4u : 3u);
  EXPECT_EQ(gaps.size(), allowed ? 0u : 1u);
  fs::permissions(root_ / "closed", fs::perms::owner_all);
}

TEST_F(StoreTest, ScratchKeepsWhatIsAppended) {
  std::unique_ptr<Store> store = open_local(root_.string()).value();
  std::unique_ptr<Store::Scratch> scratch = store->scratch().value();
  ASSERT_TRUE(scratch->append(ByteView::of("one")));
  ASSERT_TRUE(scratch->append(ByteView::of("two")));
  EXPECT_EQ(scratch->size(), 6u);
  Bytes bytes = read_all(*scratch, 6).value();
  EXPECT_EQ(ByteView(bytes).as_text(), "onetwo");
  EXPECT_EQ(read_all(*scratch, 5).error().code, ErrorCode::limit_exceeded);
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(StoreTest, AFileThatShrinksIsAShortReadNotACrash) {
  write("file", std::string(100'000, 'x'));
  std::unique_ptr<Blob> blob = open_local((root_ / "file").string()).value()->open("").value();
  fs::resize_file(root_ / "file", 10);
  EXPECT_EQ(blob->size(), 100'000u);
  EXPECT_EQ(read_all(*blob, 1'000'000).error().code, ErrorCode::truncated);
}

// A live root file system as a target, with everything that could hang or lead out.
TEST_F(StoreTest, AFolderAsAnImage) {
  write("bin/app", "code");
  fs::create_hard_link(root_ / "bin/app", root_ / "bin/zapp");
  write("big", std::string(3000, 'x'));
  fs::create_symlink("/etc/passwd", root_ / "leak");
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
  write(".wh.name", "a file called so");
  Limits limits;
  limits.file_bytes = 2000;
  std::unique_ptr<Store> store = open_local(root_.string()).value();
  testing::Everything all = testing::read_everything(*store, {}, limits);
  ASSERT_TRUE(all.opened) << all.error.message;
  EXPECT_EQ(all.info.source, "dir");
  std::map<std::string, Entry> entries;
  for (const Entry& entry : all.layers[0].entries) entries[entry.path] = entry;
  EXPECT_EQ(entries["bin/app"].digest, testing::digest_of("code"));
  EXPECT_EQ(entries["bin/zapp"].type, TarType::hard_link);
  EXPECT_EQ(entries["bin/zapp"].link_target, "bin/app");
  EXPECT_EQ(entries["big"].digest, testing::digest_of(std::string(3000, 'x')));
  EXPECT_TRUE(has_gap(all.layers[0].gaps, "not examined"));
  EXPECT_EQ(entries["leak"].type, TarType::symlink);
  EXPECT_EQ(entries["leak"].digest, "");
  EXPECT_EQ(entries["pipe"].type, TarType::fifo);
  EXPECT_FALSE(entries[".wh.name"].whiteout);
  EXPECT_EQ(all.layers[0].gaps.size(), 1u);
}

}  // namespace
}  // namespace fathom::image
