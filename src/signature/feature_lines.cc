// Places in the source that the code names, held against those of each release.
//
// Calls that give file name and line are compared file by file. Names without folders are shared by
// unrelated files, so only lines count, and only all of them together.
//
// Calls that give a line alone, with a text that is the same everywhere (SQLite's reports), are
// compared source file by source file modulo an offset: an amalgamation puts files one behind the
// other, repackaging adds lines at their top, and each file keeps the distances between its calls.

#include <algorithm>
#include <span>

#include "signature/feature_releases.h"

namespace fathom::signature {
namespace {

using By = SourceLine::By;

constexpr std::size_t kFewestSure = 8;     // below, places near the name count too
constexpr std::size_t kFewestReports = 3;  // of one source file at one offset
constexpr std::size_t kMostSeen = 6;
constexpr std::size_t kMostObserved = 1024;
constexpr std::uint32_t kMostLines = 400'000;
// A counter for each difference of two lines, which are far fewer.
constexpr std::size_t kOffsets = std::size_t{1} << 20;

// Whether calls of `lines` stand at `line`: compilers take the first line of a call or its last.
bool stands_at(const FeatureLines& lines, std::uint32_t line) {
  auto after = std::ranges::upper_bound(lines.first, line);
  // A span is short; a few calls before are enough.
  for (std::size_t back = 0; back < 4 && after != lines.first.begin(); ++back) {
    --after;
    const std::uint32_t span = lines.span[static_cast<std::size_t>(after - lines.first.begin())];
    if (*after == line || *after + span == line) return true;
  }
  return false;
}

class LineMatcher {
 public:
  LineMatcher(const FeatureEvidence& evidence, std::size_t library)
      : facts_(evidence.facts()), library_(evidence.features().library(library)) {
    const std::size_t releases = library_.releases.size();
    result_.points.resize(releases);
    result_.off.resize(releases);
    result_.files_off.resize(releases);
  }

  LineResult run() {
    const bool only_sure = count_sure() >= kFewestSure;
    for_each_name([&](std::span<const FeatureSource> sources, std::span<const SourceLine> lines) {
      compare(sources, lines, only_sure);
    });
    compare_reports();
    result_.best =
        static_cast<std::size_t>(std::ranges::max_element(result_.points) - result_.points.begin());
    if (!result_.points.empty() && result_.points[result_.best] > 0) show(only_sure);
    return std::move(result_);
  }

 private:
  // Source files of one name, and the lines that the file gives for that name.
  template <class Fn>
  void for_each_name(Fn fn) const {
    const std::vector<FeatureSource>& all = library_.sources;
    for (std::size_t first = 0, last = 0; first < all.size(); first = last) {
      while (last < all.size() && all[last].file_hash == all[first].file_hash) ++last;
      auto lines = std::ranges::equal_range(facts_.source_lines, all[first].file_hash, {},
                                            &SourceLine::file);
      if (!lines.empty())
        fn(std::span(all).subspan(first, last - first),
           std::span<const SourceLine>(lines.begin(), lines.end()));
    }
  }

  std::size_t count_sure() const {
    std::size_t sure = 0;
    for_each_name([&](std::span<const FeatureSource>, std::span<const SourceLine> lines) {
      sure +=
          static_cast<std::size_t>(std::ranges::count(lines, By::next_argument, &SourceLine::by));
    });
    return sure;
  }

  void compare(std::span<const FeatureSource> sources, std::span<const SourceLine> lines,
               bool only_sure) {
    const std::size_t releases = library_.releases.size();
    std::vector<std::int64_t> there(releases);
    std::int64_t seen = 0, known = 0;
    std::uint32_t before = 0;
    for (const SourceLine& line : lines) {
      if (line.line == before || (only_sure && line.by != By::next_argument)) continue;
      before = line.line;
      ++seen;
      std::vector<bool> has_it(releases);
      for (const FeatureSource& source : sources)
        for (const FeatureLines& version : source.versions)
          if (stands_at(version, line.line))
            for (const ReleaseSpan& span : library_.sets[version.set])
              for (std::size_t r = span.first; r <= span.last; ++r) has_it[r] = true;
      known += std::ranges::find(has_it, true) != has_it.end();
      for (std::size_t r = 0; r < releases; ++r) there[r] += has_it[r];
    }
    for (std::size_t r = 0; r < releases; ++r) result_.points[r] += there[r];
    // A name of which no release has anything is another's file.
    if (!only_sure || 2 * known < seen) return;
    ++result_.files;
    count_off(sources, there, seen);
  }

  void count_off(std::span<const FeatureSource> sources, const std::vector<std::int64_t>& there,
                 std::int64_t seen) {
    std::vector<bool> has_file(there.size());
    for (const FeatureSource& source : sources)
      for (const FeatureLines& version : source.versions)
        for (const ReleaseSpan& span : library_.sets[version.set])
          for (std::size_t r = span.first; r <= span.last; ++r) has_file[r] = true;
    for (std::size_t r = 0; r < there.size(); ++r) {
      if (!has_file[r] || there[r] == seen) continue;
      result_.off[r] += seen - there[r];
      ++result_.files_off[r];
    }
  }

  // ---- calls that give no file name

  void compare_reports() {
    if (library_.report_text == 0) return;
    auto reports =
        std::ranges::equal_range(facts_.source_lines, library_.report_text, {}, &SourceLine::file);
    std::vector<std::uint32_t> observed;
    for (const SourceLine& line : reports)
      if (line.by != By::nearby && line.line <= kMostLines &&
          (observed.empty() || observed.back() != line.line) && observed.size() < kMostObserved)
        observed.push_back(line.line);
    if (observed.empty()) return;
    PerRelease points(library_.releases.size());
    for (const FeatureSource& source : library_.reports)
      for (const FeatureLines& version : source.versions)
        points.add(library_.sets[version.set], at_best_offset(version.first, observed));
    const std::vector<std::int64_t> sums = points.sums();
    for (std::size_t r = 0; r < sums.size(); ++r) result_.points[r] += sums[r];
  }

  // How many of the lines are observed when all are moved alike, by what fits best.
  std::int64_t at_best_offset(const std::vector<std::uint32_t>& lines,
                              const std::vector<std::uint32_t>& observed) {
    votes_.resize(kOffsets);
    std::uint16_t best = 0;
    for (std::uint32_t line : lines)
      for (std::uint32_t seen : observed) best = std::max(best, ++votes_[(seen - line) % kOffsets]);
    for (std::uint32_t line : lines)
      for (std::uint32_t seen : observed) votes_[(seen - line) % kOffsets] = 0;
    return best >= kFewestReports ? best : 0;
  }

  // Some of the places that the best release has, one for each source file.
  void show(bool only_sure) {
    for_each_name([&](std::span<const FeatureSource> sources, std::span<const SourceLine> lines) {
      if (result_.seen.size() >= kMostSeen) return;
      for (const SourceLine& line : lines)
        if (!only_sure || line.by == By::next_argument)
          for (const FeatureSource& source : sources)
            for (const FeatureLines& version : source.versions)
              if (has(library_.sets[version.set], result_.best) && stands_at(version, line.line)) {
                result_.seen.push_back(
                    {line.offset,
                     "line " + std::to_string(line.line) + " of " + base_of(library_, source.file),
                     false});
                return;
              }
    });
    auto reports =
        std::ranges::equal_range(facts_.source_lines, library_.report_text, {}, &SourceLine::file);
    for (const SourceLine& line : reports) {
      if (library_.report_text == 0 || result_.seen.size() >= kMostSeen) return;
      if (line.by == By::nearby || line.line < 1000) continue;
      result_.seen.push_back({line.offset, "a report of line " + std::to_string(line.line), false});
    }
  }

  const FileFacts& facts_;
  const FeatureLibrary& library_;
  LineResult result_;
  std::vector<std::uint16_t> votes_;
};

}  // namespace

LineResult match_lines(const FeatureEvidence& evidence, std::size_t library) {
  return LineMatcher(evidence, library).run();
}

}  // namespace fathom::signature
