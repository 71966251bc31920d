#include "analyzer/rust_audit.h"

#define ZLIB_CONST
#include <gtest/gtest.h>
#include <zlib.h>

#include "analyzer/analyzer.h"
#include "elf/testing.h"

namespace fathom {
namespace {

// As cargo auditable writes it.
constexpr std::string_view kList =
    R"({"packages":[)"
    R"({"name":"hello","version":"0.1.0","source":"local","dependencies":[1,2],"root":true},)"
    R"({"name":"itoa","version":"1.0.19","source":"crates.io"},)"
    R"({"name":"semver","version":"1.0.28","source":"crates.io","kind":"build"},)"
    R"({"name":"forked","version":"2.0.0","source":"git"}],"format":1})";

std::string deflated(std::string_view text) {
  uLongf size = compressBound(text.size());
  std::string out(size, '\0');
  ByteView in = ByteView::of(text);
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(out.data()), &size, in.span().data(), in.size()),
            Z_OK);
  out.resize(size);
  return out;
}

std::string program_with(std::string section) {
  elf::testing::TestElf elf;
  elf.sections = {{.name = ".text", .flags = 6, .contents = std::string(16, '\x90')},
                  {.name = ".dep-v0", .contents = std::move(section)}};
  return elf.build();
}

TEST(RustAudit, ReadsTheCratesOfAProgram) {
  FileFacts facts = recover(ByteView::of(program_with(deflated(kList))), {});
  ASSERT_EQ(facts.packages.size(), 3u);
  const Component& root = facts.packages[0].component;
  EXPECT_EQ(root.kind, ComponentKind::application);
  EXPECT_EQ(root.name, "hello");
  const Component& itoa = facts.packages[1].component;
  EXPECT_EQ(itoa.kind, ComponentKind::module);
  EXPECT_EQ(itoa.ecosystem, "crates.io");
  EXPECT_EQ(itoa.purl, "pkg:cargo/itoa@1.0.19");
  EXPECT_EQ(itoa.confidence, Confidence::high);
  ASSERT_EQ(itoa.evidence.size(), 2u);
  EXPECT_EQ(text_of(itoa.evidence[0].place), "/packages/1");
  EXPECT_EQ(itoa.evidence[1].place.text, ".dep-v0");
  // A crate from elsewhere may not be the one that advisories mean.
  EXPECT_EQ(facts.packages[2].component.name, "forked");
  EXPECT_EQ(facts.packages[2].component.confidence, Confidence::medium);
  EXPECT_TRUE(facts.gaps.empty());
}

TEST(RustAudit, PaddingBehindTheStreamIsNoHarm) {
  std::string section = deflated(kList) + std::string(64, '\0');
  EXPECT_EQ(recover(ByteView::of(program_with(section)), {}).packages.size(), 3u);
}

TEST(RustAudit, BombsStopAtTheLimit) {
  std::string bomb = deflated(std::string(16 << 20, ' '));
  Result<std::string> out = inflate_zlib(ByteView::of(bomb), 1 << 20);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::limit_exceeded);
  FileFacts facts = recover(ByteView::of(program_with(bomb)), {});
  ASSERT_EQ(facts.gaps.size(), 1u);
  EXPECT_EQ(facts.gaps[0].stage, "rust-audit");
  EXPECT_EQ(facts.gaps[0].code, ErrorCode::limit_exceeded);
}

TEST(RustAudit, ExactlyTheLimitIsFine) {
  std::string compressed = deflated(std::string(1000, 'x'));
  EXPECT_TRUE(inflate_zlib(ByteView::of(compressed), 1000));
  EXPECT_FALSE(inflate_zlib(ByteView::of(compressed), 999));
}

TEST(RustAudit, WhatCannotBeReadIsAGap) {
  for (std::string section : {std::string("not zlib"), std::string(), deflated("[]"),
                              deflated("{\"packages\":{}}"), deflated(kList).substr(0, 30)}) {
    FileFacts facts = recover(ByteView::of(program_with(section)), {});
    EXPECT_TRUE(facts.packages.empty());
    EXPECT_EQ(facts.gaps.size(), 1u);
  }
  Result<RustAudit> audit = read_rust_audit(
      R"({"packages":[1,{"name":"a"},{"version":"1"},{"name":"b","version":"1"}]})", {});
  ASSERT_TRUE(audit);
  EXPECT_EQ(audit->packages.size(), 1u);
  ASSERT_EQ(audit->problems.size(), 3u);
  EXPECT_EQ(audit->problems[2].message, "/packages/2: package without name or version");
}

TEST(RustAudit, EveryPrefixIsAnErrorAndNothingWorse) {
  std::string stream = deflated(kList);
  for (std::size_t n = 0; n < stream.size(); ++n)
    EXPECT_FALSE(inflate_zlib(ByteView::of(stream).clamped(0, n), 1 << 20)) << n;
  for (std::size_t n = 0; n < kList.size(); ++n)
    EXPECT_FALSE(read_rust_audit(kList.substr(0, n), {})) << n;
}

}  // namespace
}  // namespace fathom
