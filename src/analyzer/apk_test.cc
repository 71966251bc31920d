#include "analyzer/apk.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

constexpr std::string_view kInstalled =
    "C:Q1FEKBS4gDVzmUyX9FDEQV8qZNnUE=\n"  // 1
    "P:musl\n"                            // 2
    "V:1.2.4-r2\n"                        // 3
    "A:x86_64\n"
    "S:383152\n"
    "L:MIT\n"
    "o:musl\n"
    "D:so:libc.musl-x86_64.so.1\n"
    "F:lib\n"  // 9
    "R:ld-musl-x86_64.so.1\n"
    "a:0:0:755\n"
    "Z:Q1C1Wf8HxXxBQkiOKhNuvVfdFvmW8=\n"  // 12
    "R:libc.musl-x86_64.so.1\n"
    "a:0:0:777\n"
    "Z:Q17yJ3JFNypA4mxhJJr0ou6CzsJVI=\n"
    "\n"
    "C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=\n"  // 17
    "P:libcrypto3\n"
    "V:3.1.4-r5\n"
    "A:x86_64\n"
    "L:Apache-2.0\n"
    "o:openssl\n"
    "F:\n"
    "R:at-the-root\n"
    "F:etc/ssl\n"
    "R:ct_log_list.cnf\n"
    "Z:Q1olh8TpdAi2QnTl4FK3TjdUiSwTo=\n";

TEST(Apk, ReadsTheDatabase) {
  ASSERT_TRUE(is_apk_database(kInstalled));
  ApkDatabase database = read_apk(kInstalled, {});
  EXPECT_TRUE(database.problems.empty());
  ASSERT_EQ(database.packages.size(), 2u);
  const Component& musl = database.packages[0].component;
  EXPECT_EQ(musl.name, "musl");
  EXPECT_EQ(musl.version.exact, "1.2.4-r2");
  EXPECT_EQ(musl.ecosystem, "apk");
  EXPECT_EQ(musl.purl, "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64");
  EXPECT_EQ(musl.licenses, std::vector<std::string>{"MIT"});
  EXPECT_TRUE(musl.source_name.empty());
  ASSERT_EQ(musl.evidence.size(), 2u);
  EXPECT_EQ(musl.evidence[0].place, Place::at_line(2));
  EXPECT_EQ(musl.evidence[1].seen, "V:1.2.4-r2");
  EXPECT_EQ(database.packages[0].owned,
            (std::vector<OwnedPath>{
                {"lib/ld-musl-x86_64.so.1", "", "0b559ff07c57c4142488e2a136ebd57dd16f996f"},
                {"lib/libc.musl-x86_64.so.1", "", "ef2277245372a40e26c61249af4a2ee82cec2552"}}));

  const PackageClaim& crypto = database.packages[1];
  EXPECT_EQ(crypto.component.source_name, "openssl");
  ASSERT_EQ(crypto.owned.size(), 2u);
  EXPECT_EQ(crypto.owned[0].path, "at-the-root");
  EXPECT_TRUE(crypto.owned[0].sha1.empty());
  EXPECT_EQ(crypto.owned[1].path, "etc/ssl/ct_log_list.cnf");
}

TEST(Apk, ChecksumsAreSha1InBase64) {
  // printf abc | sha1sum; printf abc | openssl sha1 -binary | base64
  EXPECT_EQ(apk_sha1("Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0="), "a9993e364706816aba3e25717850c26c9cd0d89d");
  for (const char* text :
       {"", "Q1", "Q2qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0",
        "Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0==", "Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J*="})
    EXPECT_EQ(apk_sha1(text), "") << text;
}

TEST(Apk, AnUnknownChecksumDoesNotPassAsNone) {
  ApkDatabase database = read_apk("P:a\nV:1\nF:bin\nR:x\nZ:Q2AAAA\n", {});
  ASSERT_EQ(database.packages.size(), 1u);
  ASSERT_EQ(database.packages[0].owned.size(), 1u);
  EXPECT_FALSE(database.packages[0].owned[0].sha1.empty());
  ASSERT_EQ(database.problems.size(), 1u);
  EXPECT_EQ(database.problems[0].code, ErrorCode::unsupported);
}

TEST(Apk, ARepositoryIndexInstallsNothing) {
  constexpr std::string_view kIndex =
      "C:Q1FEKBS4gDVzmUyX9FDEQV8qZNnUE=\nP:a\nV:1\nA:x86_64\no:a\n\n"
      "C:Q1FEKBS4gDVzmUyX9FDEQV8qZNnUE=\nP:b\nV:1\nA:x86_64\no:b\n";
  EXPECT_TRUE(is_apk_database(kIndex));
  EXPECT_TRUE(read_apk(kIndex, {}).packages.empty());
}

TEST(Apk, WhatIsMissingIsSaidWithItsLine) {
  ApkDatabase database =
      read_apk("P:a\nF:x\n\nP:b\nV:1\nF:y\nR:\nZ:Q1\nnonsense\nV:2\n\nP:c\nV:3\n", {});
  ASSERT_EQ(database.packages.size(), 2u);
  EXPECT_EQ(database.packages[0].component.version.exact, "1");
  EXPECT_TRUE(database.packages[0].owned.empty());
  std::vector<std::string> said;
  for (const Error& problem : database.problems) said.push_back(problem.message);
  EXPECT_EQ(said,
            (std::vector<std::string>{
                "line 1: package without name or version", "line 7: a file without a usable name",
                "line 9: no field of a package", "line 10: no field of a package"}));
}

TEST(Apk, OtherTextsAreLeftAlone) {
  for (const char* text : {"", "P:", "P:a\n", "C:\\WINDOWS\n", "P:a\nnot\nV:1\n", "V:1\nP:a\n"})
    EXPECT_FALSE(is_apk_database(text)) << text;
}

TEST(Apk, BoundsHold) {
  Limits limits;
  limits.packages = 1;
  limits.owned_paths = 1;
  ApkDatabase database = read_apk(kInstalled, limits);
  EXPECT_EQ(database.packages.size(), 1u);
  EXPECT_EQ(database.packages[0].owned.size(), 1u);
  EXPECT_EQ(database.problems.size(), 2u);
}

TEST(Apk, EveryPrefixIsReadPolitely) {
  for (std::size_t n = 0; n <= kInstalled.size(); ++n) {
    (void)is_apk_database(kInstalled.substr(0, n));
    for (const PackageClaim& claim : read_apk(kInstalled.substr(0, n), {}).packages)
      EXPECT_FALSE(claim.component.version.exact.empty()) << n;
  }
}

}  // namespace
}  // namespace fathom
