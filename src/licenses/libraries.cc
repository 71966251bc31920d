#include "base/text.h"
#include "licenses/licenses.h"
#include "licenses/tables.h"

namespace fathom::licenses {
namespace {

bool holds(std::string_view releases, std::string_view release,
           int (*compare)(std::string_view, std::string_view)) {
  if (releases == "*") return true;
  if (release.empty()) return false;
  if (releases.starts_with('<')) return compare(release, releases.substr(1)) < 0;
  return releases.starts_with(">=") && compare(release, releases.substr(2)) >= 0;
}

}  // namespace

std::string license_of_library(std::string_view library, std::string_view release,
                               int (*compare)(std::string_view, std::string_view)) {
  for (const std::string_view line : lines_of(kLibrariesTsv)) {
    const std::vector<std::string_view> cells = split(line, '\t');
    if (line.starts_with('#') || cells.size() < 3 || cells[0] != library) continue;
    if (holds(cells[1], release, compare)) return std::string(cells[2]);
  }
  return {};
}

}  // namespace fathom::licenses
