// System calls and what can run, over any ELF file: numbers followed backwards over whatever
// control flow there is, wrappers resolved at their callers, and the closure over code and data.

#include <cstdlib>

#include "code/reach.h"
#include "code/system_calls.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  Result<elf::ElfFile> elf = elf::ElfFile::parse(ByteView({data, size}));
  if (!elf) return 0;
  Result<code::Program> program = code::Program::open(*elf);
  if (!program) return 0;
  code::Functions functions = code::find_functions(*program);
  code::References references = code::find_references(*program, functions);
  code::SystemCalls calls = code::find_system_calls(*program, functions, references);
  if (calls.functions.size() != functions.list.size()) std::abort();
  for (const code::FunctionSystemCalls& own : calls.functions)
    for (const code::UnresolvedCall& call : own.unresolved)
      for (std::uint32_t giver : call.givers)
        if (giver >= functions.list.size()) std::abort();
  code::Reach reach(*program, functions, references);
  for (code::Reach::Node node = 0; node < reach.nodes(); ++node)
    for (code::Reach::Node next : reach.next(node))
      if (next >= reach.nodes()) std::abort();
  return 0;
}
