#include "scan/scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "report/reporter.h"
#include "scan/assemble.h"
#include "vuln/embedded_pack.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    static int count = 0;
    root_ = fs::path(::testing::TempDir()) /
            ("fathom_scan_" + std::to_string(::getpid()) + "_" + std::to_string(++count));
    fs::create_directories(root_);
  }
  ~Folder() { fs::remove_all(root_); }
  Folder& file(const std::string& path, const std::string& content) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << content;
    return *this;
  }
  std::string path() const { return root_.string(); }

 private:
  fs::path root_;
};

Report scan_folder(const Folder& folder, std::size_t jobs = 2) {
  ScanOptions options;
  options.now = "2026-01-01T00:00:00Z";
  options.examine.jobs = jobs;
  options.examine.fresh_program = false;
  options.examine.stall_seconds = 5;
  Result<Target> target = parse_target(folder.path());
  Result<Report> report = scan(*target, vuln::embedded_pack(), options);
  EXPECT_TRUE(report) << report.error().message;
  return report ? std::move(*report) : Report{};
}

const FileRow* find(const Report& report, std::string_view path) {
  auto row = std::ranges::find(report.files, path, &FileRow::path);
  return row == report.files.end() ? nullptr : &*row;
}

// The invariants that hold for every report.
void expect_accounted(const Report& report) {
  const Coverage& c = report.coverage;
  EXPECT_EQ(c.identified + c.inert + c.gaps, c.files);
  for (const FileRow& row : report.files) {
    if (row.state != FileState::gap) continue;
    bool explained = std::ranges::any_of(report.gaps, [&](const Gap& gap) {
      if (gap.file.starts_with(row.path) && gap.layer == row.layer) return true;
      return row.kind == "script" && gap.reason.find(" of " + row.type) != std::string::npos;
    });
    EXPECT_TRUE(explained) << row.path << " is a gap without a reason";
  }
  for (const Component& component : report.components) {
    EXPECT_FALSE(component.evidence.empty()) << component.name;
    for (const Evidence& evidence : component.evidence)
      EXPECT_FALSE(evidence.file_digest.empty()) << component.name;
  }
}

TEST(Scan, EveryFileIsAccountedFor) {
  Folder folder;
  folder.file("etc/motd", "hello\n")
      .file("bin/tool", "#!/bin/sh\nexit 0\n")
      .file("data/blob", std::string("\x01\x02\x03\x04unknown\0\0\xff\xfe", 15))
      .file("empty", "")
      .file("bin/cut", std::string("\x7f"
                                   "ELF\x02\x01\x01",
                                   7));
  Report report = scan_folder(folder);
  expect_accounted(report);
  EXPECT_EQ(find(report, "etc/motd")->state, FileState::inert);
  EXPECT_EQ(find(report, "empty")->state, FileState::inert);
  EXPECT_EQ(find(report, "bin/tool")->state, FileState::gap);
  EXPECT_EQ(find(report, "data/blob")->state, FileState::gap);
  EXPECT_EQ(find(report, "bin/cut")->state, FileState::gap);
  EXPECT_EQ(report.coverage.files, 5u);
}

TEST(Scan, SourceOfAnInterpretedLanguageIsNeverInert) {
  Folder folder;
  folder.file("app/main.py", "import os\n")
      .file("app/lib/util.py", "def f(): pass\n")
      .file("app/__init__.py", "")
      .file("app/notes.txt", "import os\n")
      .file("srv/a.js", "'use strict'\n");
  Report report = scan_folder(folder);
  expect_accounted(report);
  EXPECT_EQ(find(report, "app/main.py")->state, FileState::gap);
  EXPECT_EQ(find(report, "app/main.py")->kind, "script");
  EXPECT_EQ(find(report, "app/__init__.py")->state, FileState::inert);
  EXPECT_EQ(find(report, "app/notes.txt")->state, FileState::inert);
  EXPECT_EQ(report.coverage.gaps, 3u);
  std::vector<std::string> reasons;
  for (const Gap& gap : report.gaps) reasons.push_back(gap.reason);
  EXPECT_EQ(reasons, (std::vector<std::string>{
                         "no component recognised in 1 file of JavaScript source below srv/",
                         "no component recognised in 2 files of Python source below app/"}));
}

TEST(Scan, ReadsAPackageDatabase) {
  Folder folder;
  folder.file("var/lib/dpkg/status.d/tiny",
              "Package: tiny\nVersion: 1.2-3\nArchitecture: amd64\nMaintainer: x\n");
  Report report = scan_folder(folder);
  expect_accounted(report);
  ASSERT_EQ(report.components.size(), 1u);
  EXPECT_EQ(report.components[0].name, "tiny");
  EXPECT_EQ(report.components[0].id, "c1");
  // No advisories for deb in the data: said, not passed over.
  EXPECT_TRUE(std::ranges::any_of(report.gaps, [](const Gap& gap) {
    return gap.stage == "advisories" && gap.reason.find("deb") != std::string::npos;
  }));
}

TEST(Scan, TheSameBytesOnAnyNumberOfThreads) {
  Folder folder;
  for (int i = 0; i < 40; ++i)
    folder.file("d" + std::to_string(i % 7) + "/f" + std::to_string(i), std::string(i * 100, 'x'));
  auto render = [&](std::size_t jobs) {
    return find_reporter("json")->run(scan_folder(folder, jobs), {});
  };
  std::string once = render(1);
  EXPECT_EQ(render(2), once);
  EXPECT_EQ(render(7), once);
}

#ifdef FATHOM_PLANT_FAULTS

// What an input that takes the child over would do; the files around it must not suffer.
TEST(Confinement, WhatKillsTheChildIsAGapAndTheRestIsFound) {
  Folder folder;
  folder.file("a/crash", "FATHOM-PLANT crash\n")
      .file("a/open", "FATHOM-PLANT open\n")
      .file("a/connect", "FATHOM-PLANT connect\n")
      .file("var/lib/dpkg/status.d/tiny", "Package: tiny\nVersion: 1.2-3\nArchitecture: amd64\n")
      .file("z/motd", "hello\n");
  Report report = scan_folder(folder);
  expect_accounted(report);
  for (const char* path : {"a/crash", "a/open", "a/connect"}) {
    ASSERT_NE(find(report, path), nullptr);
    EXPECT_EQ(find(report, path)->state, FileState::gap) << path;
    auto gap = std::ranges::find_if(report.gaps, [&](const Gap& g) { return g.file == path; });
    ASSERT_NE(gap, report.gaps.end()) << path;
    EXPECT_EQ(gap->stage, "confine");
    EXPECT_EQ(gap->code, ErrorCode::crashed);
    bool expect_sigsys = std::string_view(path) != "a/crash";
    EXPECT_EQ(gap->reason.find("SIGSYS") != std::string::npos, expect_sigsys) << gap->reason;
  }
  EXPECT_EQ(report.components.size(), 1u);
  EXPECT_EQ(find(report, "z/motd")->state, FileState::inert);
  EXPECT_FALSE(report.incomplete);
}

TEST(Confinement, WhatNeverEndsIsAGapAndTheReportIsIncomplete) {
  Folder folder;
  folder.file("spin", "FATHOM-PLANT spin\n").file("motd", "hello\n");
  Report report = scan_folder(folder);
  EXPECT_EQ(find(report, "spin")->state, FileState::gap);
  EXPECT_EQ(find(report, "motd")->state, FileState::inert);
  EXPECT_TRUE(report.incomplete);
}

TEST(Confinement, AChildThatKeepsDyingStillGivesAReport) {
  Folder folder;
  for (int i = 0; i < 40; ++i)
    folder.file("crash" + std::to_string(i), "FATHOM-PLANT crash " + std::to_string(i) + "\n");
  folder.file("motd", "hello\n");
  Report report = scan_folder(folder);
  expect_accounted(report);
  EXPECT_EQ(report.coverage.files, 41u);
  EXPECT_GE(report.coverage.gaps, 40u);
}

TEST(Confinement, MissingWallsAreSaidAndTheScanGoesOn) {
  ::setenv("FATHOM_PLANT_REFUSE", "landlock,seccomp", 1);
  Folder folder;
  folder.file("motd", "hello\n");
  Report report = scan_folder(folder);
  ::unsetenv("FATHOM_PLANT_REFUSE");
  EXPECT_EQ(std::ranges::count_if(report.notes,
                                  [](const std::string& note) {
                                    return note.starts_with("Confinement is weaker here: ");
                                  }),
            2);
  EXPECT_EQ(find(report, "motd")->state, FileState::inert);
}

#endif

TEST(Target, APathIsAPathBeforeItIsAReference) {
  Folder folder;
  folder.file("image:v1.tar", "x").file("layout/index.json", "{}");
  std::string root = folder.path();
  Result<Target> whole = parse_target(root + "/image:v1.tar");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->reference, "");
  Result<Target> tagged = parse_target("oci-dir:" + root + "/layout:v1");
  ASSERT_TRUE(tagged);
  EXPECT_EQ(tagged->scheme, "oci-dir");
  EXPECT_EQ(tagged->path, root + "/layout");
  EXPECT_EQ(tagged->reference, "v1");
  Result<Target> digest = parse_target(root + "/layout@sha256:00");
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->reference, "sha256:00");
  EXPECT_FALSE(parse_target(root + "/none"));
  EXPECT_FALSE(parse_target("oci-dir:"));
  EXPECT_FALSE(parse_target(""));
}

}  // namespace
}  // namespace fathom
