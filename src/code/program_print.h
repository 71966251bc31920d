// What of a program can be compared with another build of it: plain values that cross from the
// confined child.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "code/masked_code.h"

namespace fathom::code {

struct FunctionPrint {
  std::uint64_t start = 0, size = 0;
  std::string name;  // empty when it has none
  MaskedCode code;
  std::vector<std::uint32_t> system_calls;  // numbers that are known, sorted
  std::uint64_t unresolved_system_calls = 0;
  std::vector<std::uint32_t> texts;  // it refers to: indexes of ProgramPrint::texts, in order
};

struct SectionPrint {
  std::string name;
  std::uint64_t size = 0, hash = 0;  // XXH3; 0 for what has no bytes in the file
  bool is_code = false, is_loaded = false;
};

struct ProgramPrint {
  Machine machine = Machine::x86_64;
  std::vector<FunctionPrint> functions;  // by start
  std::vector<SectionPrint> sections;    // in file order
  std::vector<std::string> texts;        // that code refers to, distinct, sorted
  std::vector<std::string> imports;      // sorted
  std::vector<std::string> ifuncs;  // implementations chosen at start, by name or address; sorted
  std::uint64_t code_bytes = 0, covered_bytes = 0;
  std::vector<std::string> problems;
};

// Of an ELF file for x86_64 or AArch64; `unsupported` for others.
Result<ProgramPrint> print_program(ByteView bytes, const Limits& limits = {});

template <class Codec>
void describe(Codec& codec, MaskedReference& r) {
  codec(r.kind, r.value);
}
template <class Codec>
void describe(Codec& codec, MaskedCode& c) {
  codec(c.exact, c.masked, c.instructions, c.references, c.sketch);
}
template <class Codec>
void describe(Codec& codec, FunctionPrint& f) {
  codec(f.start, f.size, f.name, f.code, f.system_calls, f.unresolved_system_calls, f.texts);
}
template <class Codec>
void describe(Codec& codec, SectionPrint& s) {
  codec(s.name, s.size, s.hash, s.is_code, s.is_loaded);
}
template <class Codec>
void describe(Codec& codec, ProgramPrint& p) {
  codec(p.machine, p.functions, p.sections, p.texts, p.imports, p.ifuncs, p.code_bytes,
        p.covered_bytes, p.problems);
}

}  // namespace fathom::code
