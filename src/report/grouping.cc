#include "report/grouping.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "report/rows.h"

namespace fathom {
namespace {

// Stands in for a component that a finding names and the report lacks: shown rather than dropped.
const Component& unlisted() {
  static const Component kUnlisted = [] {
    Component component;
    component.name = "(component not in the report)";
    return component;
  }();
  return kUnlisted;
}

void add(FindingGroup& group, const Finding& finding) {
  if (finding.ignored)
    ++group.ignored;
  else if (finding.in_baseline)
    ++group.in_baseline;
  else if (suppression_of(finding) == Suppression::not_affected)
    ++group.not_affected;
  else if (finding.range_uncertain)
    ++group.uncertain;
  else
    group.rows.push_back(&finding);
}

// Everything the table would show of a group but the file.
auto likeness_of(const FindingGroup& group) {
  const Component& c = *group.components.front();
  std::vector<std::pair<std::string_view, Verdict>> rows;
  for (const Finding* finding : group.rows) rows.emplace_back(finding->id, finding->verdict);
  return std::tuple(c.kind, c.ecosystem, c.name, c.version, c.confidence, rows, group.uncertain,
                    group.ignored, group.in_baseline, group.not_affected);
}

std::vector<FindingGroup> merge_alike(std::vector<FindingGroup> groups) {
  std::map<decltype(likeness_of(groups.front())), std::size_t> first;
  std::vector<FindingGroup> merged;
  for (FindingGroup& group : groups) {
    auto [at, is_new] = first.emplace(likeness_of(group), merged.size());
    if (is_new)
      merged.push_back(std::move(group));
    else
      merged[at->second].components.push_back(group.components.front());
  }
  return merged;
}

}  // namespace

std::vector<FindingGroup> group_findings(const Report& report) {
  std::map<std::string_view, const Component*> components;
  for (const Component& component : report.components) components.emplace(component.id, &component);

  std::map<const Component*, std::size_t> index;
  std::vector<FindingGroup> groups;
  for (const Finding& finding : report.findings) {
    auto at_id = components.find(finding.component);
    const Component* component = at_id == components.end() ? &unlisted() : at_id->second;
    auto [at, is_new] = index.emplace(component, groups.size());
    if (is_new) groups.push_back({.components = {component}, .rows = {}});
    add(groups[at->second], finding);
  }
  // The first *shown* finding decides, not an ignored one that would stand above it.
  std::map<const Finding*, std::size_t> rank;
  for (const Finding& finding : report.findings) rank.emplace(&finding, rank.size());
  auto first_row = [&](const FindingGroup& group) {
    return group.rows.empty() ? report.findings.size() : rank[group.rows.front()];
  };
  std::stable_sort(groups.begin(), groups.end(), [&](const FindingGroup& a, const FindingGroup& b) {
    return first_row(a) < first_row(b);
  });
  return merge_alike(std::move(groups));
}

std::vector<QuietGroup> group_quiet(const Report& report) {
  std::set<std::string_view> with_findings;
  for (const Finding& finding : report.findings) with_findings.insert(finding.component);
  std::map<std::string, std::map<std::pair<std::string, VersionClaim>, const Component*>> groups;
  for (const Component& component : report.components)
    if (!with_findings.contains(component.id))
      groups[component.ecosystem].emplace(std::pair(component.name, component.version), &component);
  std::vector<QuietGroup> out;
  for (const auto& [ecosystem, components] : groups) {
    QuietGroup& group = out.emplace_back(QuietGroup{ecosystem, {}});
    for (const auto& [key, component] : components) group.components.push_back(component);
  }
  return out;
}

}  // namespace fathom
