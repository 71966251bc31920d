#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

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

Result<std::string> scalar(const YAML::Node& value, std::string_view name) {
  if (!value.IsScalar())
    return Error{ErrorCode::usage, std::string(name) + " wants a text" +
                                       (value.IsNull() ? ", and there is nothing" : "")};
  return value.Scalar();
}

Result<std::vector<std::string>> values_of(const Flag& flag, const YAML::Node& value) {
  std::vector<std::string> values;
  if (flag.argument.empty()) {
    bool on = false;
    if (!YAML::convert<bool>::decode(value, on))
      return Error{ErrorCode::usage, std::string(flag.name) + " wants true or false"};
    return std::vector<std::string>{on ? "true" : "false"};
  }
  if (!value.IsSequence()) return std::vector<std::string>{TRY(scalar(value, flag.name))};
  if (!flag.repeatable) return Error{ErrorCode::usage, std::string(flag.name) + " takes one value"};
  for (const YAML::Node& item : value) values.push_back(TRY(scalar(item, flag.name)));
  return values;
}

Error no_such_flag(const Command& command, const std::string& name) {
  std::string message = "there is no flag \"" + printable(name) + "\"";
  if (const std::string_view nearest = nearest_flag(command, name); !nearest.empty())
    message += "; did you mean " + std::string(nearest) + "?";
  return {ErrorCode::usage, message};
}

// What was typed or came from the environment stays as it is.
Done add_key(const Command& command, const YAML::Node& key, const YAML::Node& value,
             Arguments& arguments) {
  if (!key.IsScalar()) return Error{ErrorCode::usage, "the name of a flag was expected"};
  const std::string& name = key.Scalar();
  const Flag* flag = find_flag(command, name);
  if (flag == nullptr && is_flag_of_another(name)) return Ok{};
  if (flag == nullptr) return no_such_flag(command, name);
  std::vector<std::string> values = TRY(values_of(*flag, value));
  arguments.values.emplace(name, std::move(values));
  return Ok{};
}

std::string line_of(const YAML::Mark& mark) {
  return "line " + std::to_string(mark.is_null() ? 1 : mark.line + 1);
}

}  // namespace

// yaml-cpp throws; this is where that ends.
Done add_config(const Command& command, const std::string& yaml, Arguments& arguments) {
  try {
    YAML::Node root = YAML::Load(yaml);
    if (root.IsNull()) return Ok{};
    if (!root.IsMap()) return Error{ErrorCode::usage, "a map of flag names to values was expected"};
    std::set<std::string> seen;
    for (const auto& member : root) {
      const YAML::Node &key = member.first, &value = member.second;
      const std::string line = line_of(key.Mark());
      // YAML itself is silent about it, and a gate would be lost.
      if (key.IsScalar() && !seen.insert(key.Scalar()).second)
        return Error{ErrorCode::usage, line + ": " + printable(key.Scalar()) +
                                           " stands here twice; several values are a list, [a, b]"};
      TRY(add_key(command, key, value, arguments).in(line));
    }
    return Ok{};
  } catch (const YAML::Exception& failure) {
    return Error{ErrorCode::usage, line_of(failure.mark) + ": not YAML: " + printable(failure.msg)};
  }
}

}  // namespace fathom::cli
