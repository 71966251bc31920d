// fathom convert: a saved report in another format, without the image.

#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/report_output.h"
#include "scan/documents.h"

namespace fathom::cli {
namespace {

Result<int> convert(const Arguments& arguments) {
  if (arguments.operands.size() != 1)
    return usage(arguments.operands.empty() ? "no report was named; see fathom convert --help"
                                            : "one report at a time");
  const std::vector<Output> outputs = TRY(parse_outputs(arguments, find_reporter("table")));
  const std::string& path = arguments.operands[0];
  const std::string text = TRY(read_file(path == "-" ? "/dev/stdin" : path, Limits{}.report_bytes));
  const Report report = TRY(read_report_confined(text, path));
  TRY(write_outputs(outputs, report, arguments));
  return 0;
}

}  // namespace

int run_convert(const Arguments& arguments) {
  Result<int> status = convert(arguments);
  if (status) return *status;
  log::error(status.error().message);
  return kExitUsage;
}

}  // namespace fathom::cli
