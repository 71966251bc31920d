#include "cli/page.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"

namespace fathom::cli {

Result<PageOutput> parse_page_output(const Arguments& arguments,
                                     std::initializer_list<std::string_view> formats) {
  const std::string_view text = arguments.one("output", *formats.begin());
  const std::size_t equals = text.find('=');
  PageOutput output{std::string(text.substr(0, equals)),
                    equals == text.npos ? "" : std::string(text.substr(equals + 1))};
  if (std::ranges::find(formats, output.format) != formats.end()) return output;
  std::string known;
  for (std::string_view format : formats) known += " " + std::string(format);
  return usage("there is no format \"" + printable(output.format) + "\" here; there are:" + known);
}

Done write_page(const std::string& file, std::string_view text) {
  if (!file.empty()) return write_file(file, text);
  if (!write_stdout(text)) return Error{ErrorCode::io, "nobody reads the output"};
  return Ok{};
}

int run_command(const Arguments& arguments, Result<int> (*body)(const Arguments&)) {
  log::set_level(arguments.on("quiet") ? log::Level::quiet : log::Level::normal);
  Result<int> status = body(arguments);
  if (status) return *status;
  log::progress_done();
  log::error(status.error().message);
  return kExitUsage;
}

}  // namespace fathom::cli
