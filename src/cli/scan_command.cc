#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "base/log.h"
#include "base/parallel.h"
#include "base/text.h"
#include "cli/commands.h"
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

Error usage(std::string message) { return {ErrorCode::usage, std::move(message)}; }

Result<std::vector<Output>> parse_outputs(const Arguments& arguments, const Reporter* usual) {
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
  if (outputs.empty()) outputs.push_back({usual, ""});
  return outputs;
}

Result<std::uint64_t> parse_count(const Arguments& arguments, std::string_view flag,
                                  std::uint64_t fallback, std::uint64_t most) {
  std::string_view text = arguments.one(flag);
  if (text.empty()) return fallback;
  std::optional<std::uint64_t> value = parse_unsigned(text);
  if (!value || *value == 0 || *value > most)
    return usage("--" + std::string(flag) + " wants a number from 1 to " + std::to_string(most));
  return *value;
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

Result<int> scan_and_report(const Arguments& arguments, const Reporter* usual) {
  if (arguments.operands.size() != 1)
    return usage(arguments.operands.empty() ? "no target was named; see fathom scan --help"
                                            : "one target at a time");
  std::vector<Output> outputs = TRY(parse_outputs(arguments, usual));
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

namespace {

int run_with(const Arguments& arguments, const Reporter* usual) {
  bool quiet = arguments.on("quiet") || arguments.on("ci");
  log::set_level(quiet ? log::Level::quiet : log::Level::normal);
  Result<int> status = scan_and_report(arguments, usual);
  if (status) return *status;
  log::progress_done();
  log::error(status.error().message);
  return kExitUsage;
}

}  // namespace

int run_scan(const Arguments& arguments) { return run_with(arguments, find_reporter("table")); }

// These answer a question; whether an image may pass is what scan decides.
int run_exec(const Arguments& arguments) {
  return run_with(arguments, &kExecutionPage) == kExitUsage ? kExitUsage : 0;
}

int run_config(const Arguments& arguments) {
  return run_with(arguments, &kConfigurationPage) == kExitUsage ? kExitUsage : 0;
}

}  // namespace fathom::cli
