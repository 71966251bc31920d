// Questions about the files of an image that need no advisories.

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/page.h"
#include "report/hardening.h"
#include "report/ldd.h"
#include "scan/inspect.h"

namespace fathom::cli {
namespace {

Result<Inspected> inspect_target(const Arguments& arguments, Target& target) {
  ExamineOptions options;
  options.jobs = TRY(parse_count(arguments, "jobs", available_jobs(), 1024));
  target = TRY(parse_target(arguments.operands[0]));
  target.platform = arguments.one("platform");
  std::string place = printable(target.text);
  return inspect(target, options).in(place);
}

// Without paths all rows stay. A path that names nothing is an error, not an empty table.
Done keep_only(std::vector<HardeningRow>& rows, std::span<const std::string> paths) {
  if (paths.empty()) return Ok{};
  std::vector<HardeningRow> kept;
  for (std::string_view path : paths) {
    while (path.starts_with('/')) path.remove_prefix(1);
    const std::size_t before = kept.size();
    for (const HardeningRow& row : rows)
      if (row.path == path || (row.path.starts_with(path) && row.path[path.size()] == '/'))
        kept.push_back(row);
    if (kept.size() == before)
      return usage("no program and no shared object at \"" + printable(path) + "\"");
  }
  rows = std::move(kept);
  return Ok{};
}

Result<int> report_hardening(const Arguments& arguments) {
  if (arguments.operands.empty()) return usage("no target was named; see fathom hardening --help");
  const PageOutput output = TRY(parse_page_output(arguments));
  Target target;
  Inspected inspected = TRY(inspect_target(arguments, target));
  Report report = hardening_report(target, inspected);
  TRY(keep_only(report.hardening, std::span(arguments.operands).subspan(1)));
  ReportOptions options{page_width(), output.file.empty() && wants_colour(arguments)};
  TRY(write_page(output.file,
                 output.json() ? hardening_json(report) : hardening_table(report, options)));
  return 0;
}

// The paths that were asked for must be there: a misspelt one would look like a static program.
Done all_there(const std::vector<std::string>& paths, const image::FileTree& tree) {
  for (const std::string& path : paths)
    if (tree.find(path) == nullptr)
      return usage("there is no \"" + printable(path) + "\" in the target");
  return Ok{};
}

Result<int> report_links(const Arguments& arguments) {
  if (arguments.operands.empty()) return usage("no target was named; see fathom ldd --help");
  const PageOutput output = TRY(parse_page_output(arguments));
  Target target;
  Inspected inspected = TRY(inspect_target(arguments, target));
  const std::vector<std::string> paths(arguments.operands.begin() + 1, arguments.operands.end());
  TRY(all_there(paths, inspected.tree));
  std::vector<LinkRow> rows = link_rows(inspected, paths, arguments.one("cpu"));
  TRY(write_page(output.file, output.json() ? ldd_json(target.text, rows) : ldd_text(rows)));
  const bool complete = std::ranges::all_of(rows, [](const LinkRow& row) {
    return row.complete() && (row.interpreter.empty() || !row.interpreter_file.empty());
  });
  return complete ? 0 : 1;
}

}  // namespace

int run_ldd(const Arguments& arguments) { return run_command(arguments, report_links); }

int run_hardening(const Arguments& arguments) { return run_command(arguments, report_hardening); }

}  // namespace fathom::cli
