#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/data.h"
#include "cli/knowledge.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/report_output.h"
#include "cli/scanning.h"
#include "report/why.h"
#include "scan/documents.h"
#include "scan/scan.h"
#include "vuln/embedded_pack.h"

namespace fathom::cli {
namespace {

constexpr std::uint64_t kMostPolicyBytes = 64 * kMiB;

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
  for (const std::string& word : words)
    for (std::string_view part : split(word, ',')) TRY(policy::add_gate(gates, trim(part)));
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

// Who has one for Trivy means it for whatever scans.
std::vector<std::string> ignore_files(const Arguments& arguments) {
  constexpr const char* kTrivyIgnore = ".trivyignore";
  if (!arguments.all("ignore-file").empty() || ::access(kTrivyIgnore, F_OK) != 0)
    return arguments.all("ignore-file");
  log::info("taking the ignore rules of .trivyignore");
  return {kTrivyIgnore};
}

Result<policy::Policy> parse_policy(const Arguments& arguments) {
  policy::Policy policy;
  policy.gates = TRY(parse_gates(arguments));
  for (const std::string& path : ignore_files(arguments))
    TRY(append_parsed(policy.ignore, path, read_ignore_file_confined));
  for (const std::string& path : arguments.all("vex"))
    TRY(append_parsed(policy.ignore, path, read_vex_confined));
  std::string baseline(arguments.one("baseline"));
  if (!baseline.empty()) {
    TRY(append_parsed(policy.baseline, baseline, read_baseline_confined));
    policy.has_baseline = true;
  }
  return policy;
}

// The report has them too, but not every format shows its notes.
void warn_of_expired(const std::vector<policy::IgnoreRule>& rules, const std::string& now) {
  constexpr std::size_t kMost = 10;
  std::size_t count = 0;
  for (const policy::IgnoreRule& rule : rules) {
    if (!is_expired(rule, now)) continue;
    if (++count <= kMost)
      log::warning(rule.origin + ": the rule for " + printable(rule.id) + " expired on " +
                   rule.expires);
  }
  if (count > kMost)
    log::warning(std::to_string(count - kMost) + " more ignore rules have expired");
}

Result<registry::Options> parse_registry(const Arguments& arguments) {
  registry::Options options;
  options.insecure = arguments.on("insecure");
  options.ca_file = arguments.one("ca-file");
  options.timeout_seconds = TRY(parse_count(arguments, "network-timeout", 30, 3600));
  for (const std::string& text : arguments.all("registry-mirror")) {
    registry::Mirror mirror = TRY(registry::parse_mirror(text));
    options.mirrors.push_back(std::move(mirror));
  }
  return options;
}

Result<Report> scan_target(const Target& target, const ScanOptions& options) {
  std::string place = printable(target.text);
  // A bare word may have been meant as a file.
  if (target.image && place.find_first_of(":/") == place.npos)
    place += " (no file, so the name of an image)";
  return scan(target, vuln::embedded_pack(), options).in(place);
}

Result<int> scan_one(const Target& target, const std::vector<Output>& outputs,
                     const Arguments& arguments, const ScanOptions& options) {
  const Report report = TRY(scan_target(target, options));
  TRY(write_outputs(outputs, report, arguments));
  return report.exit_status;
}

constexpr std::string_view kPlatformMark = "{platform}";

// The platform, with the digest where another image has the same.
std::string file_for(std::string file, const Target& target, const std::vector<Target>& all) {
  constexpr std::size_t kDigestCharacters = sizeof "sha256:" - 1 + 12;
  std::string name = target.platform;
  if (name.empty() || std::ranges::count(all, name, &Target::platform) > 1)
    name += (name.empty() ? "" : "-") + target.reference.substr(0, kDigestCharacters);
  for (char& c : name)
    if (c == '/' || c == ':' || !(c > ' ' && c < 0x7f)) c = '-';
  for (std::size_t at; (at = file.find(kPlatformMark)) != file.npos;)
    file.replace(at, kPlatformMark.size(), name);
  return file;
}

// The statuses from what counts most; see the exit status in the command's help.
int worse(int a, int b) {
  for (int status : {2, 1, 3, 4})
    if (a == status || b == status) return status;
  return 0;
}

Result<int> scan_all(const Target& target, const std::vector<Output>& outputs,
                     const Arguments& arguments, const ScanOptions& options) {
  if (!target.platform.empty()) return usage("--all-platforms and --platform exclude each other");
  for (const Output& output : outputs)
    if (!output.file.empty() && output.file.find(kPlatformMark) == output.file.npos)
      return usage("with --all-platforms a file needs {platform} in its name: " +
                   printable(output.file));
  const std::vector<Target> targets =
      TRY(all_images(target, options.examine).in(printable(target.text)));
  int status = 0;
  for (const Target& one : targets) {
    std::vector<Output> its_own = outputs;
    for (Output& output : its_own) output.file = file_for(output.file, one, targets);
    Result<int> result = scan_one(one, its_own, arguments, options);
    if (!result) log::error(result.error().message);
    status = worse(status, result ? *result : kExitUsage);
  }
  return status;
}

}  // namespace

Result<Scanning> prepare_scan(const Arguments& arguments) {
  Data data = TRY(open_data(arguments));
  Scanning scanning{std::move(data), {}};
  ScanOptions& options = scanning.options;
  options.now = TRY(parse_now(arguments));
  options.policy = TRY(parse_policy(arguments));
  for (const std::string& path : arguments.all("vulnerable-functions"))
    TRY(append_parsed(options.functions, path, read_functions_confined));
  options.max_data_age = TRY(parse_count(arguments, "max-data-age", 180, 100'000));
  for (const std::string& path : arguments.all("bases"))
    TRY(append_parsed(options.bases, path, read_bases_confined));
  if (scanning.data.user) options.user_data = scanning.data.user->database();
  if (const std::vector<std::string>& packs = arguments.all("signatures"); !packs.empty())
    options.objects = TRY(merge_packs(scanning.data.built_in.section("objects"), packs));
  warn_of_expired(options.policy.ignore, options.now);
  options.examine.jobs = TRY(parse_count(arguments, "jobs", available_jobs(), 1024));
  options.examine.stall_seconds =
      static_cast<int>(TRY(parse_count(arguments, "stall-timeout", 300, 86'400)));
  options.examine.registry = TRY(parse_registry(arguments));
  return scanning;
}

Result<Report> scan_named(const std::string& name, const Arguments& arguments,
                          const Scanning& scanning) {
  Target target = TRY(parse_target(name));
  target.platform = arguments.one("platform");
  return scan_target(target, scanning.options);
}

namespace {

Result<const Reporter*> page_for(const Arguments& arguments, const Reporter* usual) {
  const std::string_view with = arguments.one("compare");
  if (with.empty()) return usual;
  if (with != "manifest")
    return usage("--compare knows no \"" + printable(with) + "\"; there is: manifest");
  return &kIcebergPage;
}

Result<int> scan_and_report(const Arguments& arguments, const Reporter* usual) {
  if (arguments.operands.size() != 1)
    return usage(arguments.operands.empty() ? "no target was named; see fathom scan --help"
                                            : "one target at a time");
  const Reporter* page = TRY(page_for(arguments, usual));
  std::vector<Output> outputs = TRY(parse_outputs(arguments, page));
  const Scanning scanning = TRY(prepare_scan(arguments));
  const ScanOptions& options = scanning.options;
  Target target = TRY(parse_target(arguments.operands[0]));
  target.platform = arguments.one("platform");
  if (arguments.on("all-platforms")) return scan_all(target, outputs, arguments, options);
  return scan_one(target, outputs, arguments, options);
}

Result<int> explain(const Arguments& arguments) {
  if (arguments.operands.size() != 2)
    return usage("a vulnerability and a target; see fathom why --help");
  const Scanning scanning = TRY(prepare_scan(arguments));
  const Report report = TRY(scan_named(arguments.operands[1], arguments, scanning));
  log::progress_done();
  const std::string& id = arguments.operands[0];
  const std::string text = why_text(report, id, {page_width(), wants_colour(arguments)});
  if (text.empty()) {
    log::error("no finding is called " + printable(id) +
               " there: no component of the image is in " +
               "a version that the advisories say is affected, or they do not know it");
    return 1;
  }
  TRY(write_page({}, text));
  return 0;
}

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

int run_why(const Arguments& arguments) { return run_command(arguments, explain); }

int run_scan(const Arguments& arguments) { return run_with(arguments, find_reporter("table")); }

// These answer a question; whether an image may pass is what scan decides.
int run_exec(const Arguments& arguments) {
  return run_with(arguments, &kExecutionPage) == kExitUsage ? kExitUsage : 0;
}

int run_config(const Arguments& arguments) {
  return run_with(arguments, &kConfigurationPage) == kExitUsage ? kExitUsage : 0;
}

}  // namespace fathom::cli
