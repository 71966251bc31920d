// What several commands read from their arguments and from the terminal.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/parallel.h"
#include "base/result.h"
#include "cli/flags.h"

namespace fathom::cli {

Error usage(std::string message);

// A number of --flag from 1 to `most`, or `fallback` when it was not given.
Result<std::uint64_t> parse_count(const Arguments& arguments, std::string_view flag,
                                  std::uint64_t fallback, std::uint64_t most);

// --now, as RFC 3339 in UTC, or the present.
Result<std::string> parse_now(const Arguments& arguments);

// COLUMNS, else the terminal's width, else 100.
std::size_t page_width();

bool wants_colour(const Arguments& arguments);  // --color, NO_COLOR, the terminal

}  // namespace fathom::cli
