// Rules, baseline and gates on a finished report. The order matters: rules and baseline take
// findings out of the count, then the gates look at what is left.

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/text.h"
#include "policy/keys.h"
#include "policy/policy.h"
#include "policy/purl.h"

namespace fathom::policy {
namespace {

using Components = std::map<std::string_view, const Component*>;

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return with_thousands(count) + " " + std::string(count == 1 ? one : many);
}

void note(Report& report, std::string text) {
  auto& notes = report.notes;
  if (std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(std::move(text));
}

// Rules that no finding needs: the first few of each file by name, the rest as a number. A vendor's
// VEX, or an ignore file for many images, has thousands.
class Unneeded {
 public:
  void add(const IgnoreRule& rule, bool expired, Report& report) {
    const std::string file = rule.origin.substr(0, rule.origin.rfind(':'));
    if (++counts_[file] > kNamed) return;
    note(report, rule.origin + ": the rule for " + rule.id +
                     (expired ? " expired on " + rule.expires + "; nothing in this image needs it"
                              : " matched nothing"));
  }
  void tell_rest(Report& report) const {
    for (const auto& [file, count] : counts_)
      if (count > kNamed)
        note(report, file + ": " + counted(count - kNamed, "more rule", "more rules") +
                         " that nothing in this image needs");
  }

 private:
  static constexpr std::size_t kNamed = 10;
  std::map<std::string, std::size_t> counts_;
};

// ---- Which findings a rule means

// Findings by every name they have: a vendor's VEX has far more statements than an image findings.
using FindingIndex = std::map<std::string_view, std::vector<std::size_t>>;

FindingIndex index_of(const std::vector<Finding>& findings) {
  FindingIndex index;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    index[findings[i].id].push_back(i);
    for (const std::string& alias : findings[i].aliases) index[alias].push_back(i);
  }
  return index;
}

std::set<std::size_t> named_by(const IgnoreRule& rule, const FindingIndex& index) {
  std::set<std::size_t> found;
  auto add = [&](std::string_view name) {
    if (auto at = index.find(name); at != index.end())
      found.insert(at->second.begin(), at->second.end());
  };
  add(rule.id);
  for (const std::string& alias : rule.aliases) add(alias);
  return found;
}

bool names_component(std::string_view wanted, const Component& component) {
  if (!is_purl(wanted))
    return wanted == component.name || wanted == component.source_name ||
           (!component.cpe.empty() && wanted == component.cpe);
  Result<Purl> a = parse_purl(wanted), b = parse_purl(component.purl);
  return a && b && matches(*a, *b);
}

// The file itself, something below a folder, or a member of an archive.
bool is_under(std::string_view path, std::string_view rule) {
  while (rule.starts_with("./")) rule.remove_prefix(2);
  while (rule.starts_with('/')) rule.remove_prefix(1);
  while (rule.ends_with('/')) rule.remove_suffix(1);
  if (rule.empty()) return true;
  if (!path.starts_with(rule)) return false;
  path.remove_prefix(rule.size());
  return path.empty() || path.starts_with('/') || path.starts_with("!/");
}

// An image is named by its digest, by one of its tags, or by a package URL of type oci, in which
// the version is the digest and the repository stands apart:
// https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md
std::string_view last_part(std::string_view name) {
  name = name.substr(0, name.find('@'));
  const std::size_t slash = name.rfind('/');
  if (slash != name.npos) name = name.substr(slash + 1);
  return name.substr(0, name.find(':'));
}

bool is_repository_of(std::string_view repository, std::string_view name) {
  if (!name.starts_with(repository)) return false;
  name.remove_prefix(repository.size());
  return name.empty() || name[0] == ':' || name[0] == '@';
}

bool names_image(const Purl& wanted, const ImageRow& image) {
  if (wanted.type != "oci") return false;
  if (!wanted.version.empty() && wanted.version == image.digest) return true;
  if (!wanted.version.empty()) return false;
  const std::string_view repository = wanted.qualifier("repository_url");
  const std::string_view tag = wanted.qualifier("tag");
  return std::any_of(image.names.begin(), image.names.end(), [&](const std::string& name) {
    return to_lower(last_part(name)) == to_lower(wanted.full_name()) &&
           (repository.empty() || is_repository_of(repository, name)) &&
           (tag.empty() || name.ends_with(":" + std::string(tag)));
  });
}

bool names_image(std::string_view wanted, const Report& report) {
  const ImageRow& image = report.image;
  if (!is_purl(wanted))
    return (wanted == image.digest && !wanted.empty()) || wanted == report.target ||
           std::find(image.names.begin(), image.names.end(), wanted) != image.names.end();
  Result<Purl> purl = parse_purl(wanted);
  return purl && names_image(*purl, image);
}

// A product is the image, the component itself, or, when a subcomponent is named besides, whatever
// else is in the same file: the program that the library is compiled into.
bool names_product(const IgnoreRule& rule, const Component& component, const Report& report) {
  if (names_image(rule.product, report) || names_component(rule.product, component)) return true;
  if (rule.component.empty()) return false;
  return std::any_of(report.components.begin(), report.components.end(), [&](const Component& c) {
    return c.file == component.file && c.file_digest == component.file_digest &&
           names_component(rule.product, c);
  });
}

// Of a finding that the rule names.
bool means(const IgnoreRule& rule, const Component* component, const Report& report) {
  if (component == nullptr)
    return rule.component.empty() && rule.path.empty() && rule.product.empty();
  return (rule.component.empty() || names_component(rule.component, *component)) &&
         (rule.path.empty() || is_under(component->file, rule.path)) &&
         (rule.product.empty() || names_product(rule, *component, report));
}

std::string because(const IgnoreRule& rule) {
  return (rule.reason.empty() ? "no reason given" : rule.reason) + " (" + rule.origin + ")";
}

Components components_of(const Report& report) {
  Components components;
  for (const Component& component : report.components) components.emplace(component.id, &component);
  return components;
}

const Component* find(const Components& components, std::string_view id) {
  auto at = components.find(id);
  return at == components.end() ? nullptr : at->second;
}

// The first rule that means a finding gives the reason; all that mean it count as used.
void apply_rules(Report& report, const std::vector<IgnoreRule>& rules,
                 const Components& components) {
  const FindingIndex index = index_of(report.findings);
  Unneeded unneeded;
  for (const IgnoreRule& rule : rules) {
    std::size_t meant = 0;
    const bool expired = is_expired(rule, report.now);
    for (std::size_t i : named_by(rule, index)) {
      Finding& finding = report.findings[i];
      if (!means(rule, find(components, finding.component), report)) continue;
      ++meant;
      if (expired || finding.ignored) continue;
      finding.ignored = true;
      finding.ignored_because = because(rule);
      finding.stated = rule.status;
    }
    if (meant == 0 && rule.imported) continue;
    if (meant == 0)
      unneeded.add(rule, expired, report);
    else if (expired)
      note(report, rule.origin + ": the rule for " + rule.id + " expired on " + rule.expires +
                       "; its findings count again");
  }
  unneeded.tell_rest(report);
}

bool is_known(const Finding& finding, const Component* component,
              const std::set<std::string_view>& baseline) {
  KeyParts parts{.id = finding.id};
  if (component != nullptr) {
    parts.component_name = component->name;
    parts.purl = component->purl;
    parts.file = component->file;
  }
  if (baseline.contains(finding_key(parts))) return true;
  return std::any_of(finding.aliases.begin(), finding.aliases.end(), [&](std::string_view alias) {
    parts.id = alias;
    return baseline.contains(finding_key(parts));
  });
}

void apply_baseline(Report& report, const Policy& policy, const Components& components) {
  if (!policy.has_baseline) return;
  const std::set<std::string_view> baseline(policy.baseline.begin(), policy.baseline.end());
  for (Finding& finding : report.findings)
    finding.in_baseline = is_known(finding, find(components, finding.component), baseline);
}

// ---- Gates

bool does_no_harm(const Finding& finding) {
  const bool claimed = finding.verdict == Verdict::not_present ||
                       finding.verdict == Verdict::present_unreachable ||
                       finding.verdict == Verdict::patched;
  return claimed && !finding.evidence.empty();
}

bool counts(const Finding& finding) {
  return !finding.ignored && !finding.in_baseline && !does_no_harm(finding);
}

bool is_reachable(const Finding& finding) {
  return finding.verdict == Verdict::reachable || finding.verdict == Verdict::reachable_indirectly;
}

bool is_fixable(const Finding& finding) { return !finding.fixed_in.empty(); }

// A number from 0 to 1, as text with a point whatever the locale; nothing for other texts.
std::optional<double> parse_share(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  if (!(value >= 0 && value <= 1)) return {};
  return value;
}

// A finding without a probability is below every one.
double epss_of(const Finding& finding) { return parse_share(finding.epss).value_or(-1); }

bool is_met(const Condition& condition, const Finding& f) {
  return (!condition.severity || f.severity >= *condition.severity) && (!condition.kev || f.kev) &&
         (!condition.reachable || is_reachable(f)) && (!condition.fixable || is_fixable(f)) &&
         (!condition.epss || epss_of(f) >= *condition.epss);
}

// "0.1", "0.025": as short as it can be told apart.
std::string decimal(double value) {
  char text[32];
  const auto [end, failure] = std::to_chars(text, text + sizeof text, value);
  return failure == std::errc() ? std::string(text, end) : "?";
}

std::string words_of(const Condition& condition) {
  std::vector<std::string> words;
  if (condition.severity)
    words.push_back("of severity " + std::string(name_of(*condition.severity)) + " or above");
  if (condition.kev) words.emplace_back("known to be exploited");
  if (condition.reachable) words.emplace_back("reachable");
  if (condition.fixable) words.emplace_back("with a fix");
  if (condition.epss) words.push_back("with EPSS " + decimal(*condition.epss) + " or above");
  return join(words, ", ");
}

template <class Predicate>
std::size_t count_findings(const Report& report, Predicate predicate) {
  return static_cast<std::size_t>(
      std::count_if(report.findings.begin(), report.findings.end(),
                    [&](const Finding& f) { return counts(f) && predicate(f); }));
}

std::vector<std::string> unassessed(const Report& report) {
  std::vector<std::string> names;
  for (const EcosystemCoverage& row : report.coverage.ecosystems)
    if (row.advisories == 0 && row.components > 0) names.push_back(row.ecosystem);
  return names;
}

// What was meant to be looked at and was not, in words; empty when there is nothing.
std::vector<std::string> gaps_of(const Report& report) {
  std::vector<std::string> gaps;
  if (!report.gaps.empty()) gaps.push_back(counted(report.gaps.size(), "gap", "gaps"));
  if (report.coverage.gaps > 0)
    gaps.push_back(counted(report.coverage.gaps, "file", "files") + " not recognised");
  if (auto names = unassessed(report); !names.empty())
    gaps.push_back("not assessed: " + join(names, ", "));
  if (report.incomplete) gaps.push_back("the scan ended early");
  return gaps;
}

void apply_gates(Report& report, const Gates& gates) {
  std::vector<std::string>& reasons = report.policy.reasons;
  auto fail = [&](std::size_t count, const std::string& what) {
    if (count > 0) reasons.push_back(counted(count, "finding", "findings") + " " + what);
  };
  auto certain = [](auto predicate) {
    return [predicate](const Finding& f) { return !f.range_uncertain && predicate(f); };
  };
  if (gates.severity)
    fail(count_findings(report,
                        certain([&](const Finding& f) { return f.severity >= *gates.severity; })),
         "of severity " + std::string(name_of(*gates.severity)) + " or above");
  if (gates.kev)
    fail(count_findings(report, certain([](const Finding& f) { return f.kev; })),
         "known to be exploited");
  if (gates.reachable) fail(count_findings(report, certain(is_reachable)), "reachable");
  if (gates.fixable) fail(count_findings(report, certain(is_fixable)), "with a fix");
  if (gates.epss)
    fail(count_findings(report,
                        certain([&](const Finding& f) { return epss_of(f) >= *gates.epss; })),
         "with EPSS " + decimal(*gates.epss) + " or above");
  for (const Condition& condition : gates.combined)
    fail(count_findings(report, certain([&](const Finding& f) { return is_met(condition, f); })),
         words_of(condition));
  if (gates.unknown)
    fail(count_findings(
             report,
             [](const Finding& f) { return f.range_uncertain || f.verdict == Verdict::unknown; }),
         "that nobody could judge");
  if (gates.gaps)
    if (auto gaps = gaps_of(report); !gaps.empty()) reasons.push_back(join(gaps, ", "));
  report.policy.failed = !reasons.empty();
}

// ---- Exit status

// A damaged ELF file has no executable bytes that could be counted and is no less executable.
std::vector<std::string> unexplained_executables(const Report& report) {
  std::vector<std::string> paths;
  for (const FileRow& file : report.files) {
    const bool executable = file.executable_bytes > 0 || file.kind == "elf";
    if (executable && file.state == FileState::gap && !file.shadowed) paths.push_back(file.path);
  }
  return paths;
}

// Nothing executable is fully explained.
double share_of(const Coverage& coverage) {
  if (coverage.executable_bytes == 0) return 100;
  return static_cast<double>(coverage.attributed_bytes) * 100 /
         static_cast<double>(coverage.executable_bytes);
}

// One decimal, rounded down, so that 49.96 is not shown as the 50 it misses.
std::string per_cent(double share) {
  const auto tenths = static_cast<std::uint64_t>(share * 10);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

bool is_not_assessed(Report& report, const Gates& gates) {
  bool failed = report.components.empty() && report.coverage.files > 0;
  if (failed) note(report, "nothing was recognised in the whole image");
  if (auto paths = unexplained_executables(report); !paths.empty()) {
    failed = true;
    note(report, counted(paths.size(), "executable file", "executable files") +
                     " in which no component was recognised: " + printable(paths.front()) +
                     (paths.size() > 1 ? ", …" : ""));
  }
  const double share = share_of(report.coverage);
  if (gates.min_coverage && share < *gates.min_coverage) {
    failed = true;
    note(report, per_cent(share) + " of the executable bytes are attributed, less than the " +
                     per_cent(*gates.min_coverage) + " of --min-coverage");
  }
  return failed;
}

bool has_strict_gaps(Report& report, const Gates& gates) {
  if (!gates.strict) return false;
  const std::vector<std::string> gaps = gaps_of(report);
  if (!gaps.empty()) note(report, "--strict: " + join(gaps, ", "));
  return !gaps.empty();
}

// One part of a --fail-on word.
Done add_part(Condition& condition, std::string_view part, std::string_view word) {
  constexpr std::string_view kEpss = "epss>=";
  if (part == "kev") {
    condition.kev = true;
  } else if (part == "reachable") {
    condition.reachable = true;
  } else if (part == "fixable") {
    condition.fixable = true;
  } else if (part.starts_with(kEpss)) {
    condition.epss = parse_share(part.substr(kEpss.size()));
    if (!condition.epss)
      return Error{ErrorCode::usage, "--fail-on: \"" + printable(part) +
                                         "\" wants a probability from 0 to 1, as epss>=0.1"};
  } else {
    const std::optional<Severity> severity = parse_severity(part);
    if (!severity || *severity < Severity::low)
      return Error{ErrorCode::usage,
                   "--fail-on takes low, medium, high, critical, kev, epss>=0.1, fixable, "
                   "reachable, gaps or unknown, not \"" +
                       printable(word) + "\""};
    condition.severity = severity;
  }
  return Ok{};
}

int status_of(Report& report, const Gates& gates) {
  // All are asked, so that the notes do not depend on the precedence.
  const bool not_assessed = is_not_assessed(report, gates);
  const bool has_gaps = has_strict_gaps(report, gates);
  if (report.policy.failed) return 1;
  if (not_assessed) return 3;
  return has_gaps ? 4 : 0;
}

}  // namespace

bool is_expired(const IgnoreRule& rule, std::string_view now) {
  return !rule.expires.empty() && now.substr(0, 10) >= rule.expires;
}

Done add_gate(Gates& gates, std::string_view word) {
  if (word == "gaps") {
    gates.gaps = true;
    return Ok{};
  }
  if (word == "unknown") {
    gates.unknown = true;
    return Ok{};
  }
  Condition condition;
  const std::vector<std::string_view> parts = split(word, '+');
  for (std::string_view part : parts) TRY(add_part(condition, part, word));
  if (parts.size() > 1) {
    gates.combined.push_back(condition);
    return Ok{};
  }
  gates.kev |= condition.kev;
  gates.reachable |= condition.reachable;
  gates.fixable |= condition.fixable;
  // Of two thresholds the lower one is the gate.
  if (condition.severity)
    gates.severity = std::min(*condition.severity, gates.severity.value_or(*condition.severity));
  if (condition.epss) gates.epss = std::min(*condition.epss, gates.epss.value_or(*condition.epss));
  return Ok{};
}

void apply(Report& report, const Policy& policy) {
  const Components components = components_of(report);
  report.policy = {};
  for (Finding& finding : report.findings) {
    finding.ignored = finding.in_baseline = false;
    finding.ignored_because.clear();
    finding.stated.clear();
  }
  apply_rules(report, policy.ignore, components);
  apply_baseline(report, policy, components);
  apply_gates(report, policy.gates);
  report.exit_status = status_of(report, policy.gates);
}

}  // namespace fathom::policy
