// Every command and every flag, once. Parsing, --help, man page, shell completions, FATHOM_*
// variables and .fathom.yaml keys are all made from these tables.

#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::cli {

struct Flag {
  std::string_view name;      // "output": --output, FATHOM_OUTPUT, "output:" in .fathom.yaml
  char letter = 0;            // -o
  std::string_view argument;  // "FORMAT[=FILE]"; empty: a switch
  bool repeatable = false;
  std::string_view summary;  // one line
  std::string_view details;  // for --help and the man page; may be empty
  std::string_view choices;  // space-separated words for completion; may be empty
};

// What was typed, or came from the environment or the configuration file: flag name → values.
// A switch that is on has the value "true".
using Values = std::map<std::string, std::vector<std::string>, std::less<>>;

struct Arguments {
  std::vector<std::string> operands;
  Values values;

  bool on(std::string_view flag) const;
  std::string_view one(std::string_view flag, std::string_view fallback = {}) const;
  const std::vector<std::string>& all(std::string_view flag) const;
};

struct Command {
  std::string_view name;
  std::string_view operands;  // "TARGET"
  std::string_view summary;
  std::string_view details;
  std::span<const Flag> flags;
  int (*run)(const Arguments&);
};
std::span<const Command> all_commands();
const Command* find_command(std::string_view name);  // null when there is none

// The words that stand for formats and sources, from their own tables.
std::string format_names();
std::string scheme_names();

}  // namespace fathom::cli
