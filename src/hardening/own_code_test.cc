#include "hardening/own_code.h"

#include <gtest/gtest.h>

namespace fathom::hardening {
namespace {

HardeningRow open_row() {
  HardeningRow row;
  for (const char* id : {"stack_protector", "fortify"}) {
    HardeningCheck check;
    check.id = id;
    check.value = "some code";
    row.checks.push_back(std::move(check));
  }
  return row;
}

TEST(OwnCode, CallsOfTheProgramTellWhatItWasCompiledWith) {
  HardeningRow row = open_row();
  settle_by_own_calls(row, {{"__printf_chk", 0x1000, 2}, {"__stack_chk_fail", 0x2000, 3}}, true);
  EXPECT_EQ(row.find("stack_protector")->value, "yes");
  EXPECT_EQ(row.find("stack_protector")->rating, Rating::good);
  EXPECT_EQ(row.find("stack_protector")->place.value, 0x2000u);
  EXPECT_EQ(row.find("fortify")->value, "1 of 1");
  EXPECT_EQ(row.find("fortify")->rating, Rating::good);
}

TEST(OwnCode, PlainCallsAreWithoutChecks) {
  HardeningRow row = open_row();
  settle_by_own_calls(row, {{"printf", 0x1000, 2}}, true);
  EXPECT_EQ(row.find("stack_protector")->rating, Rating::missing);
  EXPECT_EQ(row.find("fortify")->rating, Rating::missing);
}

TEST(OwnCode, NothingIsSaidOfWhatNobodyCalls) {
  HardeningRow row = open_row();
  settle_by_own_calls(row, {{"strlen", 0x1000, 2}}, false);
  EXPECT_EQ(row.find("stack_protector")->rating, Rating::unknown);
  EXPECT_EQ(row.find("fortify")->rating, Rating::unknown);
}

TEST(OwnCode, WhatIsKnownStays) {
  HardeningRow row = open_row();
  row.checks[0].rating = Rating::good;
  settle_by_own_calls(row, {}, true);
  EXPECT_EQ(row.find("stack_protector")->value, "some code");
}

}  // namespace
}  // namespace fathom::hardening
