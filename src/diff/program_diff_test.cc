#include "diff/program_diff.h"

#include <gtest/gtest.h>

#include <numeric>

namespace fathom::diff {
namespace {

using code::FunctionPrint;
using code::MaskedReference;
using code::ProgramPrint;
using Kind = MaskedReference::Kind;

// A function of 20 instructions; `code` stands for its masked code, `place` for its bytes.
FunctionPrint function(std::string name, std::uint64_t code, std::uint64_t place,
                       std::vector<MaskedReference> references = {}) {
  FunctionPrint out;
  out.name = std::move(name);
  out.start = 0x1000 + place;
  out.size = 80;
  out.code.masked = code;
  out.code.exact = code * 1000 + place;
  out.code.instructions = 20;
  out.code.references = std::move(references);
  out.code.sketch.resize(16);
  std::iota(out.code.sketch.begin(), out.code.sketch.end(), static_cast<std::uint32_t>(code * 100));
  return out;
}

ProgramPrint program(std::vector<FunctionPrint> functions) {
  ProgramPrint out;
  out.functions = std::move(functions);
  return out;
}

const FunctionPair* pair_of(const ProgramDiff& diff, std::size_t before) {
  for (const FunctionPair& pair : diff.pairs)
    if (pair.before == before) return &pair;
  return nullptr;
}

TEST(ProgramDiff, TheSameElsewhereIsRelocatedOnly) {
  const ProgramPrint a = program({function("f", 1, 0), function("g", 2, 0)});
  const ProgramPrint b = program({function("f", 1, 0), function("g", 2, 8)});
  const ProgramDiff diff = compare(a, b);
  EXPECT_EQ(diff.identical, 1u);
  EXPECT_EQ(diff.relocated, 1u);
  EXPECT_EQ(diff.changed, 0u);
  EXPECT_TRUE(diff.is_same_program());
}

TEST(ProgramDiff, OneChangedFunctionAmongMovedOnes) {
  std::vector<FunctionPrint> before, after;
  for (std::uint64_t i = 0; i < 30; ++i) {
    before.push_back(function("", 10 + i, 0));
    after.push_back(function("", i == 17 ? 99 : 10 + i, 64));
  }
  // The changed one still has most of its kinds of instructions.
  after[17].code.sketch = before[17].code.sketch;
  after[17].code.sketch.back() += 1;
  const ProgramDiff diff = compare(program(before), program(after));
  EXPECT_EQ(diff.changed, 1u);
  EXPECT_EQ(diff.relocated, 29u);
  EXPECT_TRUE(diff.added.empty() && diff.removed.empty());
  ASSERT_NE(pair_of(diff, 17), nullptr);
  EXPECT_EQ(pair_of(diff, 17)->after, 17u);
  EXPECT_EQ(pair_of(diff, 17)->by, Pairing::neighbours);
  EXPECT_FALSE(diff.is_same_program());
}

TEST(ProgramDiff, NamesAreNotNeededToFollowCalls) {
  // Two small functions with the same code; only their callers tell which is which.
  const auto make = [](bool swapped) {
    return program({function("", 1, 0, {{Kind::text, 5}, {Kind::function, swapped ? 3u : 2u}}),
                    function("", 2, 0, {{Kind::text, 6}, {Kind::function, swapped ? 2u : 3u}}),
                    function("", 7, 0), function("", 7, 0)});
  };
  ProgramPrint a = make(false), b = make(true);
  // As many of the same code are paired in order; a third on one side leaves them to their callers.
  a.functions.push_back(function("", 7, 0));
  const ProgramDiff diff = compare(a, b);
  EXPECT_EQ(pair_of(diff, 2)->after, 3u);
  EXPECT_EQ(pair_of(diff, 3)->after, 2u);
  EXPECT_EQ(pair_of(diff, 2)->by, Pairing::calls);
  EXPECT_EQ(diff.removed, (std::vector<std::size_t>{4}));
}

TEST(ProgramDiff, CallingAnotherFunctionIsAChange) {
  const ProgramPrint a = program(
      {function("f", 1, 0, {{Kind::function, 1}}), function("g", 2, 0), function("h", 3, 0)});
  ProgramPrint b = a;
  b.functions[0].code.references[0].value = 2;
  const ProgramDiff diff = compare(a, b);
  EXPECT_EQ(diff.changed, 1u);
  EXPECT_TRUE(pair_of(diff, 0)->same_code);
  EXPECT_FALSE(pair_of(diff, 0)->same_references);
}

// What calls a changed function is not changed by that.
TEST(ProgramDiff, AChangeDoesNotSpreadToCallers) {
  const ProgramPrint a = program({function("f", 1, 0, {{Kind::function, 1}}), function("g", 2, 0)});
  const ProgramPrint b = program({function("f", 1, 0, {{Kind::function, 1}}), function("g", 3, 0)});
  EXPECT_EQ(compare(a, b).changed, 1u);
}

TEST(ProgramDiff, OtherNamesAreOtherFunctions) {
  const ProgramPrint a = program({function("old", 1, 0)}), b = program({function("new", 5, 0)});
  const ProgramDiff diff = compare(a, b);
  EXPECT_EQ(diff.added.size(), 1u);
  EXPECT_EQ(diff.removed.size(), 1u);
}

TEST(ProgramDiff, SetsOfTheWholeProgram) {
  ProgramPrint a = program({function("f", 1, 0)}), b = a;
  a.texts = {"/build/a/x.c", "gone"};
  b.texts = {"/tmp/x.c", "here"};
  a.imports = {"strcpy"};
  b.imports = {"strlcpy"};
  b.ifuncs = {"memcpy"};
  a.functions[0].system_calls = {0, 1};
  b.functions[0].system_calls = {0, 59};
  a.sections = {{".text", 10, 1, true, true}, {".note.gnu.build-id", 36, 5, false, true}};
  b.sections = {{".text", 10, 1, true, true},
                {".note.gnu.build-id", 36, 6, false, true},
                {".new", 4, 1, false, true}};
  const ProgramDiff diff = compare(a, b);
  EXPECT_EQ(diff.new_texts, std::vector<std::string>{"here"});
  EXPECT_EQ(diff.lost_texts, std::vector<std::string>{"gone"});
  EXPECT_EQ(diff.new_imports, std::vector<std::string>{"strlcpy"});
  EXPECT_EQ(diff.lost_imports, std::vector<std::string>{"strcpy"});
  EXPECT_EQ(diff.new_ifuncs, std::vector<std::string>{"memcpy"});
  EXPECT_EQ(diff.new_system_calls, std::vector<std::uint32_t>{59});
  EXPECT_EQ(diff.lost_system_calls, std::vector<std::uint32_t>{1});
  ASSERT_EQ(diff.sections.size(), 2u);
  EXPECT_EQ(diff.sections[0].name, ".note.gnu.build-id");
  EXPECT_TRUE(diff.sections[1].is_new);
}

}  // namespace
}  // namespace fathom::diff
