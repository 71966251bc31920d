#include "code/demangle.h"

#include <gtest/gtest.h>

namespace fathom::code {
namespace {

TEST(Demangle, CPlusPlus) {
  EXPECT_EQ(demangled("_ZNSt6vectorIiSaIiEE9push_backERKi"),
            "std::vector<int, std::allocator<int> >::push_back(int const&)");
  EXPECT_EQ(demangled("_ZN3fooC1Ev@@VERS_1"), "foo::foo()");
}

TEST(Demangle, WhatIsNotMangledStays) {
  for (const char* name : {"main", "sqlite3_open", "_Z", "_ZN", "_R", "_RNvC", "", "_ZN4mainE17h"})
    EXPECT_EQ(demangled(name), name);
}

TEST(Demangle, RustLegacy) {
  EXPECT_EQ(demangled("_ZN4core3fmt9Formatter9write_str17h0123456789abcdefE"),
            "core::fmt::Formatter::write_str");
  EXPECT_EQ(demangled("_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$"
                      "3bar17h930b740aa94f1d3aE"),
            "<Test + 'static as foo::Bar<Test>>::bar");
}

// From the examples of RFC 2603 and of rustc-demangle.
TEST(Demangle, RustV0) {
  EXPECT_EQ(demangled("_RNvNtC7mycrate3foo3bar"), "mycrate::foo::bar");
  EXPECT_EQ(demangled("_RNvNtCs1234_7mycrate3foo3bar"), "mycrate::foo::bar");
  EXPECT_EQ(demangled("_RNCNvC7mycrate4main0B3_"), "mycrate::main::{closure#0}");
  EXPECT_EQ(demangled("_RNvMs_C4testINtB4_3FoopE3new"), "<test::Foo<_>>::new");
  EXPECT_EQ(demangled("_RNvXCs_4testNtB2_3FooNtNtCs_3std7default7Default7default"),
            "<test::Foo as std::default::Default>::default");
  EXPECT_EQ(demangled("_RINvNtC3std3mem8align_ofdE"), "std::mem::align_of::<f64>");
  EXPECT_EQ(demangled("_RINvC4test3fooRShTlxEAmj8_FUKCcEuE"),
            "test::foo::<&[u8], (i32, i64), [u32; 8], unsafe extern \"C\" fn(char)>");
  EXPECT_EQ(demangled("_RINvC4test3fooDNtC4test1TEL_E"), "test::foo::<dyn test::T>");
  EXPECT_EQ(demangled("_RINvC4test3fooKb1_E"), "test::foo::<true>");
  EXPECT_EQ(demangled("_RNvC4testu8gdel_5qa"), "test::gödel");
}

// Each level writes the one before twice.
TEST(Demangle, BombsEnd) {
  std::string rust = "_RINvC1a1f", cplusplus = "_Z1fI1AI1BE";
  for (int i = 0; i < 64; ++i)
    rust += "TB" + std::string(1, static_cast<char>('0' + i % 10)) + "_B3_";
  for (int i = 0; i < 200; ++i) cplusplus += "1CIS" + std::to_string(i % 10) + "_S0_E";
  EXPECT_LE(demangled(rust).size(), kLongestDemangled + 3);
  EXPECT_LE(demangled(cplusplus + "EvT_").size(), kLongestDemangled + 3);
  EXPECT_LE(demangled("_R" + std::string(kLongestMangled - 10, 'R')).size(), kLongestMangled);
  std::string deep = "_RNvC1a1b";
  deep = "_RINvC1a1f" + std::string(10'000, 'R') + "uE";
  EXPECT_EQ(demangled(deep), deep) << "deeper than anyone nests";
}

TEST(Demangle, EveryPrefixOfANameIsRead) {
  std::string name =
      "_RINvXs_C4testNtB4_3FooINtNtC3std3vec3VecRShETlxEAmj8_FUKCcEuDNtB4_1TEL_Kb1_E";
  for (std::size_t i = 0; i < name.size(); ++i) {
    EXPECT_FALSE(demangled(name.substr(0, i)).empty() && i != 0);
    std::string changed = name;
    changed[i] = static_cast<char>(changed[i] + 1);
    EXPECT_FALSE(demangled(changed).empty());
  }
}

}  // namespace
}  // namespace fathom::code
