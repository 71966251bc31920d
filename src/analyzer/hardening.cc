// The row of the table; what is looked at stands in hardening/.

#include "hardening/hardening.h"

#include "analyzer/analyzer.h"
#include "analyzer/members.h"

namespace fathom {

extern const FileAnalyzer hardening_facts = {
    .name = "hardening",
    .version = 1,
    .needs = Needs::elf,
    .summary = "how programs and shared objects are hardened",
    .wants = [](const FileInput& in) { return in.elf != nullptr; },
    .run = [](const FileInput& in, FileFacts& facts) -> Done {
      if (!facts.elf) return Ok{};
      for (const Error& problem : hardening::examine(*in.elf, in.limits, *facts.elf))
        add_gap(facts, in.limits, "hardening", problem);
      return Ok{};
    },
};

}  // namespace fathom
