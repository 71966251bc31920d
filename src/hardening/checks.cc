#include "hardening/checks.h"

#include <array>

#include "hardening/hardening.h"

namespace fathom::hardening {

std::span<const CheckRow> file_checks() {
  // The order of the report.
  static constexpr auto kRows = std::to_array<CheckRow>({
      {"pie", check_pie},
      {"aslr", check_aslr},
      {"relro", check_relro},
      {"nx_stack", check_nx_stack},
      {"rwx_by_stack", check_rwx_by_stack},
      {"wx_segments", check_wx_segments},
      {"text_relocations", check_text_relocations},
      {"stack_protector", check_stack_protector},
      {"fortify", check_fortify},
      {"stack_clash", check_stack_clash},
      {"cfi", check_cfi},
      {"ibt", check_ibt},
      {"shstk", check_shstk},
      {"bti", check_bti},
      {"pac", check_pac},
      {"build_id", check_build_id},
      {"debug_data", check_debug_data},
  });
  return kRows;
}

bool is_mapped(const ElfFacts& facts) {
  return facts.type == "executable" || facts.type == "pie" || facts.type == "static-pie" ||
         facts.type == "shared object";
}

std::vector<Error> examine(const elf::ElfFile& elf, const Limits& limits, ElfFacts& facts) {
  if (!is_mapped(facts)) return {};
  Subject subject = subject_of(elf, facts, limits);
  std::vector<HardeningCheck> checks;
  for (const CheckRow& row : file_checks()) checks.push_back(row.run(subject));
  std::vector<Error> problems = std::move(subject.dynamic.problems);
  problems.insert(problems.end(), subject.all.problems.begin(), subject.all.problems.end());
  facts.language = subject.language;
  facts.libc = subject.libc;
  facts.hardening = std::move(checks);
  return problems;
}

}  // namespace fathom::hardening
