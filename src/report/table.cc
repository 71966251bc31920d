// The table: what an engineer wants to see first, in few lines. The order is that of attention:
// what was covered, what could not be judged, the findings by component, the components without
// findings, the gaps, the verdict of the policy. Silence must not be mistaken for a clean bill, so
// what was not assessed stands above what was found. Columns that would be empty are left out,
// lists are cut with a count, and the JSON report has everything.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "report/audit_text.h"
#include "report/columns.h"
#include "report/formats.h"
#include "report/grouping.h"
#include "report/hardening.h"
#include "report/origin_text.h"
#include "report/rows.h"
#include "report/sbom_text.h"

namespace fathom {
namespace {

constexpr std::size_t kNarrowest = 60;    // below, lines would break anyway
constexpr std::size_t kRowsPerGroup = 8;  // findings shown of one component
constexpr std::size_t kGroups = 12;       // components shown with findings
constexpr std::size_t kQuietLines = 8;    // ecosystems shown without findings
constexpr std::size_t kWidestFix = 26;    // columns of the fixed releases
constexpr std::size_t kGaps = 6;          // gaps shown
constexpr std::size_t kNotes = 4;         // notes shown
constexpr std::string_view kMoreHint = "use -o json";

enum class Style { plain, bold, dim, red, bold_red, yellow, cyan };

std::string_view code_of(Style style) {
  switch (style) {
    case Style::plain:
      return {};
    case Style::bold:
      return "\x1b[1m";
    case Style::dim:
      return "\x1b[2m";
    case Style::red:
      return "\x1b[31m";
    case Style::bold_red:
      return "\x1b[1;31m";
    case Style::yellow:
      return "\x1b[33m";
    case Style::cyan:
      return "\x1b[36m";
  }
  return {};
}

Style style_of(Severity severity) {
  switch (severity) {
    case Severity::critical:
      return Style::bold_red;
    case Severity::high:
      return Style::red;
    case Severity::medium:
      return Style::yellow;
    case Severity::low:
      return Style::cyan;
    case Severity::none:
    case Severity::unknown:
      return Style::dim;
  }
  return Style::plain;
}

// Foreign text, whole: the layout cuts it by columns, not by bytes.
std::string shown(std::string_view text) { return printable(text, 4096); }

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return with_thousands(count) + " " + std::string(count == 1 ? one : many);
}

std::string text_of(const VersionClaim& version) {
  if (version.known()) return shown(version.exact);
  if (!version.low.empty() && !version.high.empty())
    return shown(version.low) + "–" + shown(version.high);
  if (!version.low.empty()) return "≥ " + shown(version.low);
  if (!version.high.empty()) return "≤ " + shown(version.high);
  return "(version unknown)";
}

std::string_view words_for(ComponentKind kind) {
  return kind == ComponentKind::embedded_library ? "embedded library" : name_of(kind);
}

std::string_view words_for(Verdict verdict) {
  switch (verdict) {
    case Verdict::not_present:
      return "not present";
    case Verdict::present_unreachable:
      return "unreachable";
    case Verdict::reachable:
      return "reachable";
    case Verdict::reachable_indirectly:
      return "indirectly";
    case Verdict::patched:
      return "patched";
    case Verdict::affected_by_version:
      return "by version";
    case Verdict::unknown:
      return "unknown";
  }
  return {};
}

// "0.01234" → "1.2%". Probabilities are read as per cent, and two digits are all they are worth.
std::string per_cent_of(std::string_view probability) {
  if (!probability.starts_with("0.")) return probability.starts_with('1') ? "100%" : "";
  std::string digits(probability.substr(2, 4));
  digits.resize(4, '0');
  const auto basis_points = parse_unsigned(digits);
  if (!basis_points) return "";
  if (*basis_points < 10) return "<0.1%";
  if (*basis_points >= 1000) return std::to_string(*basis_points / 100) + "%";
  return std::to_string(*basis_points / 100) + "." + std::to_string(*basis_points / 10 % 10) + "%";
}

// One column of the findings; the widest cell decides, empty columns are not shown.
enum Column { kId, kSeverity, kCvss, kEpss, kKev, kFixedIn, kVerdict, kColumns };
constexpr std::string_view kTitles[kColumns] = {"ID",  "SEVERITY", "CVSS",   "EPSS",
                                                "KEV", "FIXED IN", "VERDICT"};

struct Row {
  std::string cells[kColumns];
  Severity severity = Severity::unknown;
};

// "1.1.1zh +4": the nearest release with a fix, and how many other branches have one.
std::string nearest_fix(const std::vector<std::string>& releases) {
  if (releases.empty()) return {};
  std::string first = shown(releases.front());
  return releases.size() == 1 ? first : first + " +" + std::to_string(releases.size() - 1);
}

// The nearest fix, or what is said about there being none.
std::string fix_words(const Finding& finding) {
  if (!finding.fixed_in.empty()) return nearest_fix(finding.fixed_in);
  switch (finding.fix) {
    case FixState::not_fixed:
      return "no fix yet";
    case FixState::deferred:
      return "postponed";
    case FixState::will_not_fix:
      return "none planned";
    case FixState::end_of_life:
      return "end of life";
    default:
      return nearest_fix(finding.fixed_in);
  }
}

Row row_of(const Finding& finding) {
  Row row;
  row.severity = finding.severity;
  row.cells[kId] = shown(finding.id);
  row.cells[kSeverity] = name_of(finding.severity);
  row.cells[kCvss] = shown(finding.cvss_score);
  row.cells[kEpss] = per_cent_of(finding.epss);
  row.cells[kKev] = finding.kev ? "KEV" : "";
  row.cells[kFixedIn] = fix_words(finding);
  row.cells[kVerdict] = words_for(finding.verdict);
  return row;
}

bool is_right_aligned(std::size_t column) { return column == kCvss || column == kEpss; }

class Table {
 public:
  Table(const Report& report, const ReportOptions& options)
      : report_(report), colour_(options.colour), width_(std::max(options.width, kNarrowest)) {}

  std::string run() {
    write_head();
    write_not_assessed();
    if (report_.components.empty())
      write_nothing_recognised();
    else
      write_findings();
    write_quiet_components();
    write_audit();
    write_sboms();
    write_hardening_hints();
    write_gaps();
    write_notes();
    write_policy();
    return std::move(out_);
  }

 private:
  // ---- Lines

  std::string styled(std::string_view text, Style style) const {
    if (!colour_ || style == Style::plain || text.empty()) return std::string(text);
    return std::string(code_of(style)) + std::string(text) + "\x1b[0m";
  }
  // `style` covers the whole line, so that cutting and padding never count escape sequences.
  void line(std::string_view text, Style style = Style::plain) {
    while (text.ends_with(' ')) text.remove_suffix(1);
    out_ += styled(text, style);
    out_ += '\n';
  }
  void fitted(std::string_view text, Style style = Style::plain) {
    line(fit_end(text, width_), style);
  }
  void wrapped(const std::vector<std::string>& parts, std::string_view separator,
               std::size_t indent, Style style = Style::plain) {
    for (const std::string& text :
         wrap(parts, {.separator = separator, .width = width_, .indent = indent}))
      line(text, style);
  }
  void sentence(std::string_view text, std::size_t indent, Style style = Style::plain) {
    std::vector<std::string> words;
    for (std::string_view word : split(text, ' ')) words.emplace_back(word);
    wrapped(words, " ", indent, style);
  }
  void blank() { out_ += '\n'; }
  void more(std::size_t count, std::string_view what) {
    std::string text = "  … and " + with_thousands(count) + " more";
    if (!what.empty()) text += " " + std::string(what);
    line(text + " (" + std::string(kMoreHint) + ")", Style::dim);
  }

  // ---- Coverage

  void write_head() {
    const Coverage& coverage = report_.coverage;
    std::string what = fit_path(shown(report_.target), width_ * 2 / 3);
    if (!report_.image.platform.empty()) what += "  " + shown(report_.image.platform);
    const std::string files = counted(coverage.files, "file", "files") + ", " +
                              with_thousands(coverage.identified) + " identified, " +
                              with_thousands(coverage.inert) + " inert, " +
                              counted(coverage.gaps, "gap", "gaps");
    std::vector<std::string> parts = {what, files, executable_share(), advisory_date()};
    // On one line with the name when it fits: a long name must not push the counts off the line.
    if (display_width(what) + 2 + display_width(files) <= width_) {
      parts[1] = what + "  " + files;
      parts.erase(parts.begin());
    }
    wrapped(parts, " · ", 2, Style::bold);
    write_attached();
    if (report_.incomplete)
      sentence("! incomplete: a limit of last resort ended the scan before everything was read", 2,
               Style::bold_red);
  }
  void write_attached() {
    std::map<std::string, std::size_t> kinds;
    for (const Attachment& attached : report_.image.attached) ++kinds[attached.kind];
    std::vector<std::string> parts;
    for (const auto& [kind, count] : kinds)
      parts.push_back(with_thousands(count) + " " + shown(kind));
    if (parts.empty()) return;
    parts.front().insert(0, "attached in the registry, not verified: ");
    wrapped(parts, ", ", 2);
  }
  std::string executable_share() const {
    const Coverage& coverage = report_.coverage;
    if (coverage.executable_bytes == 0) return "no executable bytes";
    // Rounded down: 100 % means all of them.
    const auto share = static_cast<unsigned>(static_cast<double>(coverage.attributed_bytes) * 100 /
                                             static_cast<double>(coverage.executable_bytes));
    return "executable bytes " + human_bytes(coverage.executable_bytes) + ", " +
           std::to_string(share) + " % attributed";
  }
  std::string advisory_date() const {
    std::string newest;
    for (const DataRow& row : report_.data)
      if (row.kind.ends_with("advisories")) newest = std::max(newest, row.date);
    return newest.empty() ? "no advisories" : "advisories to " + shown(newest);
  }

  // Packages of a distribution are judged by one release's advisories: which, how many, how old.
  void write_releases() {
    for (const EcosystemCoverage& row : report_.coverage.ecosystems) {
      if (row.release.empty() || row.advisories == 0) continue;
      sentence(shown(row.ecosystem) + " judged as " + shown(row.release) + ": " +
                   counted(row.advisories, "advisory", "advisories") +
                   (row.newest.empty() ? "" : " to " + shown(row.newest)) +
                   (row.end_of_life.empty() ? "" : ", end of life " + shown(row.end_of_life)),
               2, row.end_of_life.empty() ? Style::plain : Style::yellow);
    }
  }

  void write_not_assessed() {
    write_releases();
    std::vector<std::string> parts;
    for (const EcosystemCoverage& row : report_.coverage.ecosystems)
      if (row.advisories == 0 && row.components > 0)
        parts.push_back(shown(row.ecosystem) + " (" +
                        counted(row.components, "component", "components") + ")");
    if (!parts.empty()) {
      parts.front().insert(0, "! not assessed, no advisories in the data: ");
      wrapped(parts, ", ", 2, Style::yellow);
    }
    if (!report_.gaps.empty()) {
      std::map<std::string, std::size_t> stages;
      for (const Gap& gap : report_.gaps) ++stages[shown(gap.stage)];
      std::vector<std::string> counts;
      for (const auto& [stage, count] : stages)
        counts.push_back(stage + " " + with_thousands(count));
      counts.front().insert(0,
                            "! " + counted(report_.gaps.size(), "gap", "gaps") + ", see below: ");
      wrapped(counts, ", ", 2, Style::yellow);
    }
  }

  void write_nothing_recognised() {
    blank();
    const std::uint64_t files = report_.coverage.files;
    std::string text = "Nothing was recognised: ";
    text += files == 0 ? "there are no files with content."
                       : "no component in " + counted(files, "file", "files") + ".";
    text += " No findings here means that nothing was judged, not that nothing is wrong.";
    sentence(text, 0, Style::bold);
  }

  // ---- Findings

  void write_findings() {
    const std::vector<FindingGroup> groups = group_findings(report_);
    blank();
    if (groups.empty()) {
      write_no_findings();
      return;
    }
    write_totals();
    measure(groups);
    if (has_rows_) write_titles();
    const std::size_t shown_groups = groups.size() <= kGroups + 1 ? groups.size() : kGroups;
    for (std::size_t i = 0; i < shown_groups; ++i) write_group(groups[i]);
    if (shown_groups < groups.size()) write_hidden(groups, shown_groups);
  }

  void write_no_findings() {
    std::uint64_t assessed = 0;
    for (const EcosystemCoverage& row : report_.coverage.ecosystems)
      if (row.advisories > 0) assessed += row.components;
    if (assessed == 0)
      line("No findings: no advisories for any component here.", Style::bold);
    else
      line("No known vulnerabilities in " + counted(assessed, "component", "components") +
               " that the data could judge.",
           Style::bold);
  }

  void write_totals() {
    std::map<Severity, std::size_t, std::greater<>> severities;
    std::size_t active = 0, kev = 0, uncertain = 0, ignored = 0, known = 0, unaffected = 0;
    for (const Finding& finding : report_.findings) {
      if (finding.ignored)
        ++ignored;
      else if (finding.in_baseline)
        ++known;
      else if (suppression_of(finding) == Suppression::not_affected)
        ++unaffected;
      else if (finding.range_uncertain)
        ++uncertain;
      else
        ++active, ++severities[finding.severity], kev += finding.kev;
    }
    std::string head = counted(active, "finding", "findings");
    const char* separator = ": ";
    for (const auto& [severity, count] : severities) {
      head += separator + with_thousands(count) + " " + std::string(name_of(severity));
      separator = ", ";
    }
    std::vector<std::string> parts = {head};
    auto add = [&](std::size_t count, std::string_view what) {
      if (count > 0) parts.push_back(with_thousands(count) + " " + std::string(what));
    };
    add(kev, "known exploited");
    add(uncertain, "uncertain");
    add(ignored, "ignored");
    add(known, "in baseline");
    add(unaffected, "not affected");
    wrapped(parts, " · ", 2, Style::bold);
  }

  void measure(const std::vector<FindingGroup>& groups) {
    for (const FindingGroup& group : groups) {
      const std::size_t count = shown_rows(group);
      for (std::size_t i = 0; i < count; ++i) measure(row_of(*group.rows[i]));
    }
    for (std::size_t c = 0; c < kColumns; ++c)
      if (widths_[c] > 0) widths_[c] = std::max(widths_[c], kTitles[c].size());
    widths_[kId] = std::min<std::size_t>(widths_[kId], 24);
    widths_[kFixedIn] = std::min(widths_[kFixedIn], kWidestFix);
    make_room();
  }
  // On a narrow terminal the list of fixed releases is cut first; then the scores go, which the
  // severity already sums up; the id last.
  void make_room() {
    auto excess = [&] {
      std::size_t used = 0;
      for (std::size_t width : widths_) used += width > 0 ? width + 2 : 0;
      return used > width_ ? used - width_ : 0;
    };
    if (widths_[kFixedIn] > 0)
      widths_[kFixedIn] -= std::min(excess(), widths_[kFixedIn] - kTitles[kFixedIn].size());
    for (Column column : {kEpss, kCvss})
      if (excess() > 0) widths_[column] = 0;
    widths_[kId] -= std::min(excess(), widths_[kId]);
  }
  void measure(const Row& row) {
    has_rows_ = true;
    for (std::size_t c = 0; c < kColumns; ++c)
      widths_[c] = std::max(widths_[c], display_width(row.cells[c]));
  }

  void write_titles() {
    Row titles;
    for (std::size_t c = 0; c < kColumns; ++c) titles.cells[c] = kTitles[c];
    line(cells_of(titles, false), Style::dim);
  }

  std::string cells_of(const Row& row, bool coloured) const {
    std::string text = "  ";
    for (std::size_t c = 0; c < kColumns; ++c) {
      if (widths_[c] == 0) continue;
      std::string cell = fit_end(row.cells[c], widths_[c]);
      cell = is_right_aligned(c) ? pad_left(cell, widths_[c]) : pad_right(cell, widths_[c]);
      text += coloured ? styled(cell, style_of(row, c)) : cell;
      if (c + 1 < kColumns) text += "  ";
    }
    return text;
  }
  static Style style_of(const Row& row, std::size_t column) {
    if (column == kSeverity) return fathom::style_of(row.severity);
    if (column == kKev) return Style::bold_red;
    return Style::plain;
  }

  // One more than the limit is shown rather than counted: the count would take the same line.
  static std::size_t shown_rows(const FindingGroup& group) {
    return group.rows.size() <= kRowsPerGroup + 1 ? group.rows.size() : kRowsPerGroup;
  }

  void write_group(const FindingGroup& group) {
    write_group_head(group);
    const std::size_t count = shown_rows(group);
    for (std::size_t i = 0; i < count; ++i) line(cells_of(row_of(*group.rows[i]), true));
    if (count < group.rows.size()) more(group.rows.size() - count, "");
    std::vector<std::string> parts;
    if (group.uncertain > 0)
      parts.push_back(with_thousands(group.uncertain) +
                      why_uncertain(group.components.front()->packaged_as));
    if (group.ignored > 0) parts.push_back(with_thousands(group.ignored) + " ignored");
    if (group.in_baseline > 0) parts.push_back(with_thousands(group.in_baseline) + " in baseline");
    if (group.not_affected > 0)
      parts.push_back(with_thousands(group.not_affected) + " not affected, shown by the code");
    if (!parts.empty()) sentence("  + " + join(parts, ", "), 4, Style::dim);
  }

  // A distribution's build has fixes that the version does not show.
  std::string why_uncertain(const std::string& packaged_as) const {
    for (const Component& component : report_.components)
      if (!packaged_as.empty() && component.id == packaged_as)
        return " uncertain: package " + shown(component.name) + " " + text_of(component.version) +
               " may have the fix";
    return " with uncertain version range";
  }

  // "sqlite 3.31.1  embedded library in usr/bin/app" and, below, how it was recognised.
  void write_group_head(const FindingGroup& group) {
    const Component& component = *group.components.front();
    std::string name =
        fit_end(shown(component.name) + " " + text_of(component.version), width_ * 3 / 5);
    const std::string kind = "  " + std::string(words_for(component.kind)) + " in ";
    std::string others;
    if (group.components.size() > 1)
      others = " and " + counted(group.components.size() - 1, "other file", "other files");
    const std::size_t used = display_width(name) + display_width(kind) + display_width(others);
    const std::size_t room = width_ > used + 8 ? width_ - used : 8;
    const std::string rest = kind + fit_path(shown(component.file), room) + others;
    line(styled(name, Style::bold) + fit_end(rest, width_ - std::min(width_, display_width(name))));
    if (!component.evidence.empty() && !group.rows.empty()) write_how(component);
  }
  void write_how(const Component& component) {
    const Evidence& evidence = component.evidence.front();
    std::string text = "  ";
    if (component.confidence != Confidence::high)
      text += std::string(name_of(component.confidence)) + " confidence, ";
    text += shown(evidence.analyzer);
    if (evidence.place.kind != Place::Kind::whole_file)
      text += " at " + shown(fathom::text_of(evidence.place));
    std::string others;
    if (component.evidence.size() > 1)
      others = "  + " + with_thousands(component.evidence.size() - 1) + " more";
    const std::size_t room = width_ - std::min(width_, display_width(others));
    line(fit_end(text + ": " + shown(trim(evidence.seen)), room) + others, Style::dim);
  }

  void write_hidden(const std::vector<FindingGroup>& groups, std::size_t first) {
    std::size_t components = 0, findings = 0;
    for (std::size_t i = first; i < groups.size(); ++i) {
      components += groups[i].components.size();
      findings += groups[i].components.size() *
                  (groups[i].rows.size() + groups[i].uncertain + groups[i].ignored +
                   groups[i].in_baseline + groups[i].not_affected);
    }
    line("… and " + counted(components, "more component", "more components") + " with " +
             counted(findings, "finding", "findings") + " (" + std::string(kMoreHint) + ")",
         Style::dim);
  }

  // ---- The rest

  void write_quiet_components() {
    const std::vector<QuietGroup> groups = group_quiet(report_);
    if (groups.empty()) return;
    std::size_t total = 0, names = 0;
    for (const QuietGroup& group : groups) {
      total += group.components.size();
      names = std::max(names, display_width(shown(group.ecosystem)));
    }
    names = std::min<std::size_t>(names, 16);
    blank();
    line(counted(total, "component", "components") + " without findings", Style::bold);
    const std::size_t count = groups.size() <= kQuietLines + 1 ? groups.size() : kQuietLines;
    for (std::size_t i = 0; i < count; ++i) write_quiet(groups[i], names);
    if (count < groups.size()) more(groups.size() - count, "ecosystems");
  }
  // As many as fit on the line, then how many are left.
  void write_quiet(const QuietGroup& group, std::size_t names) {
    std::string text = "  " + pad_right(fit_end(shown(group.ecosystem), names), names) + "  ";
    std::size_t used = display_width(text);
    for (std::size_t i = 0; i < group.components.size(); ++i) {
      const std::size_t left = group.components.size() - i;
      const std::string rest = "… and " + with_thousands(left) + " more";
      std::string item =
          shown(group.components[i]->name) + " " + text_of(group.components[i]->version);
      if (left > 1) item += ", ";
      const std::size_t reserve = left > 1 ? display_width(rest) : 0;
      if (used + display_width(item) + reserve > width_) {
        text += i == 0 && left == 1 ? fit_end(item, width_ - used) : rest;
        break;
      }
      text += item;
      used += display_width(item);
    }
    line(text);
  }

  void write_audit() {
    const std::vector<std::string> lines = audit_summary(report_);
    if (report_.files.empty() || lines.empty()) return;
    if (const std::string origin = origin_summary(report_);
        !origin.empty() && report_.image.source != "file") {
      blank();
      sentence(origin, 2, Style::plain);
    }
    blank();
    for (const std::string& each : lines) sentence(each, 2, Style::plain);
  }

  void write_sboms() {
    const std::vector<std::string> lines = sbom_summary(report_);
    if (lines.empty()) return;
    blank();
    for (const std::string& each : lines) sentence(each, 2, Style::plain);
  }

  void write_hardening_hints() {
    std::vector<std::string> parts = hardening_summary(report_);
    if (parts.empty()) return;
    parts.front().insert(0, "Hardening: ");
    parts.back() += " (fathom hardening)";
    blank();
    wrapped(parts, "; ", 2, Style::plain);
  }

  void write_gaps() {
    const std::vector<Gap>& gaps = report_.gaps;
    if (!gaps.empty()) {
      blank();
      line(counted(gaps.size(), "gap", "gaps"), Style::bold);
      const std::size_t count = gaps.size() <= kGaps + 1 ? gaps.size() : kGaps;
      std::size_t stages = 0, files = 0;
      for (std::size_t i = 0; i < count; ++i) {
        stages = std::max(stages, display_width(shown(gaps[i].stage)));
        files = std::max(files, display_width(file_of(gaps[i])));
      }
      stages = std::min<std::size_t>(stages, 16);
      files = std::min(files, width_ * 2 / 5);
      for (std::size_t i = 0; i < count; ++i)
        fitted("  " + pad_right(fit_end(shown(gaps[i].stage), stages), stages) + "  " +
               pad_right(fit_path(file_of(gaps[i]), files), files) + "  " + shown(gaps[i].reason));
      if (count < gaps.size()) more(gaps.size() - count, "");
    }
    if (!report_.mentions.empty()) {
      blank();
      sentence(counted(report_.mentions.size(), "library is", "libraries are") +
                   " named in a file without its code there (" + std::string(kMoreHint) + ")",
               0, Style::dim);
    }
  }
  static std::string file_of(const Gap& gap) {
    return gap.file.empty() ? "(image)" : shown(gap.file);
  }

  void write_notes() {
    const std::vector<std::string>& notes = report_.notes;
    if (notes.empty()) return;
    blank();
    const std::size_t count = notes.size() <= kNotes + 1 ? notes.size() : kNotes;
    for (std::size_t i = 0; i < count; ++i) sentence("note: " + shown(notes[i]), 6, Style::dim);
    if (count < notes.size()) more(notes.size() - count, "notes");
  }

  void write_policy() {
    if (!report_.policy.failed) {
      write_status();
      return;
    }
    blank();
    std::vector<std::string> parts;
    for (const std::string& reason : report_.policy.reasons) parts.push_back(shown(reason));
    if (parts.empty()) parts.emplace_back("a gate was not met");
    parts.front().insert(0, "policy failed: ");
    wrapped(parts, "; ", 2, Style::bold_red);
  }

  // Why stands in the notes.
  void write_status() {
    if (report_.exit_status != 3 && report_.exit_status != 4) return;
    blank();
    line(report_.exit_status == 3 ? "not assessed, see above (exit status 3)"
                                  : "gaps, see above (exit status 4)",
         Style::bold_red);
  }

  const Report& report_;
  const bool colour_;
  const std::size_t width_;
  std::size_t widths_[kColumns] = {};
  bool has_rows_ = false;
  std::string out_;
};

std::string run(const Report& report, const ReportOptions& options) {
  return Table(report, options).run();
}

}  // namespace

const Reporter kTableReporter = {
    .name = "table",
    .version = 1,
    .summary = "a short text for people, coverage first",
    .run = run,
};

}  // namespace fathom
