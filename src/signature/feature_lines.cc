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

// Whether a call stands at `line`: compilers take the first line of a call or its last.
bool stands_at(const FeatureView& library, Extent lines, std::uint32_t line) {
  const Column first = library.line_first(), span = library.line_span();
  std::size_t low = lines.first, high = lines.last;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (first[middle] <= line)
      low = middle + 1;
    else
      high = middle;
  }
  // A span is short; a few calls before are enough.
  for (std::size_t back = 0; back < 4 && low > lines.first; ++back) {
    --low;
    if (first[low] == line || first[low] + span[low] == line) return true;
  }
  return false;
}

class LineMatcher {
 public:
  LineMatcher(const FeatureEvidence& evidence, std::size_t library)
      : facts_(evidence.facts()), library_(evidence.features().library(library)) {
    const std::size_t releases = library_.releases();
    result_.points.resize(releases);
    result_.off.resize(releases);
    result_.files_off.resize(releases);
  }

  LineResult run() {
    const bool only_sure = count_sure() >= kFewestSure;
    for_each_name([&](Extent sources, std::span<const SourceLine> lines) {
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
    const Extent all = library_.sources();
    for (std::size_t first = all.first, last = first; first < all.last; first = last) {
      const std::uint64_t name = library_.source(first).file_hash;
      while (last < all.last && library_.source(last).file_hash == name) ++last;
      auto lines = std::ranges::equal_range(facts_.source_lines, name, {}, &SourceLine::file);
      if (!lines.empty())
        fn(Extent{first, last}, std::span<const SourceLine>(lines.begin(), lines.end()));
    }
  }
  template <class Fn>
  void for_each_version(Extent sources, Fn fn) const {
    for (std::size_t i = sources.first; i < sources.last; ++i) {
      const FeatureView::Source source = library_.source(i);
      for (std::size_t v = source.versions.first; v < source.versions.last; ++v)
        fn(source, library_.version(v));
    }
  }

  std::size_t count_sure() const {
    std::size_t sure = 0;
    for_each_name([&](Extent, std::span<const SourceLine> lines) {
      sure +=
          static_cast<std::size_t>(std::ranges::count(lines, By::next_argument, &SourceLine::by));
    });
    return sure;
  }

  void compare(Extent sources, std::span<const SourceLine> lines, bool only_sure) {
    const std::size_t releases = library_.releases();
    std::vector<std::int64_t> there(releases);
    std::int64_t seen = 0, known = 0;
    std::uint32_t before = 0;
    for (const SourceLine& line : lines) {
      if (line.line == before || (only_sure && line.by != By::next_argument)) continue;
      before = line.line;
      ++seen;
      std::vector<bool> has_it(releases);
      for_each_version(sources, [&](const auto&, const FeatureView::Version& version) {
        if (stands_at(library_, version.lines, line.line)) mark(version.set, has_it);
      });
      known += std::ranges::find(has_it, true) != has_it.end();
      for (std::size_t r = 0; r < releases; ++r) there[r] += has_it[r];
    }
    for (std::size_t r = 0; r < releases; ++r) result_.points[r] += there[r];
    // A name of which no release has anything is another's file.
    if (!only_sure || 2 * known < seen) return;
    ++result_.files;
    count_off(sources, there, seen);
  }

  // The releases of a set.
  void mark(std::uint32_t set, std::vector<bool>& releases) const {
    library_.for_each_span(set, [&](ReleaseSpan span) {
      for (std::size_t r = span.first; r <= span.last; ++r) releases[r] = true;
    });
  }

  void count_off(Extent sources, const std::vector<std::int64_t>& there, std::int64_t seen) {
    std::vector<bool> has_file(there.size());
    for_each_version(sources, [&](const auto&, const FeatureView::Version& version) {
      mark(version.set, has_file);
    });
    for (std::size_t r = 0; r < there.size(); ++r) {
      if (!has_file[r] || there[r] == seen) continue;
      result_.off[r] += seen - there[r];
      ++result_.files_off[r];
    }
  }

  // ---- calls that give no file name

  void compare_reports() {
    if (library_.report_text() == 0) return;
    auto reports = std::ranges::equal_range(facts_.source_lines, library_.report_text(), {},
                                            &SourceLine::file);
    std::vector<std::uint32_t> observed;
    for (const SourceLine& line : reports)
      if (line.by != By::nearby && line.line <= kMostLines &&
          (observed.empty() || observed.back() != line.line) && observed.size() < kMostObserved)
        observed.push_back(line.line);
    if (observed.empty()) return;
    PerRelease points(library_.releases());
    for_each_version(library_.reports(), [&](const auto&, const FeatureView::Version& version) {
      points.add(library_, version.set, at_best_offset(version.lines, observed));
    });
    const std::vector<std::int64_t> sums = points.sums();
    for (std::size_t r = 0; r < sums.size(); ++r) result_.points[r] += sums[r];
  }

  // How many of the lines are observed when all are moved alike, by what fits best.
  std::int64_t at_best_offset(Extent lines, const std::vector<std::uint32_t>& observed) {
    votes_.resize(kOffsets);
    const Column first = library_.line_first();
    std::uint16_t best = 0;
    for (std::size_t i = lines.first; i < lines.last; ++i)
      for (std::uint32_t seen : observed)
        best = std::max(best, ++votes_[(seen - first.u32(i)) % kOffsets]);
    for (std::size_t i = lines.first; i < lines.last; ++i)
      for (std::uint32_t seen : observed) votes_[(seen - first.u32(i)) % kOffsets] = 0;
    return best >= kFewestReports ? best : 0;
  }

  // Some of the places that the best release has, one for each source file.
  void show(bool only_sure) {
    for_each_name([&](Extent sources, std::span<const SourceLine> lines) {
      if (result_.seen.size() >= kMostSeen) return;
      for (const SourceLine& line : lines)
        if ((!only_sure || line.by == By::next_argument) && show(sources, line)) return;
    });
    auto reports = std::ranges::equal_range(facts_.source_lines, library_.report_text(), {},
                                            &SourceLine::file);
    for (const SourceLine& line : reports) {
      if (library_.report_text() == 0 || result_.seen.size() >= kMostSeen) return;
      if (line.by == By::nearby || line.line < 1000) continue;
      result_.seen.push_back({line.offset, "a report of line " + std::to_string(line.line), false});
    }
  }

  bool show(Extent sources, const SourceLine& line) {
    for (std::size_t i = sources.first; i < sources.last; ++i) {
      const FeatureView::Source source = library_.source(i);
      for (std::size_t v = source.versions.first; v < source.versions.last; ++v) {
        const FeatureView::Version version = library_.version(v);
        if (!library_.has(version.set, result_.best) ||
            !stands_at(library_, version.lines, line.line))
          continue;
        result_.seen.push_back(
            {line.offset,
             "line " + std::to_string(line.line) + " of " + base_of(library_, source.file), false});
        return true;
      }
    }
    return false;
  }

  const FileFacts& facts_;
  const FeatureView library_;
  LineResult result_;
  std::vector<std::uint16_t> votes_;
};

}  // namespace

LineResult match_lines(const FeatureEvidence& evidence, std::size_t library) {
  return LineMatcher(evidence, library).run();
}

}  // namespace fathom::signature
