#include "cli/report_output.h"

#include "base/text.h"
#include "cli/options.h"
#include "cli/page.h"

namespace fathom::cli {
namespace {

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

}  // namespace

Result<std::vector<Output>> parse_outputs(const Arguments& arguments, const Reporter* usual) {
  std::vector<Output> outputs;
  for (std::string_view text : arguments.all("output")) outputs.push_back(TRY(parse_output(text)));
  for (std::size_t i = 0; i < outputs.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      if (outputs[i].file != outputs[j].file) continue;
      if (outputs[i].file.empty())
        return usage("only one format can go to stdout; give the others a =FILE");
      return usage("two formats for the file \"" + printable(outputs[i].file) + "\"");
    }
  if (outputs.empty()) outputs.push_back({usual, ""});
  return outputs;
}

Done write_outputs(const std::vector<Output>& outputs, const Report& report,
                   const Arguments& arguments) {
  for (const Output& output : outputs) {
    ReportOptions options;
    options.width = page_width();
    options.colour = output.file.empty() && wants_colour(arguments);
    options.show_suppressed = arguments.on("show-suppressed");
    options.timestamp = arguments.on("timestamp");
    options.nested = arguments.on("nested");
    std::string text = output.reporter->run(report, options);
    TRY(write_page(output.file, text));
  }
  return Ok{};
}

}  // namespace fathom::cli
