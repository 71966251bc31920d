#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/text.h"
#include "cli/parse.h"

namespace fathom::cli {
namespace {

const Flag* find_flag(const Command& command, std::string_view name) {
  for (const Flag& flag : command.flags)
    if (flag.name == name) return &flag;
  return nullptr;
}

// One file is for all commands.
bool is_flag_of_another(std::string_view name) {
  const std::span<const Command> commands = all_commands();
  return std::any_of(commands.begin(), commands.end(),
                     [&](const Command& command) { return find_flag(command, name) != nullptr; });
}

Done add_key(const Command& command, const YAML::Node& key, const YAML::Node& value,
             Arguments& arguments) {
  std::string name = key.as<std::string>();
  std::string place = "line " + std::to_string(key.Mark().line + 1);
  const Flag* flag = find_flag(command, name);
  if (flag == nullptr && is_flag_of_another(name)) return Ok{};
  if (flag == nullptr)
    return Error{ErrorCode::usage, place + ": there is no flag \"" + printable(name) + "\""};
  if (value.IsSequence() && !flag->repeatable)
    return Error{ErrorCode::usage, place + ": " + name + " takes one value"};
  if (arguments.values.contains(name)) return Ok{};
  std::vector<std::string>& values = arguments.values[name];
  if (value.IsSequence())
    for (const YAML::Node& item : value) values.push_back(item.as<std::string>());
  else if (flag->argument.empty())
    values = {value.as<bool>() ? "true" : "false"};
  else
    values = {value.as<std::string>()};
  return Ok{};
}

}  // namespace

// yaml-cpp throws; this is where that ends.
Done add_config(const Command& command, const std::string& yaml, Arguments& arguments) {
  try {
    YAML::Node root = YAML::Load(yaml);
    if (root.IsNull()) return Ok{};
    if (!root.IsMap()) return Error{ErrorCode::usage, "a map of flag names to values was expected"};
    for (const auto& member : root) TRY(add_key(command, member.first, member.second, arguments));
    return Ok{};
  } catch (const YAML::Exception& failure) {
    return Error{ErrorCode::usage, failure.what()};
  }
}

}  // namespace fathom::cli
