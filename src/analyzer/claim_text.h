// Shared by the analyzers of text databases: problems that name their line, and claims that show
// the line they come from.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "facts/facts.h"

namespace fathom {

// Keeps at most limits.problems and counts the rest.
class Problems {
 public:
  Problems(std::vector<Error>& list, std::uint64_t& not_kept, const Limits& limits)
      : list_(list), not_kept_(not_kept), limits_(limits) {}
  void add(ErrorCode code, std::uint64_t line, std::string_view what);

 private:
  std::vector<Error>& list_;
  std::uint64_t& not_kept_;
  const Limits& limits_;
};

Evidence line_evidence(std::string_view analyzer, std::uint64_t line, std::string_view seen,
                       const Limits& limits);

// Problems as gaps of `stage`, within limits.problems of the whole file.
void add_gaps(FileFacts& facts, const Limits& limits, std::string_view stage,
              const std::vector<Error>& problems, std::uint64_t not_kept);

}  // namespace fathom
