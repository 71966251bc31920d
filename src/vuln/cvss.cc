// Versions 2 and 3: closed formulas over weights that the specifications tabulate
// (https://www.first.org/cvss/v2/guide, https://www.first.org/cvss/v3.1/specification-document).

#include "vuln/cvss.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "vuln/cvss_metrics.h"

namespace fathom::vuln {
namespace {

struct Weight {
  std::string_view value;
  double weight;
};

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Not a number when the metric is missing or has another value; it then spreads to the score.
double weigh(const CvssMetrics& m, std::string_view name, std::initializer_list<Weight> weights) {
  std::string_view value = m.value(name);
  for (const Weight& w : weights)
    if (w.value == value) return w.weight;
  return kUnknown;
}

double impact_weight(const CvssMetrics& m, std::string_view name) {
  return weigh(m, name, {{"N", 0.0}, {"L", 0.22}, {"H", 0.56}});
}

// To one decimal, upwards; on integers so that 4.000000000000001 stays 4.0 (3.1, appendix A).
int round_up(double score) {
  auto scaled = static_cast<long>(std::lround(score * 100'000));
  return static_cast<int>(scaled % 10'000 == 0 ? scaled / 10'000 : scaled / 10'000 + 1);
}

std::optional<int> cvss3_tenths(const CvssMetrics& m) {
  std::string_view scope = m.value("S");
  if (scope != "U" && scope != "C") return std::nullopt;
  bool changed = scope == "C";
  double iss =
      1 - (1 - impact_weight(m, "C")) * (1 - impact_weight(m, "I")) * (1 - impact_weight(m, "A"));
  double impact = changed ? 7.52 * (iss - 0.029) - 3.25 * std::pow(iss - 0.02, 15) : 6.42 * iss;
  double exploitability =
      8.22 * weigh(m, "AV", {{"N", 0.85}, {"A", 0.62}, {"L", 0.55}, {"P", 0.2}}) *
      weigh(m, "AC", {{"L", 0.77}, {"H", 0.44}}) *
      weigh(m, "PR", {{"N", 0.85}, {"L", changed ? 0.68 : 0.62}, {"H", changed ? 0.5 : 0.27}}) *
      weigh(m, "UI", {{"N", 0.85}, {"R", 0.62}});
  double sum = (changed ? 1.08 : 1.0) * (impact + exploitability);
  if (std::isnan(sum)) return std::nullopt;
  return impact <= 0 ? 0 : round_up(std::min(sum, 10.0));
}

std::optional<int> cvss2_tenths(const CvssMetrics& m) {
  auto part = [&](std::string_view name) {
    return 1 - weigh(m, name, {{"N", 0.0}, {"P", 0.275}, {"C", 0.66}});
  };
  double impact = 10.41 * (1 - part("C") * part("I") * part("A"));
  double exploitability = 20 * weigh(m, "AV", {{"L", 0.395}, {"A", 0.646}, {"N", 1.0}}) *
                          weigh(m, "AC", {{"H", 0.35}, {"M", 0.61}, {"L", 0.71}}) *
                          weigh(m, "Au", {{"M", 0.45}, {"S", 0.56}, {"N", 0.704}});
  double score = (0.6 * impact + 0.4 * exploitability - 1.5) * (impact == 0 ? 0 : 1.176);
  if (std::isnan(score)) return std::nullopt;
  return std::max(0, static_cast<int>(std::lround(score * 10)));
}

// Version 2 has no rating of its own; this is the one the National Vulnerability Database used.
Severity severity_of_cvss2(int tenths) {
  return tenths < 40 ? Severity::low : tenths < 70 ? Severity::medium : Severity::high;
}

}  // namespace

std::string CvssScore::text() const {
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

Severity severity_of_score(int tenths) {
  if (tenths <= 0) return Severity::none;
  if (tenths < 40) return Severity::low;
  if (tenths < 70) return Severity::medium;
  return tenths < 90 ? Severity::high : Severity::critical;
}

std::optional<CvssScore> score_of_cvss(std::string_view vector) {
  std::string_view version;
  if (vector.starts_with("CVSS:") && vector.size() > 9) {
    version = vector.substr(5, 4);
    vector.remove_prefix(9);
  }
  std::optional<CvssMetrics> metrics = CvssMetrics::parse(vector);
  if (!metrics) return std::nullopt;
  std::optional<int> tenths;
  if (version.empty()) tenths = cvss2_tenths(*metrics);
  if (version == "3.0/" || version == "3.1/") tenths = cvss3_tenths(*metrics);
  if (version == "4.0/") tenths = cvss4_tenths(*metrics);
  if (!tenths) return std::nullopt;
  return CvssScore{*tenths,
                   version.empty() ? severity_of_cvss2(*tenths) : severity_of_score(*tenths)};
}

}  // namespace fathom::vuln
