#include "vuln/advisory.h"

#include "vuln/orderings.h"

namespace fathom::vuln {

std::string text_of(const Range& range) {
  bool from_start = range.introduced.empty();
  std::string text;
  if (!from_start) text = (range.introduced_exclusive ? "> " : ">= ") + range.introduced;
  if (range.introduced == range.last_affected && !from_start) return "= " + range.introduced;
  std::string end;
  if (!range.fixed.empty()) end = "< " + range.fixed;
  if (!range.last_affected.empty()) end = "<= " + range.last_affected;
  if (from_start && end.empty()) return "all versions";
  return text + (text.empty() || end.empty() ? "" : ", ") + end;
}

std::string normal_pypi_name(std::string_view name) {
  std::string out;
  for (char c : name) {
    bool separator = c == '-' || c == '_' || c == '.';
    if (separator && out.ends_with('-')) continue;
    out += separator ? '-' : lower(c);
  }
  return out;
}

}  // namespace fathom::vuln
