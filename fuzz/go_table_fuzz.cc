// Go's function table in any ELF file: functions ascend within code, inlined calls belong to one.

#include <cstdlib>

#include "code/go_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  Result<elf::ElfFile> elf = elf::ElfFile::parse(ByteView({data, size}));
  if (!elf) return 0;
  Result<code::Program> program = code::Program::open(*elf);
  if (!program) return 0;
  code::GoTable table = code::read_go_table(*program);
  std::uint64_t last = 0;
  for (const code::GoFunction& function : table.functions) {
    if (function.start < last || function.end <= function.start) std::abort();
    if (!program->code_at(function.start) || !program->code_at(function.end - 1)) std::abort();
    last = function.end;
  }
  for (const code::GoInlined& call : table.inlined)
    if (call.function >= table.functions.size()) std::abort();
  return 0;
}
