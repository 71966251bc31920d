// When "it is not there" and "nothing can reach it" may be said. Both take a finding out of the
// count, so each has obligations, all of which must hold, and each of which goes into the proof;
// one that does not hold is the reason why the verdict stays open. Private to this room.

#pragma once

#include <string>
#include <vector>

#include "verdict/judge.h"

namespace fathom::verdict {

struct Obligations {
  std::vector<std::string> met;
  std::string unmet;  // the first that does not hold; empty: all hold
  bool hold() const { return unmet.empty(); }
};

// That no way to any function was overlooked: of a program as a whole.
Obligations obligations_of_unreachable(const Subject& subject);

// That a function is not in the file, by the texts that it has in every release in question, while
// others of its library are there.
Obligations obligations_of_absent(const Subject& subject, const SourceNames& names,
                                  const std::string& function);

}  // namespace fathom::verdict
