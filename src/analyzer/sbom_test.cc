#include <gtest/gtest.h>

#include "analyzer/analyzer.h"
#include "base/bytes.h"

namespace fathom {
namespace {

FileFacts recovered(std::string_view text) { return recover(ByteView::of(text), Limits{}); }

TEST(SbomFiles, AreReadAndStayInert) {
  const FileFacts facts = recovered(
      R"({"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"zlib","version":"1.3"}]})");
  ASSERT_EQ(facts.sboms.size(), 1u);
  EXPECT_EQ(facts.sboms[0].entries[0].name, "zlib");
  EXPECT_TRUE(facts.inert);
  EXPECT_TRUE(facts.packages.empty()) << "a claim is no evidence of a package";
}

TEST(SbomFiles, WhatCouldNotBeReadOfThemIsAGap) {
  const FileFacts facts =
      recovered(R"({"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"version":"1"}]})");
  ASSERT_EQ(facts.gaps.size(), 1u);
  EXPECT_EQ(facts.gaps[0].stage, "sbom");
}

TEST(SbomFiles, ATextThatOnlySpeaksOfThemIsNone) {
  const FileFacts facts = recovered(R"({"help": "reads \"bomFormat\" and \"spdxVersion\""})");
  EXPECT_TRUE(facts.sboms.empty());
  EXPECT_TRUE(facts.gaps.empty());
}

TEST(CopyrightFiles, GiveLicences) {
  const FileFacts facts = recovered(
      "Permission is hereby granted, free of charge, to any person "
      "obtaining a copy. Copyright me.");
  ASSERT_EQ(facts.licenses.size(), 1u);
  EXPECT_EQ(facts.licenses[0].license, "MIT");
}

}  // namespace
}  // namespace fathom
