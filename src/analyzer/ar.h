// Reads ar archives: static libraries and Debian packages, in the GNU and the BSD form.
// Source: System V ABI, chapter 7 "Archive File"; BSD ar(5) for names of the form "#1/n".

#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"

namespace fathom {

struct ArMember {
  std::string name;
  ByteView contents;  // clamped to the file
};

struct ArArchive {
  std::vector<ArMember> members;  // without symbol tables and the table of long names
  std::vector<Error> problems;
};

// Views `bytes`, which must outlive the result. Never fails: what comes before a bad header stands.
ArArchive read_ar(ByteView bytes, const Limits& limits);

}  // namespace fathom
