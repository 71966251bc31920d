#include <gtest/gtest.h>

#include "analyzer/analyzer.h"

namespace fathom {
namespace {

const std::string kCommit = "59807616e1fa2540724bfbac14d7976d7e4a3860";

// Only the analyzer by that name, on bytes that are said to be of `kind`.
FileFacts run(std::string_view name, const std::string& bytes, FileKind kind) {
  FileFacts facts;
  const Limits limits;
  const FileInput in{.bytes = ByteView::of(bytes), .kind = kind, .limits = limits};
  for (const FileAnalyzer* analyzer : file_analyzers()) {
    const bool is_meant =
        analyzer->name == name && (name == "rust-revision" || analyzer->wants(in));
    if (is_meant) {
      EXPECT_TRUE(analyzer->run(in, facts));
    }
  }
  return facts;
}

TEST(RustRevision, ThatOfTheCompilerAndOfDependenciesFromGit) {
  const FileFacts facts =
      run("rust-revision",
          "xx/rustc/" + kCommit + "/library/core/src/slice/index.rs/rustc/" + kCommit +
              "/library/alloc/src/vec.rs/root/.cargo/git/checkouts/demo-1ecf43a2fd69d1c9/51b2f1c/"
              "src/lib.rs",
          FileKind::elf);
  ASSERT_EQ(facts.revisions.size(), 2u);
  EXPECT_EQ(facts.revisions[0].of, "compiler");
  EXPECT_EQ(facts.revisions[0].id, kCommit);
  EXPECT_EQ(facts.revisions[0].evidence.place, Place::at_offset(2));
  EXPECT_EQ(facts.revisions[1].of, "dependency");
  EXPECT_EQ(facts.revisions[1].source, "demo");
  EXPECT_EQ(facts.revisions[1].id, "51b2f1c");
}

TEST(RustRevision, OtherPathsAreNone) {
  for (const std::string& path :
       {std::string("/rustc/1.70.0/library/core"), "/rustc/" + kCommit, "/rustc/" + kCommit + "x/",
        std::string("/git/checkouts/demo/51b2f1c/"),
        std::string("/git/checkouts/demo-1ecf43a2fd69d1c9"),
        std::string("/git/checkouts/demo-1ecf43a2fd69d1c9/main/")})
    EXPECT_TRUE(run("rust-revision", path, FileKind::elf).revisions.empty()) << path;
}

std::string assembly(const std::string& version,
                     std::string_view end = std::string_view("\0\0", 2)) {
  return "MZ…BSJB…" + std::string("\1\0", 2) + static_cast<char>(version.size()) + version +
         std::string(end);
}

TEST(DotnetRevision, BehindTheInformationalVersion) {
  const std::string version = "8.0.11-servicing.1+" + kCommit;
  const std::string file = assembly(version);
  const FileFacts facts = run("dotnet-revision", file, FileKind::executable);
  ASSERT_EQ(facts.revisions.size(), 1u);
  EXPECT_EQ(facts.revisions[0].of, "program");
  EXPECT_EQ(facts.revisions[0].id, kCommit);
  EXPECT_EQ(facts.revisions[0].evidence.seen, version);
  EXPECT_EQ(file.substr(facts.revisions[0].evidence.place.value, 40), kCommit);
}

TEST(DotnetRevision, OnlyAsTheAttributeIsWritten) {
  const std::string version = "1.0.0+" + kCommit;
  EXPECT_TRUE(
      run("dotnet-revision", assembly(version, "xx"), FileKind::executable).revisions.empty());
  EXPECT_TRUE(
      run("dotnet-revision", assembly("v1+" + kCommit), FileKind::executable).revisions.empty());
  EXPECT_TRUE(
      run("dotnet-revision", assembly("1.0.0+main"), FileKind::executable).revisions.empty());
  std::string wrong_length = assembly(version);
  wrong_length[wrong_length.find(version) - 1] = 5;
  EXPECT_TRUE(run("dotnet-revision", wrong_length, FileKind::executable).revisions.empty());
  EXPECT_TRUE(run("dotnet-revision", "MZ" + assembly(version).substr(14), FileKind::executable)
                  .revisions.empty());
}

}  // namespace
}  // namespace fathom
