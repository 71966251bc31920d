// The command line, then FATHOM_* variables, then .fathom.yaml: the first that names a flag wins.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"

namespace fathom::cli {

// `words` are what follows the command. -- ends the flags; --flag=value and --flag value, -o value
// and -ovalue are the same. Errors name the word and, for a misspelt flag, the nearest one.
Result<Arguments> parse(const Command& command, const std::vector<std::string>& words);

// Fills in flags that were not typed, from the environment.
void add_environment(const Command& command, Arguments& arguments);

// … and from a YAML text whose keys are flag names.
Done add_config(const Command& command, const std::string& yaml, Arguments& arguments);

}  // namespace fathom::cli
