// Prints the call graph of a program for bench/call_edges.py: "S start", "E place from to kind" and
// "I place from candidate…" lines, addresses in hexadecimal; seconds of CPU on stderr.

#include <fmt/format.h>

#include <ctime>
#include <fstream>
#include <iterator>

#include "code/call_graph.h"

namespace {

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

int main(int argc, char** argv) {
  using namespace fathom;
  if (argc != 2) {
    fmt::print(stderr, "usage: call_edges PROGRAM\n");
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
  double begin = cpu_seconds();
  Result<elf::ElfFile> elf = elf::ElfFile::parse(ByteView({bytes.data(), bytes.size()}));
  if (!elf) return 1;
  Result<code::Program> program = code::Program::open(*elf);
  if (!program) return 1;
  code::Functions functions = code::find_functions(*program);
  double found = cpu_seconds();
  code::CallGraph graph(*program, functions);
  fmt::print(stderr, "functions {:.2f} s, graph {:.2f} s\n", found - begin, cpu_seconds() - found);
  auto start_of = [&](std::uint32_t index) {
    return index == code::Edge::kOutside ? 0 : functions.list[index].start;
  };
  for (std::size_t i = 0; i < graph.functions(); ++i) {
    std::uint64_t from = functions.list[i].start;
    fmt::print("S {:x}\n", from);
    for (const code::Edge& edge : graph.calls_of(i))
      fmt::print("E {:x} {:x} {:x} {}\n", edge.place, from, start_of(edge.callee),
                 name_of(edge.kind));
    for (const code::IndirectCall& call : graph.indirect_of(i))
      fmt::print("I {:x} {:x} {} {}\n", call.place, from, call.passed,
                 static_cast<int>(call.through));
  }
  // Candidates once for each set of arguments.
  bool seen[1024] = {};
  for (std::size_t i = 0; i < graph.functions(); ++i)
    for (const code::IndirectCall& call : graph.indirect_of(i)) {
      bool& known = seen[call.passed + 256u * static_cast<unsigned>(call.through)];
      if (known) continue;
      known = true;
      fmt::print("C {} {}", call.passed, static_cast<int>(call.through));
      for (std::uint32_t one : graph.candidates(call)) fmt::print(" {:x}", start_of(one));
      fmt::print("\n");
    }
}
