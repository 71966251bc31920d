#include "report/why.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/text.h"
#include "report/columns.h"
#include "report/rows.h"

namespace fathom {
namespace {

constexpr std::size_t kLabel = 11;    // columns of what stands at the left
constexpr std::size_t kMostSeen = 4;  // evidence of a component
constexpr std::size_t kMostSteps = 24;
constexpr std::string_view kVerdictAnalyzer = "verdict";

std::string shown(std::string_view text) { return printable(text, 4096); }

std::string_view headline_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::not_present:
      return "NOT AFFECTED: the vulnerable code is not in the file";
    case Verdict::present_unreachable:
      return "NOT AFFECTED: the vulnerable code is there, and nothing can reach it";
    case Verdict::reachable:
      return "AFFECTED: the vulnerable code is there, and there is a way to it";
    case Verdict::reachable_indirectly:
      return "AFFECTED: the vulnerable code is there, and there may be a way to it";
    case Verdict::patched:
      return "FIXED: the fix is in the code";
    case Verdict::affected_by_version:
      return "AFFECTED BY VERSION: nothing is known of the code";
    case Verdict::unknown:
      return "NOT DECIDED";
  }
  return {};
}

// What protects against what a flaw in memory handling can be used for.
constexpr std::string_view kSofteners[] = {
    "pie", "relro", "nx_stack", "stack_protector", "fortify", "stack_clash", "cfi", "ibt", "shstk"};

class Page {
 public:
  Page(const Report& report, const Finding& finding, const ReportOptions& options)
      : report_(report),
        finding_(finding),
        width_(std::max<std::size_t>(options.width, 60)),
        colour_(options.colour) {
    for (const Component& component : report.components)
      if (component.id == finding.component) component_ = &component;
  }

  std::string run() {
    write_head();
    if (component_ == nullptr) return std::move(out_);
    write_where();
    write_recognised();
    write_verdict();
    write_way();
    write_softeners();
    write_advice();
    write_checks();
    return std::move(out_);
  }

 private:
  std::string bold(std::string_view text) const {
    return colour_ ? "\x1b[1m" + std::string(text) + "\x1b[0m" : std::string(text);
  }
  // A paragraph with its label at the left.
  void row(std::string_view label, std::string_view text) {
    std::vector<std::string> words;
    for (std::string_view word : split(text, ' ')) words.emplace_back(word);
    const std::size_t room = width_ - kLabel;
    bool is_first = true;
    for (const std::string& line : wrap(words, {.separator = " ", .width = room, .indent = 2})) {
      out_ += is_first ? bold(pad_right(label, kLabel)) : std::string(kLabel, ' ');
      out_ += line + "\n";
      is_first = false;
    }
  }
  // One that must stay on its line, to be copied.
  void command(std::string_view text) { out_ += "  " + std::string(text) + "\n"; }

  void write_head() {
    std::string line = shown(finding_.id);
    for (const std::string& alias : finding_.aliases) line += " " + shown(alias);
    line += "  " + std::string(name_of(finding_.severity));
    if (!finding_.cvss_score.empty()) line += "  CVSS " + shown(finding_.cvss_score);
    if (!finding_.epss.empty()) line += "  EPSS " + shown(finding_.epss);
    if (finding_.kev) line += "  known to be exploited";
    out_ += bold(line) + "\n" + bold(headline_of(finding_.verdict)) + "\n";
    if (finding_.ignored) row("stated", "out of the count: " + shown(finding_.ignored_because));
    out_ += "\n";
  }

  void write_where() {
    std::string place = shown(component_->file) + "  " + shown(component_->file_digest);
    row("file", place);
    const auto layer = static_cast<std::size_t>(component_->layer);
    if (component_->layer >= 0 && layer < report_.image.layers.size()) {
      const LayerRow& of = report_.image.layers[layer];
      row("layer", std::to_string(layer + 1) + " of " +
                       std::to_string(report_.image.layers.size()) +
                       (of.created_by.empty() ? "" : ": " + shown(of.created_by)));
    }
    row("component", shown(component_->name) + " " + shown(version_text(component_->version)) +
                         ", " + std::string(name_of(component_->confidence)) + " confidence" +
                         (component_->purl.empty() ? "" : ", " + shown(component_->purl)));
  }

  void write_recognised() {
    std::string_view label = "recognised";
    std::size_t left = component_->evidence.size();
    for (const Evidence& evidence : component_->evidence) {
      if (left + kMostSeen <= component_->evidence.size()) break;
      row(label, shown(evidence.analyzer) + ", " + text_of(evidence.place) + ": " +
                     shown(trim(evidence.seen)));
      label = "";
      --left;
    }
    if (left > 0) row("", "and " + std::to_string(left) + " more");
    for (const Mention& mention : report_.mentions)
      if (mention.file == component_->file && mention.library == component_->name)
        row("against it", "\"" + shown(mention.evidence.seen) + "\" at " +
                              text_of(mention.evidence.place) + ": " + shown(mention.why));
  }

  void write_verdict() {
    if (!finding_.functions.empty()) {
      std::vector<std::string> names;
      for (const std::string& name : finding_.functions) names.push_back(shown(name));
      if (names.size() > 6) {
        const std::size_t rest = names.size() - 5;
        names.resize(5);
        names.push_back("and " + std::to_string(rest) + " more");
      }
      row("fix in", join(names, ", "));
    }
    row("verdict", std::string(name_of(finding_.verdict)) + ": " + shown(finding_.why));
  }

  std::vector<const Evidence*> proof() const {
    std::vector<const Evidence*> out;
    for (const Evidence& evidence : finding_.evidence)
      if (evidence.analyzer == kVerdictAnalyzer) out.push_back(&evidence);
    return out;
  }

  void write_way() {
    std::string_view label = "proof";
    std::size_t left = proof().size();
    const std::size_t all = left;
    for (const Evidence* evidence : proof()) {
      if (all - left >= kMostSteps && left > 1) {
        row("", "… " + std::to_string(left) + " more (use scan -o json)");
        break;
      }
      row(label,
          (evidence->place.kind == Place::Kind::address ? hex_number(evidence->place.value) + "  "
                                                        : std::string()) +
              shown(evidence->seen));
      label = "";
      --left;
    }
  }

  void write_softeners() {
    for (const HardeningRow& file : report_.hardening) {
      if (file.digest != component_->file_digest) continue;
      std::vector<std::string> parts;
      for (std::string_view id : kSofteners)
        if (const HardeningCheck* check = file.find(id))
          parts.push_back(check->id + " " + shown(check->value));
      if (!parts.empty()) row("hardening", join(parts, ", "));
      return;
    }
  }

  void write_advice() {
    if (finding_.verdict == Verdict::not_present ||
        finding_.verdict == Verdict::present_unreachable || finding_.verdict == Verdict::patched)
      return row("what to do",
                 "nothing, as far as the code tells; -o openvex states it for others");
    if (finding_.fixed_in.empty())
      return row("what to do",
                 "no release with a fix is known; a VEX statement or an ignore rule "
                 "with a reason records what you decide");
    std::vector<std::string> releases;
    for (const std::string& release : finding_.fixed_in) releases.push_back(shown(release));
    row("what to do", "build " + shown(component_->file) + " with " + shown(component_->name) +
                          " " + join(releases, ", or ") + ", or later");
  }

  // FILE is the content of the file in question.
  void write_checks() {
    std::vector<std::string> commands = {"sha256sum FILE"};
    for (const Evidence& evidence : component_->evidence) {
      if (evidence.place.kind != Place::Kind::offset || commands.size() > 1) continue;
      commands.push_back("strings -t x FILE | grep -m1 '^ *" +
                         hex_number(evidence.place.value).substr(2) + " '");
    }
    std::set<std::uint64_t> seen;
    for (const Evidence* evidence : proof()) {
      const std::uint64_t at = evidence->place.value;
      if (evidence->place.kind != Place::Kind::address || !seen.insert(at).second) continue;
      commands.push_back("objdump -d --no-show-raw-insn --start-address=" + hex_number(at) +
                         " --stop-address=" + hex_number(at + 16) + " FILE");
    }
    if (seen.empty()) commands.emplace_back("readelf -lW FILE");
    out_ += "\n" + bold("check it") + "  (FILE is " + shown(component_->file) + ")\n";
    for (std::size_t i = 0; i < commands.size() && i < kMostSteps; ++i) command(commands[i]);
  }

  const Report& report_;
  const Finding& finding_;
  const std::size_t width_;
  const bool colour_;
  const Component* component_ = nullptr;
  std::string out_;
};

bool is_called(const Finding& finding, std::string_view id) {
  return finding.id == id || std::ranges::find(finding.aliases, id) != finding.aliases.end();
}

}  // namespace

std::string why_text(const Report& report, std::string_view id, const ReportOptions& options) {
  std::string out;
  for (const Finding& finding : report.findings) {
    if (!is_called(finding, id)) continue;
    if (!out.empty()) out += "\n";
    out += Page(report, finding, options).run();
  }
  return out;
}

}  // namespace fathom
