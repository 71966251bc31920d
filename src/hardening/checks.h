// The table of checks that need the bytes of one file only.

#pragma once

#include <span>
#include <string_view>

#include "hardening/subject.h"

namespace fathom::hardening {

struct CheckRow {
  std::string_view id;
  HardeningCheck (*run)(const Subject&);
};
std::span<const CheckRow> file_checks();

// layout_checks.cc: what the program headers and the dynamic section say
HardeningCheck check_pie(const Subject&);
HardeningCheck check_aslr(const Subject&);
HardeningCheck check_relro(const Subject&);
HardeningCheck check_nx_stack(const Subject&);
HardeningCheck check_rwx_by_stack(const Subject&);
HardeningCheck check_wx_segments(const Subject&);
HardeningCheck check_text_relocations(const Subject&);
HardeningCheck check_build_id(const Subject&);
HardeningCheck check_debug_data(const Subject&);

// code_checks.cc: what compilers left in symbols, notes and code
HardeningCheck check_stack_protector(const Subject&);
HardeningCheck check_fortify(const Subject&);
HardeningCheck check_ibt(const Subject&);
HardeningCheck check_shstk(const Subject&);
HardeningCheck check_bti(const Subject&);
HardeningCheck check_pac(const Subject&);
HardeningCheck check_cfi(const Subject&);
HardeningCheck check_stack_clash(const Subject&);

}  // namespace fathom::hardening
