#include "analyzer/dpkg.h"

#include <gtest/gtest.h>

#include "analyzer/analyzer.h"
#include "base/text.h"

namespace fathom {
namespace {

constexpr std::string_view kStatus =
    "Package: libc6\n"                        // 1
    "Status: install ok installed\n"          // 2
    "Priority: optional\n"                    // 3
    "Maintainer: GNU Libc <x@example.org>\n"  // 4
    "Architecture: amd64\n"                   // 5
    "Multi-Arch: same\n"                      // 6
    "Source: glibc (2.36-9)\n"                // 7
    "Version: 2.36-9+deb12u4\n"               // 8
    "Description: GNU C Library\n"            // 9
    " Contains the standard libraries.\n"     // 10
    " .\n"                                    // 11
    "Conffiles:\n"                            // 12
    " /etc/ld.so.conf.d/x.conf d4e7a7b88a71b5ffd9e2644e71a0cfab\n"
    " /etc/old.conf 0123456789abcdef0123456789abcdef obsolete\n"
    " /etc/new.conf newconffile\n"
    "\n"               // 16
    "Package: gone\n"  // 17
    "Status: deinstall ok config-files\n"
    "Architecture: all\n"
    "Version: 1.0\n"
    "\n"
    "Package: tzdata\n"  // 22
    "Status: install ok installed\n"
    "Source: tzdata\n"
    "Architecture: all\n"
    "Version: 2024a-0\n";

TEST(Dpkg, ReadsAStatusFile) {
  DpkgDatabase database = read_dpkg(kStatus, {});
  EXPECT_TRUE(database.problems.empty());
  ASSERT_EQ(database.packages.size(), 3u);
  const PackageClaim& libc = database.packages[0];
  EXPECT_TRUE(libc.installed);
  EXPECT_EQ(libc.component.kind, ComponentKind::package);
  EXPECT_EQ(libc.component.name, "libc6");
  EXPECT_EQ(libc.component.version.exact, "2.36-9+deb12u4");
  EXPECT_EQ(libc.component.source_name, "glibc");
  EXPECT_EQ(libc.component.source_version, "2.36-9");
  EXPECT_EQ(libc.component.ecosystem, "deb");
  EXPECT_EQ(libc.component.purl, "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64");
  EXPECT_EQ(libc.owned, (std::vector<OwnedPath>{
                            {"etc/ld.so.conf.d/x.conf", "d4e7a7b88a71b5ffd9e2644e71a0cfab", ""},
                            {"etc/old.conf", "0123456789abcdef0123456789abcdef", ""},
                            {"etc/new.conf", "", ""}}));

  EXPECT_FALSE(database.packages[1].installed);
  const PackageClaim& tzdata = database.packages[2];
  EXPECT_TRUE(tzdata.component.source_name.empty()) << "the same as the name";
  EXPECT_TRUE(tzdata.component.source_version.empty());
}

TEST(Dpkg, EvidenceIsTheLineAsSedShowsIt) {
  Component libc = read_dpkg(kStatus, {}).packages[0].component;
  ASSERT_EQ(libc.evidence.size(), 3u);
  EXPECT_EQ(libc.evidence[0].place, Place::at_line(1));
  EXPECT_EQ(libc.evidence[0].seen, "Package: libc6");
  EXPECT_EQ(libc.evidence[2].place, Place::at_line(8));
  EXPECT_EQ(libc.evidence[2].seen, "Version: 2.36-9+deb12u4");
  for (const Evidence& evidence : libc.evidence)
    EXPECT_EQ(lines_of(kStatus)[evidence.place.value - 1], evidence.seen);
}

TEST(Dpkg, CarriageReturnsAndOddCaseChangeNothing) {
  std::string windows;
  for (std::string_view line : lines_of(kStatus)) {
    std::size_t colon = line.starts_with(' ') ? 0 : line.find(':');
    if (colon == line.npos) colon = 0;
    windows += to_lower(line.substr(0, colon)) + std::string(line.substr(colon)) + "\r\n";
  }
  DpkgDatabase database = read_dpkg(windows, {});
  ASSERT_EQ(database.packages.size(), 3u);
  EXPECT_EQ(database.packages[0].component.version.exact, "2.36-9+deb12u4");
  EXPECT_EQ(database.packages[0].component.source_version, "2.36-9");
  EXPECT_TRUE(database.problems.empty());
}

TEST(Dpkg, EveryStateWithFilesOnDiskCounts) {
  struct Case {
    const char* status;
    bool installed;
  };
  for (auto [status, installed] : {
           Case{"install ok installed", true},
           Case{"hold ok installed", true},
           Case{"deinstall ok installed", true},
           Case{"install ok unpacked", true},
           Case{"install ok half-configured", true},
           Case{"install reinstreq half-installed", true},
           Case{"install ok triggers-pending", true},
           Case{"deinstall ok config-files", false},
           Case{"purge ok not-installed", false},
           Case{"nonsense", false},
       }) {
    DpkgDatabase database =
        read_dpkg(std::string("Package: a\nVersion: 1\nStatus: ") + status + "\n", {});
    ASSERT_EQ(database.packages.size(), 1u) << status;
    EXPECT_EQ(database.packages[0].installed, installed) << status;
  }
}

TEST(Dpkg, AStanzaAloneNeedsNoStatus) {
  // distroless: status.d/tzdata
  DpkgDatabase database =
      read_dpkg("Package: tzdata\nVersion: 2024a-0\nArchitecture: all\nDescription: x\n y\n", {});
  ASSERT_EQ(database.packages.size(), 1u);
  EXPECT_TRUE(database.packages[0].installed);
}

TEST(Dpkg, AnAptIndexInstallsNothing) {
  constexpr std::string_view kIndex =
      "Package: a\nVersion: 1\nArchitecture: all\nFilename: pool/a.deb\nSize: 1\nSHA256: 00\n\n"
      "Package: b\nVersion: 1\nArchitecture: all\nFilename: pool/b.deb\nSize: 1\nSHA256: 00\n";
  EXPECT_TRUE(read_dpkg(kIndex, {}).packages.empty());
  EXPECT_TRUE(read_dpkg(kIndex.substr(0, kIndex.find("\n\n") + 1), {}).packages.empty());
  // dpkg's own "available" file, without a status and without file names.
  EXPECT_TRUE(read_dpkg("Package: a\nVersion: 1\n\nPackage: b\nVersion: 2\n", {}).packages.empty());
}

TEST(Dpkg, WhatIsMissingIsSaidWithItsLine) {
  DpkgDatabase database = read_dpkg(
      "Package: a\nStatus: install ok installed\nVersion: 1\n\n"
      "Package: b\nStatus: install ok installed\n\n"
      "Version: 3\nStatus: install ok installed\n\n"
      "Package: c\nnonsense\nStatus: install ok installed\nVersion: 4\nVersion: 5\n",
      {});
  ASSERT_EQ(database.packages.size(), 2u);
  EXPECT_EQ(database.packages[1].component.version.exact, "4");
  std::vector<std::string> said;
  for (const Error& problem : database.problems) said.push_back(problem.message);
  EXPECT_EQ(said, (std::vector<std::string>{"line 5: package without name or version",
                                            "line 8: package without name or version",
                                            "line 12: no field, no continuation",
                                            "line 15: the stanza has this field twice"}));
}

// As pam-auth-update writes them: a checksum, then notes.
TEST(Dpkg, ListsOfOtherProgramsAreNobodysDamage) {
  const std::string hash = "d4e7a7b88a71b5ffd9e2644e71a0cfab";
  FileFacts other = recover(ByteView::of(hash + "  local/common-auth\n" + hash + "\t# 1.0\n"), {});
  EXPECT_TRUE(other.gaps.empty());
  EXPECT_TRUE(other.checksum_list.empty());
  std::string damaged;
  for (int i = 0; i < 4; ++i) damaged += hash + "  usr/bin/" + std::to_string(i) + "\n";
  FileFacts list = recover(ByteView::of(damaged + "garbage\n"), {});
  EXPECT_EQ(list.gaps.size(), 1u);
  EXPECT_EQ(list.checksum_list.size(), 4u);
  EXPECT_EQ(recover(ByteView::of("/.\ngarbage\nmore\n"), {}).gaps.size(), 2u);
}

TEST(Dpkg, ReadsFileLists) {
  std::string sums =
      "d4e7a7b88a71b5ffd9e2644e71a0cfab  usr/bin/app\n"
      "0123456789ABCDEF0123456789abcdef  usr/share/doc/with space\r\n"
      "garbage\n";
  ASSERT_TRUE(is_dpkg_file_list(sums));
  DpkgFileList list = read_dpkg_file_list(sums, {});
  EXPECT_EQ(list.paths, (std::vector<OwnedPath>{
                            {"usr/bin/app", "d4e7a7b88a71b5ffd9e2644e71a0cfab", ""},
                            {"usr/share/doc/with space", "0123456789abcdef0123456789abcdef", ""}}));
  ASSERT_EQ(list.problems.size(), 1u);
  EXPECT_EQ(list.problems[0].message, "line 3: neither a path nor a checksum");

  ASSERT_TRUE(is_dpkg_file_list("/.\n/usr\n/usr/bin/app\n"));
  EXPECT_EQ(read_dpkg_file_list("/.\n/usr\n/usr/bin/app\n", {}).paths,
            (std::vector<OwnedPath>{{"usr", "", ""}, {"usr/bin/app", "", ""}}));

  for (const char* text : {"", "/", "/usr/bin\n", "d4e7a7b88a71b5ffd9e2644e71a0cfab",
                           "d4e7a7b88a71b5ffd9e2644e71a0cfag  x", "Package: a\n"})
    EXPECT_FALSE(is_dpkg_file_list(text)) << text;
}

TEST(Dpkg, BoundsHold) {
  Limits limits;
  limits.packages = 2;
  limits.owned_paths = 2;
  limits.problems = 1;
  limits.text_bytes = 16;
  std::string many;
  for (int i = 0; i < 5; ++i)
    many += "Package: p" + std::to_string(i) + "\nStatus: install ok installed\nVersion: 1\n\n";
  DpkgDatabase database = read_dpkg(many, limits);
  EXPECT_EQ(database.packages.size(), 2u);
  ASSERT_EQ(database.problems.size(), 1u);
  EXPECT_EQ(database.problems[0].code, ErrorCode::limit_exceeded);

  DpkgFileList list = read_dpkg_file_list("/.\n/a\n/b\n/c\n", limits);
  EXPECT_EQ(list.paths.size(), 2u);
  EXPECT_EQ(list.problems.size(), 1u);

  // A line of many megabytes costs no more than what is kept of it.
  std::string huge = "Package: " + std::string(1 << 24, 'x') + "\nVersion: 1\n";
  database = read_dpkg(huge, limits);
  ASSERT_EQ(database.packages.size(), 1u);
  EXPECT_EQ(database.packages[0].component.name.size(), 16u);
  EXPECT_LE(database.packages[0].component.evidence[0].seen.size(), 16u);
}

TEST(Dpkg, EveryPrefixIsReadPolitely) {
  for (std::size_t n = 0; n <= kStatus.size(); ++n) {
    DpkgDatabase database = read_dpkg(kStatus.substr(0, n), {});
    EXPECT_LE(database.packages.size(), 3u);
    for (const PackageClaim& claim : database.packages) {
      EXPECT_FALSE(claim.component.name.empty()) << n;
      EXPECT_FALSE(claim.component.version.exact.empty()) << n;
    }
  }
}

}  // namespace
}  // namespace fathom
