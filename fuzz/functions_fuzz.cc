// Unwind tables, symbols, relocations, the search for functions and the call graph, over any ELF
// file: every range lies in code, what is said to be covered is no more than there is, and every
// edge leads to a function.

#include <cstdlib>

#include "code/call_graph.h"
#include "code/eh_frame.h"
#include "code/functions.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  Result<elf::ElfFile> elf = elf::ElfFile::parse(ByteView({data, size}));
  if (!elf) return 0;
  Result<code::Program> program = code::Program::open(*elf);
  if (!program) return 0;
  for (const code::UnwindEntry& entry : code::read_unwind_table(*program).entries)
    if (entry.start >= entry.end || !program->code_at(entry.end - 1)) std::abort();
  code::Functions functions = code::find_functions(*program);
  if (functions.covered_bytes > functions.code_bytes) std::abort();
  std::uint64_t last = 0;
  for (const code::Function& function : functions.list) {
    if (function.start < last || function.ranges.empty()) std::abort();
    last = function.start;
    for (const code::AddressRange& range : function.ranges)
      if (range.start >= range.end || !program->code_at(range.start)) std::abort();
  }
  code::CallGraph graph(*program, functions);
  for (std::size_t i = 0; i < graph.functions(); ++i) {
    for (const code::Edge& edge : graph.calls_of(i))
      if (edge.callee != code::Edge::kOutside && edge.callee >= graph.functions()) std::abort();
    for (const code::IndirectCall& call : graph.indirect_of(i))
      if (graph.candidates(call).size() > graph.taken().size()) std::abort();
  }
  return 0;
}
