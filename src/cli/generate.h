// Texts made from the tables of flags.h.

#pragma once

#include <string>
#include <string_view>

#include "cli/flags.h"

namespace fathom::cli {

std::string overview();                          // fathom --help
std::string help_of(const Command& command);     // fathom scan --help
std::string man_page();                          // roff, fathom(1)
std::string completion(std::string_view shell);  // "bash", "zsh", "fish"; empty for others

}  // namespace fathom::cli
