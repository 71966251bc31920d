// What protects the memory and the control flow of one ELF file, and how that is known. The ids and
// values of the checks are explained in docs/hardening.md.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/evidence.h"

namespace fathom {

enum class Rating {
  good,     // the protection is there
  partial,  // some of it
  missing,  // it is not
  bad,      // something weakens the file or the process: stands out
  neutral,  // does not apply, or is neither good nor bad
  unknown,  // the file does not tell
};
std::string_view name_of(Rating rating);

struct HardeningCheck {
  std::string id;     // "relro"
  std::string value;  // "full"
  Rating rating = Rating::unknown;
  std::string why;   // one sentence where the value alone would mislead; may be empty
  Place place;       // where it was seen
  std::string seen;  // "PT_GNU_RELRO 0x3db0, size 0x250; DT_FLAGS BIND_NOW"
};

struct HardeningRow {
  std::string path;
  std::string digest;
  std::int64_t layer = -1;
  std::string type;                    // "pie", "static-pie", "executable", "shared object"
  std::string machine;                 // "x86_64"
  std::string language;                // "C", "Go", "Rust" as far as compilers leave marks
  std::string libc;                    // "glibc", "musl", "none", or empty: not known
  std::vector<HardeningCheck> checks;  // always in the same order

  const HardeningCheck* find(std::string_view id) const;  // null when there is none
};

}  // namespace fathom
