// fathom diff: two images, files, reports or SBOMs. Both become reports, and these are compared; of
// programs that differ the functions too, where the programs themselves are at hand.

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/scanning.h"
#include "diff/write.h"
#include "scan/documents.h"
#include "scan/functions.h"

namespace fathom::cli {
namespace {

constexpr std::size_t kMostPrograms = 10;  // compared by function when none is named

struct Side {
  std::string name;
  Report report;
  bool is_saved = false;  // read from a report: the files themselves are not at hand
  Target target;
};

// What fathom scan -o json wrote; anything else is a target.
bool looks_like_a_report(const std::string& name) {
  const Result<std::string> text = read_file(name, Limits{}.report_bytes);
  return text && trim(std::string_view(*text).substr(0, 64)).starts_with('{') &&
         text->find("\"name\": \"fathom\"") != std::string::npos &&
         text->find("\"coverage\"") != std::string::npos;
}

Result<Side> read_side(const std::string& name, const Arguments& arguments,
                       const Scanning& scanning) {
  Side side;
  side.name = name;
  side.is_saved = name.find(':') == name.npos && looks_like_a_report(name);
  if (side.is_saved) {
    const std::string text = TRY(read_file(name, Limits{}.report_bytes));
    side.report = TRY(read_report_confined(text, name));
    return side;
  }
  side.report = TRY(scan_named(name, arguments, scanning));
  side.target = TRY(parse_target(name));
  side.target.platform = arguments.one("platform");
  return side;
}

Result<code::ProgramPrint> print_of(const Side& side, const std::string& path,
                                    const Scanning& scanning) {
  const bool is_file = side.report.image.source == "file";
  return print_program_confined(side.target, is_file ? "" : path, scanning.options.examine)
      .in(printable(is_file ? side.name : side.name + ": " + path));
}

// Two files need no path; of images those that are named, or the first that differ.
std::vector<std::string> programs_of(const Side& before, const Side& after,
                                     const Arguments& arguments, diff::Compared& out) {
  const std::vector<std::string> named(arguments.operands.begin() + 2, arguments.operands.end());
  const bool are_files =
      before.report.image.source == "file" && after.report.image.source == "file";
  const bool are_programs =
      are_files && std::ranges::all_of(std::array{&before, &after}, [](const Side* side) {
        return !side->report.files.empty() && side->report.files[0].kind == "elf";
      });
  std::vector<std::string> paths = are_programs    ? std::vector{after.report.files[0].path}
                                   : named.empty() ? out.report.changed_programs
                                                   : named;
  if (before.is_saved || after.is_saved) {
    if (!paths.empty())
      out.notes.emplace_back("functions are compared of programs only, not of saved reports");
    return {};
  }
  if (named.empty() && paths.size() > kMostPrograms) {
    out.notes.push_back("functions are compared of " + std::to_string(kMostPrograms) + " of " +
                        std::to_string(paths.size()) +
                        " programs that differ; name others after the targets");
    paths.resize(kMostPrograms);
  }
  return paths;
}

Done compare_programs(const Side& before, const Side& after, const Arguments& arguments,
                      const Scanning& scanning, diff::Compared& out) {
  const bool are_named = arguments.operands.size() > 2;
  for (const std::string& path : programs_of(before, after, arguments, out)) {
    Result<code::ProgramPrint> a = print_of(before, path, scanning);
    Result<code::ProgramPrint> b =
        a ? print_of(after, path, scanning) : Result<code::ProgramPrint>(a.error());
    if (!b) {
      if (are_named) return b.error();
      out.notes.push_back("functions are not compared: " + b.error().message);
      continue;
    }
    diff::ProgramDiff functions = diff::compare(*a, *b);
    out.programs.push_back({path, std::move(*a), std::move(*b), std::move(functions)});
  }
  return Ok{};
}

Result<int> run(const Arguments& arguments) {
  if (arguments.operands.size() < 2)
    return usage("two targets or reports are compared; see fathom diff --help");
  const PageOutput output = TRY(parse_page_output(arguments));
  const Scanning scanning = TRY(prepare_scan(arguments));
  const Side before = TRY(read_side(arguments.operands[0], arguments, scanning));
  const Side after = TRY(read_side(arguments.operands[1], arguments, scanning));
  diff::Compared compared;
  compared.before = before.name;
  compared.after = after.name;
  compared.report = diff::compare(before.report, after.report);
  TRY(compare_programs(before, after, arguments, scanning, compared));
  const std::string out = output.json()
                              ? diff::json_of(compared)
                              : diff::text_of(compared, page_width(), arguments.on("all"));
  TRY(write_page(output.file, out));
  return compared.is_different() ? 1 : 0;
}

}  // namespace

int run_diff(const Arguments& arguments) { return run_command(arguments, run); }

}  // namespace fathom::cli
