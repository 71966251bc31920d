// Findings and components in the groups a reader thinks in.

#pragma once

#include <string>
#include <vector>

#include "model/report.h"

namespace fathom {

// The findings of one component, or of several that differ only in the file they are in.
struct FindingGroup {
  std::vector<const Component*> components;  // at least one
  std::vector<const Finding*> rows;          // to be shown, of the first component
  // Of the first component, only counted.
  std::size_t uncertain = 0, ignored = 0, in_baseline = 0, not_affected = 0;
};
// What matters first: groups with rows in the order of their first finding, then the others.
// Findings whose component is not in the report come under a component that says so.
std::vector<FindingGroup> group_findings(const Report& report);

// Components without any finding, by ecosystem.
struct QuietGroup {
  std::string ecosystem;
  std::vector<const Component*> components;  // by name and version; each pair once
};
std::vector<QuietGroup> group_quiet(const Report& report);

}  // namespace fathom
