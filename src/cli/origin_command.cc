// fathom origin and fathom base: where an image's files and components come from.

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/page.h"
#include "cli/scanning.h"
#include "lineage/base_rows.h"
#include "report/origin_json.h"
#include "report/origin_text.h"

namespace fathom::cli {
namespace {

ReportOptions page_options() {
  ReportOptions options;
  options.width = page_width();
  return options;
}

Result<int> report_origin(const Arguments& arguments) {
  if (arguments.operands.empty()) return usage("no target was named; see fathom origin --help");
  const PageOutput output = TRY(parse_page_output(arguments));
  const Scanning scanning = TRY(prepare_scan(arguments));
  Report report = TRY(scan_named(arguments.operands[0], arguments, scanning));
  const std::vector<std::string> paths(arguments.operands.begin() + 1, arguments.operands.end());
  for (const std::string& path : paths)
    if (origin_table(report, {path}, page_options()).empty())
      return usage("there is no file with content at \"" + printable(path) + "\"");
  TRY(write_page(output.file, output.json() ? origin_json(report, paths)
                                            : origin_table(report, paths, page_options())));
  return 0;
}

std::string day_of_report(const Report& report) {
  const std::string& created = report.origin.base.created;
  return created.empty() ? report.now.substr(0, 10) : created;
}

// The row by which images built on this one are recognised.
Result<std::string> row_for(std::string_view name, const Report& report) {
  std::vector<std::string> digests;
  for (const LayerRow& layer : report.image.layers) {
    if (layer.diff_id.empty())
      return usage("the target has no layers by whose digests it could be recognised");
    digests.push_back(layer.diff_id);
  }
  if (digests.empty()) return usage("the target has no layers");
  if (name.find_first_of("\t\n") != name.npos) return usage("--as wants a name in one line");
  const LayerRow& last = report.image.layers.back();
  const bool has_day = last.created.size() >= 10 && last.created.substr(0, 4) > "1990";
  return lineage::layers_line(name, has_day ? last.created.substr(0, 10) : day_of_report(report),
                              digests);
}

// What --fail-on and --max-age find to complain about.
Result<std::vector<std::string>> complaints(const Arguments& arguments, const Report& report) {
  const BaseImage& base = report.origin.base;
  const std::uint64_t most = TRY(parse_count(arguments, "max-age", 100'000, 100'000));
  std::vector<std::string> out;
  if (base.age_days >= 0 && static_cast<std::uint64_t>(base.age_days) > most)
    out.push_back("the base image is " + std::to_string(base.age_days) + " days old");
  // An age that is not known is not a young one.
  if (!arguments.one("max-age").empty() && base.age_days < 0)
    out.emplace_back("the age of the base image is not known");
  for (const std::string& word : arguments.all("fail-on")) {
    if (word == "updates") {
      if (!base.updates.empty())
        out.push_back(std::to_string(base.updates.size()) + " packages of the base have updates");
    } else if (word == "end-of-life") {
      if (!base.end_of_life.empty() && base.end_of_life <= report.now.substr(0, 10))
        out.push_back("the release of the base gets no fixes since " + printable(base.end_of_life));
    } else if (word == "unknown") {
      if (base.by == BaseBy::nothing) out.emplace_back("no base image was recognised");
    } else {
      return usage("--fail-on wants updates, end-of-life or unknown here");
    }
  }
  return out;
}

Result<int> report_base(const Arguments& arguments) {
  if (arguments.operands.size() != 1)
    return usage(arguments.operands.empty() ? "no target was named; see fathom base --help"
                                            : "one target at a time");
  const PageOutput output = TRY(parse_page_output(arguments, {"table", "json", "watch"}));
  // The gates here are not those of scan.
  Arguments for_scan = arguments;
  for_scan.values.erase("fail-on");
  const Scanning scanning = TRY(prepare_scan(for_scan));
  Report report = TRY(scan_named(arguments.operands[0], arguments, scanning));
  if (const std::string_view name = arguments.one("as"); !name.empty()) {
    const std::string row = TRY(row_for(name, report));
    TRY(write_page(output.file, row));
    return 0;
  }
  const std::vector<std::string> wrong = TRY(complaints(arguments, report));
  TRY(write_page(output.file, output.json()              ? base_json(report)
                              : output.format == "watch" ? watch_list(report)
                                                         : base_table(report, page_options())));
  for (const std::string& complaint : wrong) log::warning(complaint);
  return wrong.empty() ? 0 : 1;
}

}  // namespace

int run_origin(const Arguments& arguments) { return run_command(arguments, report_origin); }

int run_base(const Arguments& arguments) { return run_command(arguments, report_base); }

}  // namespace fathom::cli
