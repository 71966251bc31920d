// Where files and components come from, for people: the texts of `fathom origin` and `fathom base`.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/reporter.h"

namespace fathom {

// With `paths` only these files, in full; without any, the sums and what stays unexplained. An
// empty text when none of the paths is there.
std::string origin_table(const Report& report, const std::vector<std::string>& paths,
                         const ReportOptions& options);
std::string base_table(const Report& report, const ReportOptions& options);

// Whether a path is one of `paths`, in the folder or in the archive that one of them names.
bool is_at_or_below(std::string_view path, const std::vector<std::string>& paths);

// What to look after, for a job that compares it with that of yesterday: lines of five fields
// separated by tabs (what, name, version, package URL, from), sorted.
std::string watch_list(const Report& report);

// One line for the table of a scan; empty when there is nothing to say.
std::string origin_summary(const Report& report);

}  // namespace fathom
