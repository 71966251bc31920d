// Any ELF file as a print that is compared with itself: no function is added, removed or changed,
// and everything refers to what is there.

#include <cstdlib>

#include "diff/program_diff.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  Result<code::ProgramPrint> print = code::print_program(ByteView({data, size}));
  if (!print) return 0;
  for (const code::FunctionPrint& function : print->functions) {
    for (const code::MaskedReference& r : function.code.references)
      if (r.kind == code::MaskedReference::Kind::function && r.value >= print->functions.size())
        std::abort();
    for (std::uint32_t text : function.texts)
      if (text >= print->texts.size()) std::abort();
  }
  const diff::ProgramDiff diff = diff::compare(*print, *print);
  if (diff.pairs.size() + diff.removed.size() != print->functions.size()) std::abort();
  if (diff.removed.size() != diff.added.size()) std::abort();
  return 0;
}
