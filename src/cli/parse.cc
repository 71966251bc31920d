// A parser of sixty lines over the flag table. CLI11 would bring its own tables and its own help,
// and the point of flags.h is that there is only one.

#include "cli/parse.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <optional>

#include "base/text.h"

namespace fathom::cli {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0u);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j)
      diagonal = std::exchange(
          row[j + 1], std::min({row[j + 1] + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)}));
  }
  return row.back();
}

Error unknown_flag(const Command& command, std::string_view word) {
  std::string message = "fathom " + std::string(command.name) + " has no flag " + printable(word);
  const std::string_view nearest =
      word.starts_with("--") ? nearest_flag(command, word.substr(2)) : std::string_view();
  if (!nearest.empty()) message += "; did you mean --" + std::string(nearest) + "?";
  return {ErrorCode::usage, message};
}

class Parser {
 public:
  Parser(const Command& command, const std::vector<std::string>& words)
      : command_(command), words_(words) {}

  Result<Arguments> run() {
    bool flags_ended = false;
    while (next_ < words_.size()) {
      std::string_view word = words_[next_++];
      if (flags_ended || word == "-" || !word.starts_with('-'))
        arguments_.operands.emplace_back(word);
      else if (word == "--")
        flags_ended = true;
      else if (word == "--help" || word == "-h")
        arguments_.values["help"] = {"true"};
      else
        TRY(word.starts_with("--") ? take_long(word) : take_letter(word));
    }
    return std::move(arguments_);
  }

 private:
  Done take_long(std::string_view word) {
    std::size_t equals = word.find('=');
    std::string_view name = word.substr(2, equals == word.npos ? equals : equals - 2);
    for (const Flag& flag : command_.flags) {
      if (flag.name != name) continue;
      if (equals == word.npos) return take_value(flag, word, std::nullopt);
      return take_value(flag, word, word.substr(equals + 1));
    }
    return unknown_flag(command_, word.substr(0, equals));
  }

  Done take_letter(std::string_view word) {
    for (const Flag& flag : command_.flags) {
      if (flag.letter == 0 || flag.letter != word[1]) continue;
      if (word.size() == 2) return take_value(flag, word, std::nullopt);
      return take_value(flag, word, word.substr(2));
    }
    return unknown_flag(command_, word);
  }

  Done take_value(const Flag& flag, std::string_view word, std::optional<std::string_view> value) {
    std::string name(flag.name);
    if (flag.argument.empty()) {
      if (value && *value != "true" && *value != "false")
        return Error{ErrorCode::usage, "--" + name + " takes no value"};
      return set(flag, std::string(value.value_or("true")));
    }
    if (!value) {
      if (next_ == words_.size())
        return Error{ErrorCode::usage,
                     std::string(word) + " wants a value: " + std::string(flag.argument)};
      value = words_[next_++];
    }
    return set(flag, std::string(*value));
  }

  Done set(const Flag& flag, std::string value) {
    std::vector<std::string>& values = arguments_.values[std::string(flag.name)];
    if (!flag.repeatable && !values.empty())
      return Error{ErrorCode::usage, "--" + std::string(flag.name) + " was given twice"};
    values.push_back(std::move(value));
    return Ok{};
  }

  const Command& command_;
  const std::vector<std::string>& words_;
  std::size_t next_ = 0;
  Arguments arguments_;
};

}  // namespace

Result<Arguments> parse(const Command& command, const std::vector<std::string>& words) {
  return Parser(command, words).run();
}

std::string_view nearest_flag(const Command& command, std::string_view name) {
  constexpr std::size_t kFar = 4;
  if (name.size() > 32) return {};
  std::string_view nearest;
  std::size_t least = kFar;
  for (const Flag& flag : command.flags)
    if (const std::size_t distance = edit_distance(flag.name, name); distance < least) {
      least = distance;
      nearest = flag.name;
    }
  return nearest;
}

std::string_view nearest_command(std::string_view word) {
  constexpr std::size_t kFar = 3;
  if (word.size() > 32) return {};
  std::string_view nearest;
  std::size_t least = kFar;
  for (const Command& command : all_commands())
    if (const std::size_t distance = edit_distance(command.name, word); distance < least) {
      least = distance;
      nearest = command.name;
    }
  return nearest;
}

void add_environment(const Command& command, Arguments& arguments) {
  for (const Flag& flag : command.flags) {
    std::string name = "FATHOM_";
    for (char c : flag.name) name += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0' || arguments.values.contains(flag.name)) continue;
    std::vector<std::string>& values = arguments.values[std::string(flag.name)];
    std::string text = value;
    if (flag.argument.empty()) text = text == "0" || text == "false" ? "false" : "true";
    if (!flag.repeatable)
      values = {text};
    else
      for (std::string_view part : split(text, ','))
        if (!trim(part).empty()) values.emplace_back(trim(part));
  }
}

}  // namespace fathom::cli
