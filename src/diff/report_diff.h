// Two reports, whatever they were made from: images, folders, files, or SBOMs that were read as
// one.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/report.h"

namespace fathom::diff {

struct Change {
  char sign = '~';    // '+' only after, '-' only before, '~' in both and different
  std::string what;   // path, component or finding
  std::string where;  // file or package; may be empty
  std::string before, after;
  auto operator<=>(const Change&) const = default;
};
std::string_view words_for(char sign);  // "added", "removed", "changed"

struct SizeChange {
  std::string component;  // "deb libc6", or the path of a file that no package owns
  std::uint64_t before = 0, after = 0;
  std::int64_t difference() const {
    return static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before);
  }
};

struct ReportDiff {
  std::vector<Change> image;                        // platform, start, base, …
  std::vector<Change> files;                        // visible ones, by path
  std::vector<Change> components;                   // by ecosystem and name
  std::vector<Change> findings;                     // by id
  std::vector<Change> hardening;                    // by path and check
  std::vector<Change> gaps;                         // by stage and file
  std::vector<SizeChange> sizes;                    // that differ, the largest difference first
  std::uint64_t bytes_before = 0, bytes_after = 0;  // of visible files
  std::uint64_t same_files = 0;
  // Programs that are in both, with other content: what can be compared further.
  std::vector<std::string> changed_programs;
  bool empty() const;
};

ReportDiff compare(const Report& before, const Report& after);

}  // namespace fathom::diff
