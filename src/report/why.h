// The whole argument about one vulnerability in one image on one screen: where it is, how that was
// recognised, the function and the way to it, what softens it, what to do, and the commands by
// which a person can check each step.

#pragma once

#include <string>
#include <string_view>

#include "report/reporter.h"

namespace fathom {

// Of every finding that is called `id`, by its own name or an alias. Empty when there is none.
std::string why_text(const Report& report, std::string_view id, const ReportOptions& options);

}  // namespace fathom
