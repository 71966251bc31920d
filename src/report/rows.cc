#include "report/rows.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/digest.h"
#include "base/text.h"
#include "model/purl.h"

namespace fathom {
namespace {

bool is_harmless(Verdict verdict) {
  return verdict == Verdict::not_present || verdict == Verdict::present_unreachable ||
         verdict == Verdict::patched;
}

const Component& unlisted() {
  static const Component kUnlisted = [] {
    Component c;
    c.name = "(a component that is not in this report)";
    return c;
  }();
  return kUnlisted;
}

// A purl up to its version: the qualifiers name a build, and a build is a version too.
std::string_view without_version(std::string_view purl) {
  const std::size_t end = std::min(purl.find('?'), purl.find('#'));
  const std::size_t at = purl.substr(0, end).rfind('@');
  // A scope, "pkg:npm/@types/node", has its @ behind a slash; it must be %40 but is seen as @.
  if (at == purl.npos || purl[at - 1] == '/') return purl.substr(0, end);
  return purl.substr(0, at);
}

std::string key_of(const Finding& finding, const Component& component) {
  std::string key = finding.id;
  key += '\0';
  key +=
      component.purl.empty() ? std::string_view(component.name) : without_version(component.purl);
  key += '\0';
  key += component.file;
  return key;
}

struct Page {
  std::string_view prefix, url;
};
constexpr std::array kPages = {
    Page{"CVE-", "https://nvd.nist.gov/vuln/detail/"},
    Page{"GHSA-", "https://github.com/advisories/"},
    Page{"GO-", "https://pkg.go.dev/vuln/"},
    Page{"RUSTSEC-", "https://rustsec.org/advisories/"},
    Page{"DSA-", "https://security-tracker.debian.org/tracker/"},
};
constexpr std::string_view kOtherPage = "https://osv.dev/vulnerability/";

bool is_advisory_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

}  // namespace

Suppression suppression_of(const Finding& finding) {
  if (finding.ignored) return Suppression::ignored;
  if (is_harmless(finding.verdict) && !finding.evidence.empty()) return Suppression::not_affected;
  return Suppression::none;
}

std::string reason_of(const Finding& finding) {
  switch (suppression_of(finding)) {
    case Suppression::none:
      return {};
    case Suppression::ignored:
      return finding.ignored_because;
    case Suppression::not_affected:
      return std::string(name_of(finding.verdict)) + ": " + finding.why;
  }
  return {};
}

std::vector<FindingRow> rows_of(const Report& report, const ReportOptions& options) {
  std::map<std::string_view, const Component*> components;
  for (const Component& component : report.components) components.emplace(component.id, &component);
  std::map<std::string, std::size_t> seen;
  std::vector<FindingRow> rows;
  for (const Finding& finding : report.findings) {
    auto at = components.find(finding.component);
    FindingRow row;
    row.finding = &finding;
    row.component = at == components.end() ? &unlisted() : at->second;
    row.suppression = suppression_of(finding);
    // Counted before anything is left out, so that a new ignore rule moves no fingerprint.
    const std::string key = key_of(finding, *row.component);
    const std::string hash = sha256_of(ByteView::of(key)).hex;
    row.fingerprint = hash.substr(0, 32) + ":" + std::to_string(++seen[key]);
    if (row.suppression == Suppression::none || options.show_suppressed)
      rows.push_back(std::move(row));
  }
  return rows;
}

Totals totals_of(const Report& report) {
  Totals totals;
  for (const Finding& finding : report.findings) {
    const Suppression suppression = suppression_of(finding);
    if (suppression == Suppression::ignored)
      ++totals.ignored;
    else if (suppression == Suppression::not_affected)
      ++totals.not_affected;
    else if (finding.in_baseline)
      ++totals.in_baseline;
    else if (finding.range_uncertain)
      ++totals.uncertain;
    else
      ++(finding.severity == Severity::critical ? totals.critical
         : finding.severity == Severity::high   ? totals.high
         : finding.severity == Severity::medium ? totals.medium
         : finding.severity == Severity::low    ? totals.low
                                                : totals.other),
          totals.kev += finding.kev;
  }
  return totals;
}

std::string words_of(const Totals& totals) {
  std::vector<std::string> parts;
  auto add = [&](std::size_t count, std::string_view word) {
    if (count > 0) parts.push_back(with_thousands(count) + " " + std::string(word));
  };
  add(totals.critical, "critical");
  add(totals.high, "high");
  add(totals.medium, "medium");
  add(totals.low, "low");
  add(totals.other, "without severity");
  return parts.empty() ? "no findings" : join(parts, ", ");
}

std::string version_text(const VersionClaim& version) {
  if (version.known()) return version.exact;
  if (!version.low.empty() && !version.high.empty()) return version.low + " to " + version.high;
  if (!version.low.empty()) return version.low + " or later";
  if (!version.high.empty()) return version.high + " or earlier";
  return "unknown";
}

std::string advisory_url(std::string_view id) {
  if (!is_advisory_id(id)) return {};
  for (const Page& page : kPages)
    if (id.starts_with(page.prefix)) return std::string(page.url) + std::string(id);
  return std::string(kOtherPage) + std::string(id);
}

std::vector<std::string> not_assessed(const Report& report) {
  std::vector<std::string> names;
  for (const EcosystemCoverage& row : report.coverage.ecosystems)
    if (row.advisories == 0 && row.components > 0)
      names.push_back(row.ecosystem + " (" + with_thousands(row.components) +
                      (row.components == 1 ? " component)" : " components)"));
  return names;
}

std::string outcome_text(const Report& report) {
  if (report.policy.failed)
    return report.policy.reasons.empty() ? "a gate was not met" : join(report.policy.reasons, "; ");
  if (report.exit_status == 3) return "not assessed: too little of the image was recognised";
  if (report.exit_status == 4) return "something could not be read";
  return "no gate failed";
}

bool is_decimal(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  auto is_digits = [](std::string_view part) {
    return !part.empty() && part.size() <= 12 && part.find_first_not_of("0123456789") == part.npos;
  };
  if (!is_digits(whole) || (whole.size() > 1 && whole[0] == '0')) return false;
  return point == text.npos || is_digits(text.substr(point + 1));
}

std::string_view image_name(const Report& report) {
  return report.image.names.empty() ? std::string_view(report.target)
                                    : std::string_view(report.image.names.front());
}

std::string image_purl(const ImageRow& image) {
  if (image.names.empty() || !parse_digest(image.digest)) return {};
  std::string_view repository = image.names.front();
  repository = repository.substr(0, repository.find('@'));
  const std::size_t slash = repository.rfind('/');
  const std::size_t colon = repository.rfind(':');
  std::string_view tag;
  if (colon != repository.npos && (slash == repository.npos || colon > slash)) {
    tag = repository.substr(colon + 1);
    repository = repository.substr(0, colon);
  }
  if (repository.empty()) return {};
  const std::string_view name =
      slash == repository.npos ? repository : repository.substr(slash + 1);
  const std::size_t arch = image.platform.find('/');
  Purl purl{.type = "oci", .name = std::string(name), .version = image.digest};
  if (arch != std::string::npos) {
    const std::string rest = image.platform.substr(arch + 1);
    purl.qualifiers["arch"] = rest.substr(0, rest.find('/'));
  }
  if (slash != repository.npos) purl.qualifiers["repository_url"] = std::string(repository);
  if (!tag.empty()) purl.qualifiers["tag"] = std::string(tag);
  return purl.text();
}

}  // namespace fathom
