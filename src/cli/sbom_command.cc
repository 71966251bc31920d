// fathom sbom writes a bill of materials, fathom audit holds those of others against the bytes.

#include <optional>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/report_output.h"
#include "cli/scanning.h"
#include "report/sbom_text.h"
#include "scan/documents.h"

namespace fathom::cli {
namespace {

Done check_operand(const Arguments& arguments, std::string_view command) {
  if (arguments.operands.size() == 1) return Ok{};
  return usage(arguments.operands.empty()
                   ? "no target was named; see fathom " + std::string(command) + " --help"
                   : "one target at a time");
}

// ---- fathom sbom

Done check_formats(const std::vector<Output>& outputs) {
  std::string names;
  for (const Reporter* reporter : all_reporters())
    if (reporter->is_sbom) names += " " + std::string(reporter->name);
  for (const Output& output : outputs)
    if (!output.reporter->is_sbom)
      return usage("\"" + std::string(output.reporter->name) +
                   "\" is no format of a bill of materials; there are:" + names);
  return Ok{};
}

Result<int> write_sbom(const Arguments& arguments) {
  TRY(check_operand(arguments, "sbom"));
  const std::vector<Output> outputs =
      TRY(parse_outputs(arguments, find_reporter("cyclonedx-json")));
  TRY(check_formats(outputs));
  const Scanning scanning = TRY(prepare_scan(arguments));
  Report report = TRY(scan_named(arguments.operands[0], arguments, scanning));
  // What is in the image does not change with the advisories.
  report.findings.clear();
  std::erase_if(report.gaps, [](const Gap& gap) { return gap.stage == "advisories"; });
  TRY(write_outputs(outputs, report, arguments));
  return 0;
}

// ---- fathom audit

// What of a document makes the exit status 1.
struct AuditPolicy {
  std::vector<ClaimState> wrong;
  bool unclaimed = false;
  // In ten thousandths; 0: whatever.
  std::int64_t precision = 0, recall = 0, explained = 0;
};

Result<std::int64_t> parse_percent(std::string_view word, std::string_view text) {
  const std::optional<std::uint64_t> percent = parse_unsigned(text);
  if (percent && *percent <= 100) return static_cast<std::int64_t>(*percent * 100);
  return usage("\"" + printable(word) + "\" wants per cent, 0 to 100");
}

Done add_word(AuditPolicy& policy, std::string_view word) {
  for (const ClaimState state :
       {ClaimState::not_found, ClaimState::other_version, ClaimState::other_digest})
    if (word == name_of(state)) {
      policy.wrong.push_back(state);
      return Ok{};
    }
  const std::size_t below = word.find('<');
  const std::string_view measure = word.substr(0, below);
  std::int64_t* limit = measure == "precision"   ? &policy.precision
                        : measure == "recall"    ? &policy.recall
                        : measure == "explained" ? &policy.explained
                                                 : nullptr;
  if (word == "unclaimed")
    policy.unclaimed = true;
  else if (below != word.npos && limit != nullptr)
    *limit = TRY(parse_percent(word, word.substr(below + 1)));
  else if (word != "none")
    return usage(
        "--fail-if takes not_found, other_version, other_digest, unclaimed, precision<N, "
        "recall<N, explained<N, none; not \"" +
        printable(word) + "\"");
  return Ok{};
}

Result<AuditPolicy> parse_audit_policy(const Arguments& arguments) {
  AuditPolicy policy;
  for (const std::string& text : arguments.all("fail-if"))
    for (const std::string_view word : split(text, ',')) TRY(add_word(policy, trim(word)));
  if (arguments.all("fail-if").empty())
    policy.wrong = {ClaimState::not_found, ClaimState::other_version, ClaimState::other_digest};
  return policy;
}

std::int64_t explained_of(const SbomRow& row) {
  if (row.executable_bytes == 0) return -1;
  return static_cast<std::int64_t>(static_cast<double>(row.explained_bytes) * 10'000 /
                                   static_cast<double>(row.executable_bytes));
}

// Why the policy is not met by one document.
void apply_policy(const AuditPolicy& policy, const SbomRow& row,
                  std::vector<std::string>& reasons) {
  const std::string where = " in " + row.file.substr(row.file.rfind('/') + 1);
  for (const ClaimState state : policy.wrong)
    if (const std::uint64_t count = count_of(row, state) + count_of(row, state, true); count > 0)
      reasons.push_back(with_thousands(count) + " claims " + std::string(name_of(state)) + where);
  if (policy.unclaimed && !row.unclaimed.empty())
    reasons.push_back(with_thousands(row.unclaimed.size()) + " components not claimed" + where);
  auto hold = [&](std::int64_t value, std::int64_t limit, std::string_view measure) {
    if (value >= 0 && value < limit)
      reasons.push_back(std::string(measure) + " below " + std::to_string(limit / 100) + " %" +
                        where);
  };
  hold(precision_of(row), policy.precision, "precision");
  hold(recall_of(row), policy.recall, "recall");
  hold(explained_of(row), policy.explained, "explained bytes");
}

Result<std::vector<GivenSbom>> read_given(const Arguments& arguments) {
  std::vector<GivenSbom> given;
  for (const std::string& path : arguments.all("sbom")) {
    const std::string text = TRY(read_file(path, Limits{}.sbom_bytes));
    SbomDocument document = TRY(read_sbom_confined(text, path));
    if (!document.problems.empty())
      log::warning(printable(path) + ": " + printable(document.problems.front()));
    given.push_back({path, std::move(document)});
  }
  return given;
}

Result<int> audit(const Arguments& arguments) {
  TRY(check_operand(arguments, "audit"));
  const PageOutput output = TRY(parse_page_output(arguments));
  const AuditPolicy policy = TRY(parse_audit_policy(arguments));
  Scanning scanning = TRY(prepare_scan(arguments));
  scanning.options.sboms = TRY(read_given(arguments));
  Report report = TRY(scan_named(arguments.operands[0], arguments, scanning));
  if (report.sboms.empty())
    return usage("there is no bill of materials in " + printable(arguments.operands[0]) +
                 "; name one with --sbom FILE");
  // Of several, what was asked for is what counts.
  if (!scanning.options.sboms.empty())
    std::erase_if(report.sboms, [](const SbomRow& row) { return row.origin != "given"; });
  report.findings.clear();
  report.policy = {};
  for (const SbomRow& row : report.sboms) apply_policy(policy, row, report.policy.reasons);
  report.policy.failed = !report.policy.reasons.empty();
  report.exit_status = report.policy.failed ? 1 : 0;
  const ReportOptions options{.width = page_width()};
  const std::string text =
      output.json() ? find_reporter("json")->run(report, {}) : sbom_audit_page(report, options);
  TRY(write_page(output.file, text));
  return report.exit_status;
}

}  // namespace

int run_sbom(const Arguments& arguments) { return run_command(arguments, write_sbom); }
int run_audit(const Arguments& arguments) { return run_command(arguments, audit); }

}  // namespace fathom::cli
