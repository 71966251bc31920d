#include <cstdlib>
#include <ctime>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "report/reporter.h"
#include "scan/scan.h"
#include "vuln/embedded_pack.h"

namespace fathom::cli {
namespace {

constexpr std::uint64_t kMostPolicyBytes = 64 * kMiB;

struct Output {
  const Reporter* reporter = nullptr;
  std::string file;  // empty: stdout
};

Result<std::vector<Output>> parse_outputs(const Arguments& arguments) {
  std::vector<Output> outputs;
  std::size_t to_stdout = 0;
  for (std::string_view text : arguments.all("output")) {
    std::size_t equals = text.find('=');
    Output output{find_reporter(text.substr(0, equals)),
                  equals == text.npos ? "" : std::string(text.substr(equals + 1))};
    if (output.reporter == nullptr)
      return usage("there is no format \"" + printable(text.substr(0, equals)) +
                   "\"; there are: " + format_names());
    if (equals != text.npos && output.file.empty())
      return usage("no file behind \"" + printable(text) + "\"");
    to_stdout += output.file.empty() ? 1 : 0;
    outputs.push_back(std::move(output));
  }
  if (to_stdout > 1) return usage("only one format can go to stdout; give the others a =FILE");
  if (outputs.empty()) outputs.push_back({find_reporter("table"), ""});
  return outputs;
}

std::string current_time() {
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

Result<std::string> parse_now(const Arguments& arguments) {
  std::string text(arguments.one("now"));
  if (text.empty()) return current_time();
  if (text.size() == 10) text += "T00:00:00Z";
  std::tm parts{};
  const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0' || text.size() != 20)
    return usage("--now wants a time like 2026-11-24 or 2026-11-24T12:00:00Z");
  return text;
}

template <class T>
Done append_parsed(std::vector<T>& to, const std::string& path,
                   Result<std::vector<T>> (*parse)(std::string_view, std::string_view)) {
  std::string text = TRY(read_file(path, kMostPolicyBytes));
  std::vector<T> parsed = TRY(parse(text, path));
  to.insert(to.end(), parsed.begin(), parsed.end());
  return Ok{};
}

Result<policy::Gates> parse_gates(const Arguments& arguments) {
  policy::Gates gates;
  std::vector<std::string> words = arguments.all("fail-on");
  if (words.empty() && arguments.on("ci")) words = {"high", "kev"};
  for (const std::string& word : words) TRY(policy::add_gate(gates, word));
  gates.strict = arguments.on("strict");
  std::string least(arguments.one("min-coverage"));
  if (least.empty()) return gates;
  char* end = nullptr;
  double percent = std::strtod(least.c_str(), &end);
  if (*end != '\0' || !(percent >= 0 && percent <= 100))
    return usage("--min-coverage wants per cent, 0 to 100");
  gates.min_coverage = percent;
  return gates;
}

Result<policy::Policy> parse_policy(const Arguments& arguments) {
  policy::Policy policy;
  policy.gates = TRY(parse_gates(arguments));
  for (const std::string& path : arguments.all("ignore-file"))
    TRY(append_parsed(policy.ignore, path, policy::parse_ignore_file));
  for (const std::string& path : arguments.all("vex"))
    TRY(append_parsed(policy.ignore, path, policy::parse_openvex));
  std::string baseline(arguments.one("baseline"));
  if (!baseline.empty()) {
    TRY(append_parsed(policy.baseline, baseline, policy::parse_baseline));
    policy.has_baseline = true;
  }
  return policy;
}

Done write_outputs(const std::vector<Output>& outputs, const Report& report,
                   const Arguments& arguments) {
  for (const Output& output : outputs) {
    ReportOptions options{page_width(), output.file.empty() && wants_colour(arguments)};
    std::string text = output.reporter->run(report, options);
    if (!output.file.empty())
      TRY(write_file(output.file, text));
    else if (!write_stdout(text))
      return Error{ErrorCode::io, "nobody reads the output"};
  }
  return Ok{};
}

Result<int> scan_and_report(const Arguments& arguments) {
  if (arguments.operands.size() != 1)
    return usage(arguments.operands.empty() ? "no target was named; see fathom scan --help"
                                            : "one target at a time");
  std::vector<Output> outputs = TRY(parse_outputs(arguments));
  ScanOptions options;
  options.now = TRY(parse_now(arguments));
  options.policy = TRY(parse_policy(arguments));
  options.examine.jobs = TRY(parse_count(arguments, "jobs", available_jobs(), 1024));
  options.examine.stall_seconds =
      static_cast<int>(TRY(parse_count(arguments, "stall-timeout", 300, 86'400)));
  Target target = TRY(parse_target(arguments.operands[0]));
  target.platform = arguments.one("platform");
  std::string place = printable(target.text);
  Report report = TRY(scan(target, vuln::embedded_pack(), std::move(options)).in(place));
  TRY(write_outputs(outputs, report, arguments));
  return report.exit_status;
}

}  // namespace

int run_scan(const Arguments& arguments) {
  bool quiet = arguments.on("quiet") || arguments.on("ci");
  log::set_level(quiet ? log::Level::quiet : log::Level::normal);
  Result<int> status = scan_and_report(arguments);
  if (status) return *status;
  log::progress_done();
  log::error(status.error().message);
  return kExitUsage;
}

}  // namespace fathom::cli
