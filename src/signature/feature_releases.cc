#include "signature/feature_releases.h"

#include <algorithm>
#include <optional>

#include "signature/row.h"

namespace fathom::signature {
namespace {

// By how many points a release may be worse than the best and still be an answer.
constexpr std::int64_t kTextSlack = 2, kLineSlack = 1;
constexpr std::int64_t kContradiction = 2;  // absence of a text is 1
constexpr std::int64_t kFewestLines = 8;
constexpr std::uint32_t kFewestWindows = 4;  // of a table that speaks for releases
constexpr std::size_t kMostSeen = 6;
constexpr std::size_t kFewReleases = 5;  // all of which may be an answer
// Places that the best release lacks, from which on it is only the nearest: where it is the newest
// known of its branch, since what comes behind it is not known; patches shift lines everywhere.
constexpr std::int64_t kFewestOff = 4, kFewestFilesOff = 5;
constexpr double kShareOfFilesOff = 0.02;
// And anywhere, when they are too many for patches.
constexpr double kShareOff = 0.2;

class Dating {
 public:
  Dating(const FeatureEvidence& evidence, const std::vector<std::size_t>& accepted,
         FeatureMatch& match)
      : evidence_(evidence),
        accepted_(accepted),
        match_(match),
        library_(evidence.features().library(match.library)) {}

  void run() {
    std::vector<bool> chosen = best_by_texts();
    const std::vector<bool> by_texts = chosen, by_lines = best_by_lines();
    if (match_.by_lines) {
      std::vector<bool> both = chosen;
      for (std::size_t r = 0; r < both.size(); ++r) both[r] = chosen[r] && by_lines[r];
      chosen = std::ranges::find(both, true) == both.end() ? by_lines : both;
    }
    std::vector<bool> allowed = chosen;
    for (std::size_t r = 0; r < allowed.size(); ++r) allowed[r] = allowed[r] || by_texts[r];
    ask_functions(allowed, chosen);
    const bool all = std::ranges::find(chosen, false) == chosen.end();
    if (all && chosen.size() > kFewReleases) return;  // nothing tells them apart
    for (std::size_t r = 0; r < chosen.size(); ++r)
      if (chosen[r]) match_.releases.emplace_back(library_.release(r));
  }

 private:
  std::vector<bool> best_by_texts() {
    PerRelease points(library_.releases());
    std::vector<bool> there(library_.texts());
    for (std::size_t present : evidence_.texts_of(match_.library)) {
      const std::optional<std::size_t> at = evidence_.index_of(present, match_.library);
      if (!at) continue;
      there[*at] = true;
      const FeatureText text = library_.text(*at);
      constexpr auto kSilent = FeatureText::version_like | FeatureText::identifier |
                               FeatureText::generic | FeatureText::shared | FeatureText::common;
      if ((text.flags & kSilent) || text.length < 8 || has_other_owner(present)) continue;
      points.add(library_, text.set, -kContradiction);
      show(evidence_.texts()[present].offset, "a text of " + base_of(library_, text.file));
    }
    for (const FeatureEvidence::Table& found : evidence_.tables_of(match_.library)) {
      const FeatureView::Table table = library_.table(found.index);
      if (table.is_public || table.windows < kFewestWindows) continue;
      points.add(library_, table.set, -kContradiction);
      show(found.offsets.front(),
           "the table " + std::string(table.name) + " of " + base_of(library_, table.file));
    }
    const Column of_bodies = library_.body_texts();
    for (std::size_t i = 0; i < library_.bodies(); ++i) {
      const FeatureView::Body body = library_.body(i);
      std::int64_t here = 0;
      for (std::size_t t = body.texts.first; t < body.texts.last; ++t)
        here += of_bodies[t] < there.size() && there[of_bodies[t]];
      const auto missing = static_cast<std::int64_t>(body.texts.size()) - here;
      if (missing > 0 && here >= missing) points.add(library_, body.set, missing);
    }
    const std::vector<std::int64_t> sums = points.sums();
    const std::int64_t best = sums.empty() ? 0 : std::ranges::min(sums);
    std::vector<bool> chosen(sums.size());
    for (std::size_t r = 0; r < sums.size(); ++r) chosen[r] = sums[r] <= best + kTextSlack;
    return chosen;
  }

  // A text that another library of the file has too says nothing about this one's release.
  bool has_other_owner(std::size_t present) const {
    return std::ranges::any_of(evidence_.texts()[present].owners, [&](const auto& owner) {
      return owner.library != match_.library &&
             std::ranges::find(accepted_, owner.library) != accepted_.end();
    });
  }

  void show(std::uint64_t offset, std::string what) {
    if (match_.seen.size() < kMostSeen) match_.seen.push_back({offset, std::move(what), false});
  }

  // Of the packagings of one library, that whose places fit best. `points` are then by its
  // releases and are moved to those of library_ by their names.
  LineResult lines_of_best_packaging() {
    LineResult best = match_lines(evidence_, match_.library);
    const Features& features = evidence_.features();
    if (library_.report_text() == 0) return best;
    for (std::size_t i = 0; i < features.library_count(); ++i) {
      if (i == match_.library || features.name_of(i) != match_.name) continue;
      const FeatureView other = features.library(i);
      if (other.report_text() != library_.report_text()) continue;
      LineResult result = match_lines(evidence_, i);
      const std::int64_t own = best.points.empty() ? 0 : best.points[best.best];
      if (result.points.empty() || result.points[result.best] <= own) continue;
      best = moved(std::move(result), other);
    }
    return best;
  }

  LineResult moved(LineResult result, const FeatureView& from) const {
    LineResult out;
    const std::size_t releases = library_.releases();
    out.points.resize(releases);
    out.off.resize(releases);
    out.files_off.resize(releases);
    for (std::size_t r = 0; r < releases; ++r)
      for (std::size_t k = 0; k < from.releases(); ++k)
        if (compare_releases(library_.release(r), from.release(k)) == 0)
          out.points[r] = result.points[k];
    out.best = static_cast<std::size_t>(std::ranges::max_element(out.points) - out.points.begin());
    out.seen = std::move(result.seen);
    return out;
  }

  std::vector<bool> best_by_lines() {
    LineResult lines = lines_of_best_packaging();
    std::vector<bool> chosen(library_.releases(), true);
    if (lines.points.empty()) return chosen;
    const std::int64_t most = lines.points[lines.best];
    for (std::size_t r = 0; r < chosen.size(); ++r)
      chosen[r] = lines.points[r] >= most - kLineSlack;
    match_.lines = static_cast<std::size_t>(most);
    match_.by_lines = most >= kFewestLines && std::ranges::find(chosen, false) != chosen.end() &&
                      do_decide(lines, chosen);
    if (!match_.by_lines) return std::vector<bool>(chosen.size(), true);
    for (std::size_t r = 0; r < chosen.size(); ++r)
      match_.line_points.emplace_back(library_.release(r),
                                      static_cast<std::size_t>(lines.points[r]));
    match_.lines_off = static_cast<std::size_t>(lines.off[lines.best]);
    match_.files_off = static_cast<std::size_t>(lines.files_off[lines.best]);
    match_.is_unknown = is_unknown(lines);
    match_.seen.insert(match_.seen.begin(), lines.seen.begin(), lines.seen.end());
    return chosen;
  }

  // Patches move lines. Where more places are off than the best releases lead by, others may be
  // meant as well.
  bool do_decide(const LineResult& lines, const std::vector<bool>& chosen) const {
    std::int64_t next = 0;
    for (std::size_t r = 0; r < chosen.size(); ++r)
      if (!chosen[r]) next = std::max(next, lines.points[r]);
    const std::int64_t off = lines.off[lines.best];
    return off < kFewestOff || off <= lines.points[lines.best] - next || is_unknown(lines);
  }

  bool is_unknown(const LineResult& lines) const {
    const std::int64_t off = lines.off[lines.best], files = lines.files_off[lines.best];
    if (off < kFewestOff || files < kFewestFilesOff) return false;
    if (static_cast<double>(files) < kShareOfFilesOff * static_cast<double>(lines.files))
      return false;
    const auto all = static_cast<double>(off + lines.points[lines.best]);
    return is_newest_of_branch(lines.best) || static_cast<double>(off) >= kShareOff * all;
  }

  // A branch that was released from more than once, or the last one.
  bool is_newest_of_branch(std::size_t release) const {
    auto branch = [](std::string_view version) { return version.substr(0, version.rfind('.')); };
    const std::string_view of = branch(library_.release(release));
    std::size_t in_branch = 0, later = 0;
    for (std::size_t r = 0; r < library_.releases(); ++r) {
      if (branch(library_.release(r)) != of) continue;
      ++in_branch;
      later += r > release;
    }
    return later == 0 && (in_branch > 1 || release + 1 == library_.releases());
  }

  // What version functions tell. Of numbers that others may return too, only one that the rest of
  // the evidence allows.
  void ask_functions(const std::vector<bool>& allowed, std::vector<bool>& chosen) {
    std::vector<FeatureEvidence::Version> told = evidence_.versions_of(match_.library);
    const bool proves = std::ranges::any_of(told, &FeatureEvidence::Version::proves);
    std::erase_if(told, [&](const FeatureEvidence::Version& version) {
      return proves ? !version.proves : !allowed[version.release];
    });
    std::set<std::size_t> releases;
    for (const FeatureEvidence::Version& version : told) releases.insert(version.release);
    if (releases.size() > 1) {  // another copy, or planted
      std::erase_if(told, [&](const auto& version) { return !chosen[version.release]; });
      releases.clear();
      for (const FeatureEvidence::Version& version : told) releases.insert(version.release);
    }
    if (releases.size() != 1) return;
    chosen.assign(chosen.size(), false);
    chosen[*releases.begin()] = true;
    match_.by_function = true;
    match_.is_unknown = false;
    match_.seen.insert(match_.seen.begin(), {told.front().address, told.front().shown, true});
  }

  const FeatureEvidence& evidence_;
  const std::vector<std::size_t>& accepted_;
  FeatureMatch& match_;
  const FeatureView library_;
};

}  // namespace

void find_releases(const FeatureEvidence& evidence, const std::vector<std::size_t>& accepted,
                   FeatureMatch& match) {
  Dating(evidence, accepted, match).run();
}

}  // namespace fathom::signature
