#include "code/call_graph.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "code/testing.h"

namespace fathom::code {
namespace {

using namespace testing;

// A program whose functions start at multiples of 0x10.
struct Graphed {
  Loaded file;
  Functions functions;
  CallGraph graph;

  explicit Graphed(const std::string& code, const std::string& data = {}, bool writable = true)
      : file(code, data, {}, true, writable),
        functions(file.functions()),
        graph(*file.program, functions) {}

  std::uint32_t at(std::uint64_t offset) const {
    const Function* function = functions.starting_at(kText + offset);
    return function == nullptr ? Edge::kOutside
                               : static_cast<std::uint32_t>(function - functions.list.data());
  }
  // "direct 10, tail 20": the kinds and the offsets of the callees.
  std::string calls_of(std::uint64_t offset) const {
    std::string out;
    for (const Edge& edge : graph.calls_of(at(offset))) {
      out += out.empty() ? "" : ", ";
      out += std::string(name_of(edge.kind)) + " ";
      out += edge.callee == Edge::kOutside ? "outside"
                                           : hex_number(functions.list[edge.callee].start - kText);
    }
    return out;
  }
  std::string candidates_of(std::uint64_t offset) const {
    std::string out;
    for (const IndirectCall& call : graph.indirect_of(at(offset)))
      for (std::uint32_t one : graph.candidates(call))
        out += hex_number(functions.list[one].start - kText) + " ";
    return out;
  }
};

std::string returns_one() { return bytes({0xb8, 1, 0, 0, 0, 0xc3}); }

TEST(CallGraph, DirectCallsAndTailJumps) {
  std::string code = bytes({0xe8, 0x0b, 0, 0, 0, 0xe9, 0x16, 0, 0, 0});  // call 0x10; jmp 0x20
  pad(code, 0x10) += bytes({0xe8, 0x0b, 0, 0, 0, 0xc3});                 // call 0x20
  pad(code, 0x20) += returns_one();
  pad(code, 0x30);
  Graphed graphed(code);
  EXPECT_EQ(graphed.calls_of(0), "direct 0x10, tail 0x20");
  EXPECT_EQ(graphed.calls_of(0x10), "direct 0x20");
  EXPECT_EQ(path_between(graphed.graph, graphed.at(0x10), graphed.at(0x20), false).size(), 2u);
  EXPECT_TRUE(path_between(graphed.graph, graphed.at(0x20), graphed.at(0), true).empty());
}

// _start: lea rdi, [main]; call __libc_start_main, which calls what it was given.
TEST(CallGraph, MainIsWhatTheEntryHandsOver) {
  std::string code = bytes({0x48, 0x8d, 0x3d, 0x19, 0, 0, 0, 0xe8, 0x04, 0, 0, 0, 0xf4});
  pad(code, 0x10) += bytes({0xff, 0xd7, 0xc3});  // call rdi
  pad(code, 0x20) += returns_one();
  pad(code, 0x30);
  Graphed graphed(code);
  EXPECT_EQ(graphed.calls_of(0), "direct 0x10, argument 0x20");
  std::string roots;
  for (const Root& root : graphed.graph.roots())
    roots += std::string(name_of(root.why)) + " " + std::to_string(root.function) + " ";
  EXPECT_EQ(roots, "entry 0 main 2 ");
  EXPECT_EQ(graphed.candidates_of(0x10), "0x20 ");
  EXPECT_TRUE(path_between(graphed.graph, 1, 2, false).empty());
  EXPECT_EQ(path_between(graphed.graph, 1, 2, true).size(), 2u);
}

std::string table_code() {
  std::string code = bytes({0xff, 0x14, 0xfd, 0, 0x20, 0x40, 0, 0xc3});  // call [0x402000+rdi*8]
  pad(code, 0x10) += returns_one();
  pad(code, 0x20) += returns_one();
  return pad(code, 0x30);
}
std::string pointers() { return number(kText + 0x10, 8) + number(kText + 0x20, 8); }

TEST(CallGraph, AConstantTableSaysAllCallees) {
  Graphed graphed(table_code(), pointers(), false);
  EXPECT_EQ(graphed.calls_of(0), "table 0x10, table 0x20");
  EXPECT_EQ(graphed.candidates_of(0), "") << "nothing is left to guess";
}

TEST(CallGraph, AWritableTableMayBeChanged) {
  Graphed graphed(table_code(), pointers(), true);
  EXPECT_EQ(graphed.calls_of(0), "");
  EXPECT_EQ(graphed.candidates_of(0), "0x10 0x20 ");
}

// What a variable holds at first is an edge, and not all.
TEST(CallGraph, AVariableMayBeChanged) {
  std::string code = bytes({0xff, 0x14, 0x25, 0, 0x20, 0x40, 0, 0xc3});  // call [0x402000]
  pad(code, 0x10) += returns_one();
  pad(code, 0x20) += returns_one();
  pad(code, 0x30);
  Graphed graphed(code, pointers(), true);
  EXPECT_EQ(graphed.calls_of(0), "variable 0x10");
  EXPECT_EQ(graphed.candidates_of(0), "0x10 0x20 ");
  Graphed constant(code, pointers(), false);
  EXPECT_EQ(constant.calls_of(0), "table 0x10");
  EXPECT_EQ(constant.candidates_of(0), "");
}

// Behind a call that destroys the argument registers, only the first is set again.
TEST(CallGraph, AFunctionThatNeedsMoreArgumentsIsNoCandidate) {
  std::string code = bytes({0xff, 0xd2, 0xbf, 1, 0, 0, 0, 0xff, 0xd3, 0xc3});
  pad(code, 0x10) += bytes({0x89, 0xf8, 0xc3});  // mov eax, edi
  pad(code, 0x20) += bytes({0x89, 0xf0, 0xc3});  // mov eax, esi
  pad(code, 0x30);
  Graphed graphed(code, pointers(), true);
  ASSERT_EQ(graphed.graph.indirect_of(0).size(), 2u);
  EXPECT_EQ(graphed.graph.candidates(graphed.graph.indirect_of(0)[0]).size(), 2u);
  std::vector<std::uint32_t> second = graphed.graph.candidates(graphed.graph.indirect_of(0)[1]);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0], graphed.at(0x10));
}

TEST(CallGraph, EveryBitOfCodeMayBeWrong) {
  std::string code = table_code();
  for (std::size_t i = 0; i < 0x30; ++i) {
    std::string changed = code;
    changed[i] = static_cast<char>(changed[i] ^ 0xff);
    Graphed graphed(changed, pointers(), true);
    for (std::size_t f = 0; f < graphed.graph.functions(); ++f)
      for (const Edge& edge : graphed.graph.calls_of(f))
        EXPECT_TRUE(edge.callee == Edge::kOutside || edge.callee < graphed.graph.functions());
  }
}

}  // namespace
}  // namespace fathom::code
