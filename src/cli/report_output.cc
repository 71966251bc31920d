#include "cli/report_output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "cli/output.h"

namespace fathom::cli {
namespace {

Error usage(std::string message) { return {ErrorCode::usage, std::move(message)}; }

Result<Output> parse_output(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  Output output{find_reporter(name),
                equals == text.npos ? "" : std::string(text.substr(equals + 1))};
  if (output.reporter == nullptr)
    return usage("there is no format \"" + printable(name) + "\"; there are: " + format_names());
  if (equals != text.npos && output.file.empty())
    return usage("no file behind \"" + printable(text) + "\"");
  if (output.file == "-") output.file.clear();
  return output;
}

// COLUMNS, else the terminal's width, else 100.
std::size_t page_width() {
  constexpr std::size_t kDefault = 100, kLeast = 60, kMost = 200;
  std::size_t width = kDefault;
  winsize size{};
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr && *columns != '\0')
    width = parse_unsigned(columns).value_or(kDefault);
  else if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    width = size.ws_col;
  return std::clamp(width, kLeast, kMost);
}

bool wants_colour(const Arguments& arguments) {
  std::string_view when = arguments.one("color", "auto");
  if (when != "auto") return when == "always";
  return ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
}

}  // namespace

Result<std::vector<Output>> parse_outputs(const Arguments& arguments) {
  std::vector<Output> outputs;
  for (std::string_view text : arguments.all("output")) outputs.push_back(TRY(parse_output(text)));
  for (std::size_t i = 0; i < outputs.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      if (outputs[i].file != outputs[j].file) continue;
      if (outputs[i].file.empty())
        return usage("only one format can go to stdout; give the others a =FILE");
      return usage("two formats for the file \"" + printable(outputs[i].file) + "\"");
    }
  if (outputs.empty()) outputs.push_back({find_reporter("table"), ""});
  return outputs;
}

Done write_outputs(const std::vector<Output>& outputs, const Report& report,
                   const Arguments& arguments) {
  for (const Output& output : outputs) {
    ReportOptions options;
    options.width = page_width();
    options.colour = output.file.empty() && wants_colour(arguments);
    options.show_suppressed = arguments.on("show-suppressed");
    std::string text = output.reporter->run(report, options);
    if (!output.file.empty())
      TRY(write_file(output.file, text));
    else if (!write_stdout(text))
      return Error{ErrorCode::io, "nobody reads the output"};
  }
  return Ok{};
}

}  // namespace fathom::cli
