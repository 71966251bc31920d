#include <signal.h>
#include <unistd.h>

#include <cstdio>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/generate.h"
#include "cli/output.h"
#include "cli/parse.h"
#include "confine/child.h"
#include "scan/examine.h"

namespace fathom::cli {
namespace {

constexpr const char* kConfigFile = ".fathom.yaml";
constexpr std::uint64_t kMostConfigBytes = 1 << 20;

Result<Arguments> gather(const Command& command, const std::vector<std::string>& words) {
  Arguments arguments = TRY(parse(command, words));
  add_environment(command, arguments);
  if (command.flags.empty() || ::access(kConfigFile, F_OK) != 0) return arguments;
  std::string yaml = TRY(read_file(kConfigFile, kMostConfigBytes));
  TRY(add_config(command, yaml, arguments).in(kConfigFile));
  return arguments;
}

int run(const std::vector<std::string>& words) {
  if (words.empty()) {
    std::fputs(overview().c_str(), stderr);
    return kExitUsage;
  }
  if (words[0] == "--help" || words[0] == "-h") return write_stdout(overview()) ? 0 : kExitUsage;
  if (words[0] == "--version") return run_version({});
  const Command* command = find_command(words[0]);
  if (command == nullptr) {
    const std::string_view nearest = nearest_command(words[0]);
    log::error("there is no command \"" + printable(words[0]) + "\"; " +
               (nearest.empty() ? "see fathom help"
                                : "did you mean fathom " + std::string(nearest) + "?"));
    return kExitUsage;
  }
  Result<Arguments> arguments = gather(*command, {words.begin() + 1, words.end()});
  if (!arguments) {
    log::error(arguments.error().message);
    return kExitUsage;
  }
  if (arguments->on("help")) return write_stdout(help_of(*command)) ? 0 : kExitUsage;
  return command->run(*arguments);
}

}  // namespace
}  // namespace fathom::cli

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 1 && words[0] == fathom::confine::kChildArgument)
    return fathom::run_confined_child(
        fathom::confine::Channel(fathom::confine::Fd(fathom::confine::kChildDescriptor)));
  return fathom::cli::run(words);
}
