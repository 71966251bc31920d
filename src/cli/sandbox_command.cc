// `fathom sandbox TARGET`: which system calls its programs can make, as filters.

#include <functional>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/page.h"
#include "sandbox/profile.h"
#include "scan/sandbox.h"

namespace fathom::cli {
namespace {

Done write_to(std::string_view file, const std::string& text) {
  return write_page(file == "-" ? std::string() : std::string(file), text);
}

Done write_filters(const Arguments& arguments, const sandbox::Profile& profile) {
  std::string_view seccomp = arguments.one("seccomp"), systemd = arguments.one("systemd"),
                   kubernetes = arguments.one("kubernetes");
  if (!seccomp.empty()) TRY(write_to(seccomp, oci_json(profile)));
  if (!systemd.empty()) TRY(write_to(systemd, systemd_unit(profile)));
  if (!kubernetes.empty()) {
    bool named = !seccomp.empty() && seccomp != "-";
    TRY(write_to(kubernetes, kubernetes_yaml(profile, named ? seccomp : "profile.json")));
  }
  if (seccomp.empty() && systemd.empty() && kubernetes.empty())
    TRY(write_to("-", table_of(profile)));
  return Ok{};
}

Result<int> make_sandbox(const Arguments& arguments) {
  if (arguments.operands.empty()) return usage("no target was named; see fathom sandbox --help");
  if (arguments.operands[0] == "-")
    return usage("the target is read twice, which standard input cannot be; save it to a file");
  ExamineOptions options;
  options.jobs = TRY(parse_count(arguments, "jobs", available_jobs(), 1024));
  Target target = TRY(parse_target(arguments.operands[0]));
  target.platform = arguments.one("platform");
  std::vector<std::string> programs(arguments.operands.begin() + 1, arguments.operands.end());
  sandbox::StaticSet set = TRY(sandbox_set(target, programs, options).in(printable(target.text)));
  sandbox::Profile profile = sandbox::make_profile(set);
  TRY(write_filters(arguments, profile));
  for (const sandbox::Question& question : profile.unresolved)
    log::warning("unresolved: " + printable(question.file) + " at " + hex_number(question.place) +
                 ": " + printable(question.what));
  log::progress_done();
  return profile.complete() ? 0 : 1;
}

}  // namespace

int run_sandbox(const Arguments& arguments) { return run_command(arguments, make_sandbox); }

}  // namespace fathom::cli
