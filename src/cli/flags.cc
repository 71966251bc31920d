#include "cli/flags.h"

#include "image/image.h"
#include "report/reporter.h"

namespace fathom::cli {

bool Arguments::on(std::string_view flag) const { return one(flag) == "true"; }

std::string_view Arguments::one(std::string_view flag, std::string_view fallback) const {
  const std::vector<std::string>& given = all(flag);
  return given.empty() ? fallback : std::string_view(given.back());
}

const std::vector<std::string>& Arguments::all(std::string_view flag) const {
  static const std::vector<std::string> kNone;
  auto found = values.find(flag);
  return found == values.end() ? kNone : found->second;
}

const Command* find_command(std::string_view name) {
  for (const Command& command : all_commands())
    if (command.name == name) return &command;
  return nullptr;
}

std::string format_names() {
  std::string names;
  for (const Reporter* reporter : all_reporters())
    names += (names.empty() ? "" : " ") + std::string(reporter->name);
  return names;
}

std::string scheme_names() {
  std::string names;
  for (const image::Source* source : image::all_sources())
    names += (names.empty() ? "" : " ") + std::string(source->name);
  return names;
}

}  // namespace fathom::cli
