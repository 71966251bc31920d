#include "hardening/image_checks.h"

#include <gtest/gtest.h>

#include <map>

namespace fathom::hardening {
namespace {

using archive::TarType;

// An image of one layer: folders with their modes, files with their facts.
struct TestImage {
  image::Layer layer;
  std::map<std::string, FileFacts> facts;

  TestImage& folder(std::string path, std::uint32_t mode = 0755, std::uint64_t uid = 0) {
    image::Entry entry;
    entry.path = std::move(path);
    entry.type = TarType::directory;
    entry.mode = mode;
    entry.uid = uid;
    layer.entries.push_back(entry);
    return *this;
  }
  TestImage& file(std::string path, ElfFacts elf, std::uint32_t mode = 0755) {
    image::Entry entry;
    entry.path = path;
    entry.mode = mode;
    entry.size = 1;
    entry.digest = "sha256:" + path;
    layer.entries.push_back(entry);
    elf.machine = elf.machine == 0 ? 62 : elf.machine;
    facts[entry.digest] = {.kind = FileKind::elf, .elf = std::move(elf)};
    return *this;
  }
  HardeningCheck check(std::string_view path, std::string_view id) {
    image::FileTree tree = image::flatten({layer}, Limits{});
    for (const HardeningRow& row : rows(tree, [&](const std::string& digest) {
           auto found = facts.find(digest);
           return found == facts.end() ? nullptr : &found->second;
         }))
      if (row.path == path)
        if (const HardeningCheck* found = row.find(id)) return *found;
    ADD_FAILURE() << "no row " << path << " with " << id;
    return {};
  }
};

ElfFacts with_runpath(std::string path) { return {.type = "pie", .runpath = {std::move(path)}}; }

TEST(LibraryPath, EachFlaw) {
  auto of = [](std::string path) {
    return TestImage()
        .folder("opt/lib")
        .folder("opt/open", 01777)
        .folder("opt/theirs", 0755, 1000)
        .file("usr/bin/app", with_runpath(std::move(path)))
        .check("usr/bin/app", "library_path");
  };
  EXPECT_EQ(of("/opt/lib").value, "absolute");
  EXPECT_EQ(of("$ORIGIN/../../opt/lib").value, "$ORIGIN");
  EXPECT_EQ(of("${ORIGIN}/../../opt/lib").value, "$ORIGIN");
  EXPECT_EQ(of("/opt/open").value, "writable");
  EXPECT_EQ(of("$ORIGIN/../../opt/open").value, "writable");
  EXPECT_EQ(of("/opt/open/build/lib").value, "writable");
  EXPECT_EQ(of("/opt/open/build/lib").why,
            "\"/opt/open/build/lib\" is not there, and anybody can make it in opt/open");
  EXPECT_EQ(of("/opt/theirs").value, "foreign owner");
  EXPECT_EQ(of("/home/builder/lib").value, "absent folder");
  EXPECT_EQ(of("lib").value, "relative");
  EXPECT_EQ(of("/opt/lib:").value, "relative");  // an empty entry is the current folder
  EXPECT_EQ(of("/opt/lib:/opt/open").value, "writable");
  EXPECT_EQ(of("/opt/open").rating, Rating::bad);
  EXPECT_EQ(of("/opt/lib").seen, "DT_RUNPATH /opt/lib");
}

TEST(LibraryPath, RunpathHidesRpath) {
  ElfFacts both = with_runpath("/opt/lib");
  both.rpath = {"."};
  EXPECT_EQ(TestImage().folder("opt/lib").file("a", both).check("a", "library_path").value,
            "absolute");
  both.runpath.clear();
  EXPECT_EQ(TestImage().file("a", both).check("a", "library_path").value, "relative");
}

ElfFacts started_by(std::string interpreter, std::vector<std::string> needed) {
  return {.type = "pie", .interpreter = std::move(interpreter), .needed = std::move(needed)};
}
const ElfFacts kLoader{.type = "shared object"};

TEST(Interpreter, PresentMissingOrOfAnotherLibc) {
  const ElfFacts glibc = started_by("/lib64/ld-linux-x86-64.so.2", {"libc.so.6"});
  const ElfFacts musl = started_by("/lib/ld-musl-x86_64.so.1", {"libc.musl-x86_64.so.1"});
  TestImage debian;
  debian.file("lib64/ld-linux-x86-64.so.2", kLoader).file("bin/a", glibc).file("bin/m", musl);
  EXPECT_EQ(debian.check("bin/a", "interpreter").value, "present");
  EXPECT_EQ(debian.check("bin/m", "interpreter").value, "missing");
  EXPECT_EQ(debian.check("bin/m", "interpreter").rating, Rating::bad);
  TestImage mixed;
  mixed.file("lib/ld-musl-x86_64.so.1", kLoader)
      .file("bin/x", started_by("/lib/ld-musl-x86_64.so.1", {"libc.so.6"}));
  EXPECT_EQ(mixed.check("bin/x", "interpreter").value, "mismatch");
}

TEST(Interpreter, OfAnotherMachineOrNotExecutable) {
  const ElfFacts program = started_by("/lib64/ld-linux-x86-64.so.2", {});
  ElfFacts other = kLoader;
  other.machine = 183;
  EXPECT_EQ(TestImage()
                .file("lib64/ld-linux-x86-64.so.2", other)
                .file("a", program)
                .check("a", "interpreter")
                .value,
            "mismatch");
  EXPECT_EQ(TestImage()
                .file("lib64/ld-linux-x86-64.so.2", kLoader, 0644)
                .file("a", program)
                .check("a", "interpreter")
                .value,
            "not executable");
}

TEST(Interpreter, ALoneFileIsNotBlamedForWhatIsNotThere) {
  EXPECT_EQ(TestImage()
                .file("app", started_by("/lib64/ld-linux-x86-64.so.2", {}))
                .check("app", "interpreter")
                .rating,
            Rating::unknown);
}

TEST(Rows, ShadowedFilesAreLeftOutAndMembersAreNot) {
  TestImage image;
  image.file("a", {.type = "pie"});
  image.facts["sha256:a"].members.push_back(
      {"lib/b.so", "sha256:b", {.kind = FileKind::elf, .elf = ElfFacts{.type = "shared object"}}});
  image::Layer second;
  image::Entry gone;
  gone.path = "a";
  gone.whiteout = true;
  second.entries = {gone};
  auto facts_of = [&](const std::string& digest) { return &image.facts.at(digest); };
  std::vector<HardeningRow> rows_of_one = rows(image::flatten({image.layer}, Limits{}), facts_of);
  ASSERT_EQ(rows_of_one.size(), 2u);
  EXPECT_EQ(rows_of_one[1].path, "a!/lib/b.so");
  EXPECT_TRUE(rows(image::flatten({image.layer, second}, Limits{}), facts_of).empty());
}

}  // namespace
}  // namespace fathom::hardening
