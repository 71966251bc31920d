// The command line, then FATHOM_* variables, then .fathom.yaml: the first that names a flag wins.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"

namespace fathom::cli {

// `words` are what follows the command. -- ends the flags; --flag=value and --flag value, -o value
// and -ovalue are the same. Errors name the word and, for a misspelt flag, the nearest one.
Result<Arguments> parse(const Command& command, const std::vector<std::string>& words);

// The flag that a misspelt name is nearest to, or nothing when none is near.
std::string_view nearest_flag(const Command& command, std::string_view name);

// The command that a misspelt word is nearest to, or nothing when none is near.
std::string_view nearest_command(std::string_view word);

// Fills in flags that were not typed, from the environment.
void add_environment(const Command& command, Arguments& arguments);

// … and from a YAML text whose keys are flag names; those of other commands are left to them.
// Errors begin with the line.
Done add_config(const Command& command, const std::string& yaml, Arguments& arguments);

}  // namespace fathom::cli
