// What differs, as text for people and as JSON.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "diff/program_diff.h"
#include "diff/report_diff.h"

namespace fathom::diff {

struct ComparedProgram {
  std::string path;
  code::ProgramPrint before, after;
  ProgramDiff diff;
};

struct Compared {
  std::string before, after;  // as they were named
  ReportDiff report;
  std::vector<ComparedProgram> programs;
  std::vector<std::string> notes;  // what could not be compared

  bool is_different() const;
};

std::string text_of(const Compared& compared, std::size_t width, bool all);
std::string json_of(const Compared& compared);

}  // namespace fathom::diff
