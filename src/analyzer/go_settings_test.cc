#include "analyzer/go_settings.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

std::string version_of(std::string_view ldflags, std::string_view module = "example.com/app") {
  return go_stated_version(go_linked_values(ldflags), module).version;
}

TEST(GoSettings, FlagsAreUnquotedAsTheyWereQuoted) {
  EXPECT_EQ(unquote_go(R"("-s -X 'main.v=1 2'")"), "-s -X 'main.v=1 2'");
  EXPECT_EQ(unquote_go(R"("-X \"main.a=b\"")"), R"(-X "main.a=b")");
  EXPECT_EQ(unquote_go("`-X main.a=b`"), "-X main.a=b");
  EXPECT_EQ(unquote_go("-w"), "-w");
  EXPECT_EQ(unquote_go("\""), "\"");
  EXPECT_EQ(unquote_go("\"a\\"), "\"a\\");
}

TEST(GoSettings, EveryFormOfTheFlagIsRead) {
  auto values = go_linked_values(
      "-s -X main.a=1 -X=main.b=2 --X 'main.c=3 4' -extldflags '-X main.d=5' -X \"x/y.z.e=6=7\" "
      "-X");
  ASSERT_EQ(values.size(), 4u);
  EXPECT_EQ(values[0].value, "1");
  EXPECT_EQ(values[1].name, "b");
  EXPECT_EQ(values[2].value, "3 4");
  EXPECT_EQ(values[3].package, "x/y.z");
  EXPECT_EQ(values[3].value, "6=7");
}

TEST(GoSettings, AVersionIsWhatTheProgramSaysOfItself) {
  EXPECT_EQ(version_of("-X main.version=1.2.3"), "v1.2.3");
  EXPECT_EQ(version_of("-X main.Version=v1.2.3-rc1+x"), "v1.2.3-rc1+x");
  EXPECT_EQ(version_of("-X example.com/app/internal.appVersion=2.0"), "v2.0");
  EXPECT_EQ(version_of("-X k8s.io/component-base/version.gitVersion=v1.30.1"), "v1.30.1");
  // The main package knows best, wherever it stands.
  EXPECT_EQ(version_of("-X a/version.Version=3.0 -X main.version=1.2.3"), "v1.2.3");
  EXPECT_EQ(version_of("-X main.version=1.2.3 -X a/version.Version=3.0"), "v1.2.3");
}

TEST(GoSettings, WhatIsNoVersionOfTheProgramIsNone) {
  EXPECT_EQ(version_of("-X main.commit=1.2.3"), "");
  EXPECT_EQ(version_of("-X main.version=dev"), "");
  EXPECT_EQ(version_of("-X main.version=0123abc"), "");
  EXPECT_EQ(version_of("-X main.version=1..2"), "");
  EXPECT_EQ(version_of("-X main.version=1.2_x"), "");
  EXPECT_EQ(version_of("-X github.com/other/lib.Version=1.2.3"), "");
  EXPECT_EQ(version_of("-X example.com/application.Version=1.2.3"), "") << "another module";
  EXPECT_EQ(version_of(""), "");
}

}  // namespace
}  // namespace fathom
