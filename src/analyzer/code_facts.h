// The second round of recovery: functions, calls and asked-for texts of one program
// (facts/code_facts.h). Pure, like recover().

#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "facts/code_facts.h"

namespace fathom {

// Of an ELF file; an error for what is none, or whose machine is not decoded.
Result<CodeFacts> recover_code(ByteView bytes, const CodeQuestion& question,
                               const Limits& limits = {});

}  // namespace fathom
