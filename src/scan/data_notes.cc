#include "scan/data_notes.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "feeds/merge.h"
#include "policy/date.h"

namespace fathom {
namespace {

constexpr std::int64_t kSecondsPerDay = 24 * 60 * 60;

void add_end_of_life(Report& report, const EcosystemCoverage& row) {
  report.gaps.push_back({"advisories", "", "", -1, ErrorCode::unsupported,
                         row.release + " reached its end of life on " + row.end_of_life +
                             ": advisories and fixes are no longer made for it"});
  std::ranges::sort(report.gaps);
}

}  // namespace

std::optional<std::int64_t> days_between(std::string_view from, std::string_view to) {
  const auto a = policy::parse_time(std::string(from.substr(0, 10)) + "T00:00:00Z");
  const auto b = policy::parse_time(std::string(to.substr(0, 10)) + "T00:00:00Z");
  if (!a || !b) return std::nullopt;
  return (*b - *a) / kSecondsPerDay;
}

void set_base_age(Report& report) {
  BaseImage& base = report.origin.base;
  if (!base.created.empty()) base.age_days = days_between(base.created, report.now).value_or(-1);
  base.age_days = std::max<std::int64_t>(base.age_days, -1);
}

void add_data_notes(Report& report, std::uint64_t max_age) {
  for (EcosystemCoverage& row : report.coverage.ecosystems) {
    if (row.end_of_life > report.now.substr(0, 10)) row.end_of_life.clear();
    if (row.advisories == 0) continue;
    if (!row.end_of_life.empty()) add_end_of_life(report, row);
    const std::optional<std::int64_t> age = days_between(row.newest, report.now);
    if (!age || *age <= static_cast<std::int64_t>(max_age)) continue;
    report.notes.push_back("the advisories for " +
                           (row.release.empty() ? row.ecosystem : row.release) + " are " +
                           with_thousands(static_cast<std::uint64_t>(*age)) + " days old (newest " +
                           row.newest + "); fathom db import brings newer ones");
  }
}

void add_statements(const Report& report, const vuln::Database& user_data, policy::Policy& policy) {
  std::vector<feeds::Statement> statements = feeds::statements_of(user_data);
  if (statements.empty()) return;
  std::set<std::string_view> names;
  for (const Finding& finding : report.findings) {
    names.insert(finding.id);
    names.insert(finding.aliases.begin(), finding.aliases.end());
  }
  for (feeds::Statement& statement : statements) {
    const policy::IgnoreRule& rule = statement.rule;
    const bool speaks_of_one =
        names.contains(rule.id) || std::ranges::any_of(rule.aliases, [&](const std::string& alias) {
          return names.contains(alias);
        });
    if (!speaks_of_one) continue;
    policy.ignore.push_back(std::move(statement.rule));
    policy.ignore.back().imported = true;
  }
}

}  // namespace fathom
