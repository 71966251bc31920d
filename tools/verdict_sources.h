// data/verdicts/ and the functions that data/advisories/ names, as one table.

#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "verdict/knowledge.h"

namespace fathom::tools {

Result<std::vector<verdict::FunctionRow>> read_functions(const std::filesystem::path& verdicts,
                                                         const std::filesystem::path& advisories);

Result<std::vector<verdict::FixRow>> read_fixes(const std::filesystem::path& verdicts);

}  // namespace fathom::tools
