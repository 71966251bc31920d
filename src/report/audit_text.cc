// What can be executed, and the configuration audit, for people: the texts of `fathom exec` and
// `fathom config`, and their lines in the table.

#include "report/audit_text.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "report/columns.h"
#include "report/formats.h"

namespace fathom {
namespace {

constexpr std::size_t kMostEvidence = 5;  // shown per row
constexpr std::size_t kMostDoubts = 10;

std::string shown(std::string_view text) { return printable(text, 4096); }

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return with_thousands(count) + " " + std::string(count == 1 ? one : many);
}

class Page {
 public:
  explicit Page(std::size_t width) : width_(std::max<std::size_t>(width, 60)) {}

  void line(const std::string& text) { out_ += fit_end(text, width_) + "\n"; }
  void blank() { out_ += "\n"; }
  // Words that may take several lines.
  void sentence(const std::string& text, std::size_t indent) {
    std::vector<std::string> words;
    for (std::string_view word : split(text, ' ')) words.emplace_back(word);
    if (!words.empty()) words.front().insert(0, indent, ' ');
    for (const std::string& each : wrap(words, {" ", width_, indent})) out_ += each + "\n";
  }
  std::string take() { return std::move(out_); }

 private:
  std::size_t width_;
  std::string out_;
};

std::string layer_of(std::int64_t layer) {
  return layer < 0 ? "" : ", layer " + std::to_string(layer);
}

std::string shell_line(const ShellProof& shell) {
  switch (shell.verdict) {
    case ShellVerdict::present:
      return "Shell: yes, " + shown(shell.shells.front().file) + " (" +
             shown(shell.shells.front().seen) + ")";
    case ShellVerdict::absent:
      return shell.programs == 0
                 ? "Shell: none, there is no program"
                 : "Shell: none, shown for " + counted(shell.programs, "program", "programs");
    case ShellVerdict::not_excluded:
      return "Shell: none recognised, but " + counted(shell.doubts.size(), "file", "files") +
             " cannot be excluded";
  }
  return {};
}

void write_start(const Execution& execution, Page& page) {
  const Start& start = execution.start;
  if (start.arguments.empty() && start.problems.empty()) return;
  std::string arguments;
  for (const std::string& each : start.arguments) arguments += " " + shown(each);
  page.line("Start:" + (arguments.empty() ? " (nothing configured)" : arguments) + "   as " +
            (execution.user.empty() ? "root (no USER)" : shown(execution.user)));
  for (const StartStep& step : start.steps)
    page.line("  " + pad_right(step.what, 14) + "/" + shown(step.path) + "  (" + shown(step.seen) +
              layer_of(step.layer) + ")");
  for (const std::string& problem : start.problems) page.sentence("! " + shown(problem), 2);
  page.blank();
}

void write_shell(const ShellProof& shell, Page& page) {
  page.line(shell_line(shell));
  for (const ShellProof::Reason& reason : shell.excluded)
    page.line("  " + pad_left(with_thousands(reason.programs), 6) + "  " + reason.why);
  std::size_t doubts = std::min(shell.doubts.size(), kMostDoubts);
  for (std::size_t i = 0; i < doubts; ++i)
    page.line("  ! " + shown(shell.doubts[i].file) + ": " + shown(shell.doubts[i].seen));
  if (doubts < shell.doubts.size())
    page.line("  … and " + with_thousands(shell.doubts.size() - doubts) + " more (use -o json)");
  if (shell.verdict != ShellVerdict::present && !shell.interpreters.empty()) {
    page.line("  but interpreters do what a shell does:");
    for (const Evidence& each : shell.interpreters)
      page.line("    /" + shown(each.file) + " (" + shown(each.seen) + ")");
  }
  page.blank();
}

void write_tool(const ToolRow& row, Page& page) {
  std::string text = "  " + pad_right(row.tool, 18) + " /" + shown(row.path) + "  " +
                     human_bytes(row.bytes) + layer_of(row.layer);
  if (row.needed) text += ", needed to start";
  if (!row.executable) text += ", without execute permission";
  page.line(text);
  std::string why = "      " + row.what;
  if (!row.evidence.empty()) {
    const Evidence& evidence = row.evidence.front();
    why += ": " + shown(evidence.seen);
    if (evidence.place.kind != Place::Kind::whole_file)
      why += " (" + shown(text_of(evidence.place)) + ")";
  }
  page.line(why);
  if (!row.commands.empty()) {
    std::string all = with_thousands(row.commands.size()) + " commands: ";
    for (std::size_t i = 0; i < row.commands.size(); ++i)
      all += (i ? ", " : "") + shown(row.commands[i]);
    page.sentence(all, 6);
  }
  if (row.names.empty()) return;
  std::string names = "      also called ";
  for (std::size_t i = 0; i < row.names.size(); ++i) names += (i ? ", " : "") + shown(row.names[i]);
  page.line(names);
}

void write_tools(const std::vector<ToolRow>& tools, Page& page) {
  if (tools.empty()) {
    page.line("No tool that an attacker could use was recognised.");
    return;
  }
  std::map<std::string, std::uint64_t> bytes;  // by path: a file may be several tools
  for (const ToolRow& row : tools) bytes[row.path] = row.bytes;
  std::uint64_t total = 0;
  for (const auto& [path, size] : bytes) total += size;
  page.line("An attacker could use " + counted(bytes.size(), "file", "files") + ", " +
            human_bytes(total) + ":");
  std::string category;
  for (const ToolRow& row : tools) {
    if (row.category != category) page.line(row.category);
    category = row.category;
    write_tool(row, page);
  }
}

void write_programs(const std::vector<ProgramRow>& programs, std::size_t most, Page& page) {
  if (programs.empty()) return;
  page.blank();
  page.line("What programs can ask the system for:");
  for (std::size_t i = 0; i < std::min(programs.size(), most); ++i) {
    const ProgramRow& row = programs[i];
    std::vector<std::string> parts;
    for (const Ability& ability : row.abilities) parts.push_back(ability.id);
    page.line("  /" + shown(row.path) + ": " +
              (parts.empty() ? "nothing of note" : join(parts, ", ")));
  }
  if (programs.size() > most)
    page.line("  … and " + with_thousands(programs.size() - most) + " more (use -o json)");
}

std::string execution_page(const Report& report, const ReportOptions& options) {
  Page page(options.width);
  write_start(report.execution, page);
  write_shell(report.execution.shell, page);
  write_tools(report.execution.tools, page);
  write_programs(report.execution.programs, 20, page);
  return page.take();
}

std::string where(const Evidence& evidence) {
  std::string text = shown(evidence.file);
  if (evidence.place.kind != Place::Kind::whole_file)
    text += (text.empty() ? "" : " ") + shown(text_of(evidence.place));
  return text;
}

void write_row(const ConfigurationRow& row, Page& page) {
  page.line(pad_right(row.severity, 9) + row.id +
            (row.count > 1 ? " (" + with_thousands(row.count) + ")" : "") + ": " + row.title);
  const std::size_t count = std::min(row.evidence.size(), kMostEvidence);
  for (std::size_t i = 0; i < count; ++i)
    page.line("           " + where(row.evidence[i]) + ": " + shown(row.evidence[i].seen));
  if (row.count > count)
    page.line("           … and " + with_thousands(row.count - count) + " more");
  page.sentence(row.why + " → " + row.fix, 9);
}

// "etc/ssl/certs/ca-certificates.crt: 142 authorities, 1 expired".
void write_trust(const Trust& trust, Page& page) {
  for (const BundleRow& row : trust.bundles) {
    std::string text =
        "Trusts /" + shown(row.path) + ": " + counted(row.authorities, "authority", "authorities");
    const auto add = [&](std::uint64_t count, std::string_view what) {
      if (count > 0) text += ", " + with_thousands(count) + " " + std::string(what);
    };
    add(row.expired, "expired");
    add(row.distrusted, "distrusted");
    add(row.unknown, "unknown");
    add(row.missing, "of the distribution missing");
    add(row.unreadable, "unreadable");
    page.sentence(text, 0);
  }
  for (const TimeZoneRow& row : trust.time_zones)
    page.line("Time zones " + shown(row.release) + ": /" + shown(row.evidence.file));
  if (!trust.bundles.empty() || !trust.time_zones.empty()) page.blank();
}

std::string configuration_page(const Report& report, const ReportOptions& options) {
  Page page(options.width);
  write_trust(report.trust, page);
  if (report.configuration.empty()) page.line("Nothing in the configuration to speak of.");
  for (const ConfigurationRow& row : report.configuration) write_row(row, page);
  return page.take();
}

}  // namespace

std::vector<std::string> audit_summary(const Report& report) {
  std::vector<std::string> out;
  const Execution& execution = report.execution;
  for (const std::string& problem : execution.start.problems)
    out.push_back("Start: " + shown(problem));
  std::map<std::string, std::size_t> categories;
  for (const ToolRow& row : execution.tools) ++categories[row.category];
  std::string tools;
  for (const auto& [category, count] : categories)
    tools += (tools.empty() ? "" : ", ") + category + " " + with_thousands(count);
  out.push_back(shell_line(execution.shell) +
                (tools.empty() ? "" : " · " + tools + " (fathom exec)"));
  std::map<std::string, std::size_t> severities;
  for (const ConfigurationRow& row : report.configuration) ++severities[row.severity];
  std::string rows;
  for (const char* severity : {"critical", "high", "medium", "low", "info"})
    if (severities.contains(severity))
      rows += (rows.empty() ? "" : ", ") + with_thousands(severities[severity]) + " " + severity;
  if (!rows.empty()) out.push_back("Configuration: " + rows + " (fathom config)");
  if (report.image.source == "file")
    for (const ProgramRow& row : execution.programs) {
      out.push_back("Links: " +
                    (row.libraries.empty() ? "nothing" : shown(join(row.libraries, ", "))));
      std::vector<std::string> parts;
      for (const Ability& ability : row.abilities) parts.push_back(ability.what);
      out.push_back("Can: " + (parts.empty() ? "nothing of note" : join(parts, ", ")));
    }
  return out;
}

const Reporter kExecutionPage = {
    .name = "exec",
    .version = 1,
    .summary = "what can be executed",
    .run = execution_page,
};
const Reporter kConfigurationPage = {
    .name = "config",
    .version = 1,
    .summary = "the audit of the configuration",
    .run = configuration_page,
};

}  // namespace fathom
