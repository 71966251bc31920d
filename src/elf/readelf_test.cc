// What readelf says about the files of this machine must be what we say.

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "base/text.h"
#include "elf/constants.h"
#include "elf/elf_file.h"

namespace fathom::elf {
namespace {

Bytes read_file(const std::string& path) {
  std::string text(std::filesystem::file_size(path), '\0');
  std::ifstream(path, std::ios::binary).read(text.data(), std::ssize(text));
  return Bytes(text.begin(), text.end());
}

std::vector<std::string> readelf(const std::string& options, const std::string& path) {
  std::string command = "LC_ALL=C readelf -W " + options + " '" + path + "'";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string out;
  for (int c; (c = std::fgetc(pipe.get())) != EOF;) out += static_cast<char>(c);
  std::vector<std::string> lines;
  for (std::string_view line : lines_of(out)) lines.emplace_back(line);
  return lines;
}

// This program, every library it runs with, and a few programs that any system has.
std::vector<std::string> files_at_hand() {
  std::set<std::string> paths{std::filesystem::canonical("/proc/self/exe")};
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (std::size_t slash = line.find('/'); slash != line.npos && line.find(".so") != line.npos)
      paths.insert(line.substr(slash));
  for (const char* path : {"/bin/true", "/bin/sh", "/usr/bin/readelf"})
    paths.insert(std::filesystem::canonical(path));
  return {paths.begin(), paths.end()};
}

// The groups of `pattern` in every line that matches it.
std::vector<std::vector<std::string>> rows(const std::vector<std::string>& lines,
                                           const std::string& pattern) {
  std::vector<std::vector<std::string>> out;
  const RE2 regex(pattern);
  const auto groups = static_cast<std::size_t>(regex.NumberOfCapturingGroups());
  for (const std::string& line : lines) {
    std::vector<std::string> row(groups);
    std::vector<RE2::Arg> args(row.size());
    std::vector<const RE2::Arg*> pointers;
    for (std::size_t i = 0; i < row.size(); ++i) {
      args[i] = &row[i];
      pointers.push_back(&args[i]);
    }
    if (RE2::PartialMatchN(line, regex, pointers.data(), static_cast<int>(groups)))
      out.push_back(std::move(row));
  }
  return out;
}

std::uint64_t hex(const std::string& text) { return std::stoull(text, nullptr, 16); }

class Readelf : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    bytes_ = read_file(GetParam());
    Result<ElfFile> parsed = ElfFile::parse(bytes_);
    ASSERT_TRUE(parsed) << parsed.error().message;
    elf_ = *parsed;
    for (const Error& problem : elf_.problems()) ADD_FAILURE() << problem.message;
  }
  Bytes bytes_;
  ElfFile elf_;
};

TEST_P(Readelf, Sections) {
  auto lines = rows(readelf("-S", GetParam()),
                    R"(^\s*\[\s*(\d+)\] (\S*)\s+(\S+)\s+([0-9a-f]{8,16}) ([0-9a-f]+) ([0-9a-f]+) )"
                    R"(([0-9a-f]+)\s+([A-Zop]*)\s+(\d+)\s+(\d+)\s+(\d+)$)");
  ASSERT_GT(lines.size(), 5u);
  ASSERT_EQ(lines.size(), elf_.sections().size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Section& section = elf_.sections()[i];
    EXPECT_EQ(lines[i][1], section.name);
    EXPECT_EQ(hex(lines[i][3]), section.address);
    EXPECT_EQ(hex(lines[i][4]), section.offset);
    EXPECT_EQ(hex(lines[i][5]), section.size);
    EXPECT_EQ(hex(lines[i][6]), section.entry_size);
    EXPECT_EQ(lines[i][7].find('X') != std::string::npos, (section.flags & SHF_EXECINSTR) != 0);
    EXPECT_EQ(lines[i][2] == "NOBITS", section.type == SHT_NOBITS);
    EXPECT_EQ(std::stoull(lines[i][8]), section.link);
    EXPECT_EQ(std::stoull(lines[i][9]), section.info);
  }
}

TEST_P(Readelf, Segments) {
  auto lines = rows(readelf("-l", GetParam()),
                    R"(^  (\S+) +0x([0-9a-f]+) 0x([0-9a-f]+) 0x[0-9a-f]+ 0x([0-9a-f]+) )"
                    R"(0x([0-9a-f]+) ([R ][W ][E ]) 0x([0-9a-f]+)$)");
  ASSERT_GT(lines.size(), 3u);
  ASSERT_EQ(lines.size(), elf_.segments().size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Segment& segment = elf_.segments()[i];
    EXPECT_EQ(lines[i][0] == "LOAD", segment.type == PT_LOAD);
    EXPECT_EQ(lines[i][0] == "DYNAMIC", segment.type == PT_DYNAMIC);
    EXPECT_EQ(hex(lines[i][1]), segment.offset);
    EXPECT_EQ(hex(lines[i][2]), segment.address);
    EXPECT_EQ(hex(lines[i][3]), segment.file_size);
    EXPECT_EQ(hex(lines[i][4]), segment.memory_size);
    EXPECT_EQ(lines[i][5].find('E') != std::string::npos, (segment.flags & PF_X) != 0);
    EXPECT_EQ(hex(lines[i][6]), segment.align);
  }
}

TEST_P(Readelf, DynamicSection) {
  auto lines = readelf("-d", GetParam());
  auto texts = [&](const std::string& tag) {
    std::vector<std::string> out;
    for (auto& row : rows(lines, "\\(" + tag + R"(\)\s+.*\[(.*)\]$)")) out.push_back(row[0]);
    return out;
  };
  auto owned = [](const std::vector<std::string_view>& views) {
    return std::vector<std::string>(views.begin(), views.end());
  };
  EXPECT_EQ(texts("NEEDED"), owned(elf_.needed()));
  EXPECT_EQ(texts("RUNPATH"), owned(elf_.runpath()));
  EXPECT_EQ(texts("RPATH"), owned(elf_.rpath()));
  auto soname = texts("SONAME");
  EXPECT_EQ(soname.empty() ? "" : soname[0], elf_.soname());
  auto flags = rows(lines, R"(\(FLAGS_1\).*\bPIE\b)");
  EXPECT_EQ(!flags.empty(), (elf_.dynamic_flags_1() & DF_1_PIE) != 0);
}

TEST_P(Readelf, InterpreterAndHeader) {
  auto interpreter = rows(readelf("-l", GetParam()), R"(program interpreter: (.*)\])");
  EXPECT_EQ(interpreter.empty() ? "" : interpreter[0][0], elf_.interpreter());
  auto entry = rows(readelf("-h", GetParam()), R"(Entry point address:\s+0x([0-9a-f]+))");
  ASSERT_EQ(entry.size(), 1u);
  EXPECT_EQ(hex(entry[0][0]), elf_.entry());
}

TEST_P(Readelf, BuildId) {
  auto ids = rows(readelf("-n", GetParam()), R"(Build ID: ([0-9a-f]+))");
  std::vector<std::string> ours;
  for (const Note& note : elf_.notes())
    if (note.owner == "GNU" && note.type == NT_GNU_BUILD_ID)
      ours.push_back(to_hex(note.description));
  ASSERT_EQ(ids.empty(), ours.empty());
  if (!ids.empty()) {
    EXPECT_EQ(ids[0][0], ours[0]);
  }
}

TEST_P(Readelf, VersionDefinitions) {
  std::vector<std::string> theirs, ours;
  for (auto& row :
       rows(readelf("-V", GetParam()), R"(Rev: 1  Flags: (\S+) .* Cnt: \d+  Name: (\S+)$)"))
    if (row[0].find("BASE") == std::string::npos) theirs.push_back(row[1]);
  for (std::string_view name : elf_.version_definitions()) ours.emplace_back(name);
  EXPECT_EQ(theirs, ours);
}

INSTANTIATE_TEST_SUITE_P(FilesAtHand, Readelf, ::testing::ValuesIn(files_at_hand()));

}  // namespace
}  // namespace fathom::elf
