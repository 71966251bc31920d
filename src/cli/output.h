// Where results go.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace fathom::cli {

// All of it or an error message on stderr and false.
bool write_stdout(std::string_view text);

// Replaces the file as a whole: written beside it first, then renamed. Devices and pipes are
// written to directly.
Done write_file(const std::string& path, std::string_view text);

Result<std::string> read_file(const std::string& path, std::uint64_t most);

}  // namespace fathom::cli
