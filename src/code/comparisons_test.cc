#include "code/comparisons.h"

#include <gtest/gtest.h>

#include "code/testing.h"

namespace fathom::code {
namespace {

using testing::bytes;
using testing::Loaded;

std::string comparisons(const std::string& code) {
  Loaded loaded(code);
  const Functions functions = loaded.functions();
  std::string out;
  for (const Comparison& one : comparisons_of(*loaded.program, functions.list.at(0))) {
    out += std::to_string(one.width) + ":";
    if (one.has_field) out += " field " + std::to_string(one.field);
    if (one.has_number) out += " number " + std::to_string(one.number);
    out += "\n";
  }
  return out;
}

TEST(Comparisons, OfAFieldWhereItLies) {
  // cmp dword [rdi + 0x24], 70; cmp [rsi + 8], rax; ret
  EXPECT_EQ(comparisons(bytes({0x83, 0x7f, 0x24, 0x46, 0x48, 0x39, 0x46, 0x08, 0xc3})),
            "4: field 36 number 70\n8: field 8\n");
}

TEST(Comparisons, OfAFieldThatWasLoaded) {
  // mov ecx, [rdi + 0x24]; mov edx, ecx; cmp eax, edx; test ecx, ecx; ret
  EXPECT_EQ(comparisons(bytes({0x8b, 0x4f, 0x24, 0x89, 0xca, 0x39, 0xd0, 0x85, 0xc9, 0xc3})),
            "4: field 36\n4: field 36 number 0\n");
}

TEST(Comparisons, WhatWasLoadedIsForgottenWhereAnotherWayComesIn) {
  // mov ecx, [rdi + 0x24]; nop; cmp eax, ecx; jne the cmp; ret
  EXPECT_EQ(comparisons(bytes({0x8b, 0x4f, 0x24, 0x90, 0x39, 0xc8, 0x75, 0xfc, 0xc3})), "");
  // The same, and the way comes in before the load.
  EXPECT_EQ(comparisons(bytes({0x8b, 0x4f, 0x24, 0x90, 0x39, 0xc8, 0x75, 0xf8, 0xc3})),
            "4: field 36\n");
}

TEST(Comparisons, ADifferenceThatDecidesIsOne) {
  // mov ecx, [rdi + 0x24]; sub ecx, eax; jbe the ret; ret. And without the jump.
  EXPECT_EQ(comparisons(bytes({0x8b, 0x4f, 0x24, 0x29, 0xc1, 0x76, 0x00, 0xc3})), "4: field 36\n");
  EXPECT_EQ(comparisons(bytes({0x8b, 0x4f, 0x24, 0x29, 0xc1, 0x90, 0xc3})), "");
}

TEST(Comparisons, TheStackIsNoStructure) {
  // cmp dword [rsp + 8], 3; ret
  EXPECT_EQ(comparisons(bytes({0x83, 0x7c, 0x24, 0x08, 0x03, 0xc3})), "4: number 3\n");
}

TEST(Comparisons, ACallDestroysWhatWasLoaded) {
  // mov ecx, [rdi + 0x24]; call next; cmp eax, ecx; ret
  EXPECT_EQ(comparisons(bytes({0x8b, 0x4f, 0x24, 0xe8, 0, 0, 0, 0, 0x39, 0xc8, 0xc3})), "");
}

}  // namespace
}  // namespace fathom::code
