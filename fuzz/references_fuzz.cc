// References and calls of every function of any ELF file: what is said of each lies in the tables,
// texts are texts of the file, and the work is in proportion to the code.

#include <cstdlib>

#include "code/references.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  Result<elf::ElfFile> elf = elf::ElfFile::parse(ByteView({data, size}));
  if (!elf) return 0;
  Result<code::Program> program = code::Program::open(*elf);
  if (!program) return 0;
  code::Functions functions = code::find_functions(*program);
  code::References references = code::find_references(*program, functions);
  if (references.functions.size() != functions.list.size()) std::abort();
  for (std::size_t i = 0; i < functions.list.size(); ++i) {
    for (const code::Reference& r : references.of(i))
      if (r.kind == code::Referred::text && code::text_of(*program, r).size() != r.size)
        std::abort();
    for (const code::CallSite& site : references.calls_of(i))
      for (code::Register reg = 0; reg < 32; ++reg) (void)references.in_register(site, reg);
  }
  return 0;
}
