#include "signature/feature_match.h"

#include <algorithm>
#include <map>
#include <optional>

#include "signature/feature_evidence.h"
#include "signature/feature_releases.h"

namespace fathom::signature {
namespace {

// Present libraries have a share of .1 to .98, nearly all of them more than .2; absent ones at most
// .03 once stronger ones have explained theirs, and up to .14 where a program has code of the same
// origin (git and libgit2).
constexpr double kLeastShare = 0.15;
constexpr std::size_t kFewestTexts = 8;
// Of a relative of a library that was accepted: what it does not share with it.
constexpr double kLeastShareOfRelative = 0.4;
// A part of a library: source files nearly all of whose texts are there.
constexpr double kFullFile = 0.6, kLeastShareOfPart = 0.05;
constexpr std::size_t kFullFileTexts = 4, kFewestFullFiles = 3;
// Tables of the library's own.
constexpr std::size_t kFewestWindows = 16;  // of one that counts
constexpr double kLeastShareOfTables = 0.3;
constexpr std::size_t kManyWindows = 36;  // together; fewer may be anybody's idea
constexpr std::size_t kFewestTextsBesideTables = 3;

class Matcher {
 public:
  Matcher(const FileFacts& facts, const Features& features)
      : features_(features), evidence_(facts, features) {}

  std::vector<FeatureMatch> run(const std::set<std::string>& known) {
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < features_.library_count(); ++i)
      if (evidence_.texts_of(i).size() >= kFewestTexts || !evidence_.tables_of(i).empty() ||
          evidence_.is_proved(i) || known.contains(features_.name_of(i)))
        candidates.push_back(i);
    std::vector<std::size_t> accepted;
    for (bool only_known : {true, false})
      while (std::optional<FeatureMatch> best = strongest(candidates, known, only_known)) {
        std::erase(candidates, best->library);
        // The same library in another packaging (split sources, amalgamation) is no second one.
        std::erase_if(candidates,
                      [&](std::size_t i) { return features_.name_of(i) == best->name; });
        for (std::size_t text : evidence_.texts_of(best->library))
          evidence_.texts()[text].explained = true;
        accepted.push_back(best->library);
        found_.push_back(std::move(*best));
      }
    for (FeatureMatch& match : found_) find_releases(evidence_, accepted, match);
    return std::move(found_);
  }

 private:
  std::optional<FeatureMatch> strongest(const std::vector<std::size_t>& candidates,
                                        const std::set<std::string>& known, bool only_known) {
    std::optional<FeatureMatch> best;
    double weight = -1;
    for (std::size_t library : candidates) {
      const bool is_known = known.contains(features_.name_of(library));
      if (only_known && !is_known) continue;
      FeatureMatch match = presence(library);
      if (!is_known && !is_enough(match)) continue;
      const double strength = match.share * static_cast<double>(match.core_texts) +
                              match.table_share * static_cast<double>(match.tables);
      // A fork that has nothing of its own in the file is not what the file has.
      const bool is_kin = best && are_relatives(library, best->library);
      const bool is_better = is_kin && match.core_texts != best->core_texts
                                 ? match.core_texts > best->core_texts
                                 : strength > weight;
      if (is_better) {
        best = std::move(match);
        weight = strength;
      }
    }
    return best;
  }

  bool is_enough(const FeatureMatch& match) const {
    const bool is_relative = has_accepted_relative(match.library);
    if (is_relative)
      return match.core_texts >= kFewestTexts && match.share >= kLeastShareOfRelative;
    if (match.core_texts >= kFewestTexts) {
      if (match.share >= kLeastShare) return true;
      if (match.share >= kLeastShareOfPart && full_files(match.library) >= kFewestFullFiles)
        return true;
    }
    if (match.table_share >= kLeastShareOfTables &&
        (match.windows >= kManyWindows || match.core_texts >= kFewestTextsBesideTables))
      return true;
    return evidence_.is_proved(match.library);
  }

  bool are_relatives(std::size_t a, std::size_t b) const {
    const std::string_view family = features_.library(a).family();
    return !family.empty() && family == features_.library(b).family();
  }

  bool has_accepted_relative(std::size_t library) const {
    const std::string_view family = features_.library(library).family();
    return !family.empty() && std::ranges::any_of(found_, [&](const FeatureMatch& other) {
      return features_.library(other.library).family() == family;
    });
  }

  FeatureMatch presence(std::size_t index) const {
    const FeatureView library = features_.library(index);
    PerRelease there(library.releases()), windows(library.releases());
    FeatureMatch match;
    match.library = index;
    match.name = features_.name_of(index);
    for (std::size_t present : evidence_.texts_of(index)) {
      const std::optional<FeatureText> text = core_text(present, index);
      if (!text) continue;
      there.add(library, text->set, 1);
      ++match.core_texts;
    }
    std::set<std::uint64_t> places;
    for (const FeatureEvidence::Table& found : evidence_.tables_of(index)) {
      const FeatureView::Table table = library.table(found.index);
      if (table.is_public || table.windows < kFewestWindows) continue;
      windows.add(library, table.set, table.windows);
      if (!places.insert(found.offsets.front()).second) continue;  // under another path
      ++match.tables;
      match.windows += table.windows;
      match.copies = std::max(match.copies, found.offsets.size());
    }
    const Totals& all = totals_of(index);
    match.share = best_share(there.sums(), all.texts);
    match.table_share = best_share(windows.sums(), all.windows);
    return match;
  }

  static double best_share(const std::vector<std::int64_t>& there,
                           const std::vector<std::int64_t>& all) {
    double best = 0;
    for (std::size_t r = 0; r < there.size(); ++r)
      if (all[r] > 0)
        best = std::max(best, static_cast<double>(there[r]) / static_cast<double>(all[r]));
    return best;
  }

  // Per release: core texts, and windows of the tables that are the library's own.
  struct Totals {
    std::vector<std::int64_t> texts, windows;
  };
  const Totals& totals_of(std::size_t index) const {
    auto [at, is_new] = totals_.try_emplace(index);
    if (!is_new) return at->second;
    const FeatureView library = features_.library(index);
    PerRelease windows(library.releases());
    for (std::size_t t = 0; t < library.tables(); ++t)
      if (const FeatureView::Table table = library.table(t);
          !table.is_public && table.windows >= kFewestWindows)
        windows.add(library, table.set, table.windows);
    std::vector<std::int64_t> texts(library.releases());
    for (std::size_t r = 0; r < texts.size(); ++r)
      texts[r] = static_cast<std::int64_t>(library.core_texts()[r]);
    at->second = {std::move(texts), windows.sums()};
    return at->second;
  }

  // A text of the file that speaks for the library and that no stronger one explains.
  std::optional<FeatureText> core_text(std::size_t present, std::size_t library) const {
    if (evidence_.texts()[present].explained) return std::nullopt;
    const std::optional<std::size_t> at = evidence_.index_of(present, library);
    if (!at) return std::nullopt;
    const FeatureText text = features_.library(library).text(*at);
    return text.is_core() ? std::optional(text) : std::nullopt;
  }

  // Source files of which most core texts of some release are there.
  std::size_t full_files(std::size_t index) const {
    const FeatureView library = features_.library(index);
    std::map<std::uint32_t, std::vector<std::uint32_t>> files;  // sets of the texts
    for (std::size_t present : evidence_.texts_of(index))
      if (const std::optional<FeatureText> text = core_text(present, index))
        files[text->file].push_back(text->set);
    std::erase_if(files, [](const auto& file) { return file.second.size() < kFullFileTexts; });
    std::size_t full = 0;
    for (const auto& [file, there] : files) {
      PerRelease have(library.releases()), all(library.releases());
      for (std::uint32_t set : there) have.add(library, set, 1);
      for (std::size_t t = 0; t < library.texts(); ++t)
        if (const FeatureText text = library.text(t); text.file == file && text.is_core())
          all.add(library, text.set, 1);
      const std::vector<std::int64_t> of = all.sums(), sums = have.sums();
      bool is_full = false;
      for (std::size_t r = 0; r < sums.size() && !is_full; ++r)
        is_full = sums[r] >= static_cast<std::int64_t>(kFullFileTexts) &&
                  static_cast<double>(sums[r]) >= kFullFile * static_cast<double>(of[r]);
      full += is_full;
    }
    return full;
  }

  const Features& features_;
  FeatureEvidence evidence_;
  mutable std::map<std::size_t, Totals> totals_;
  std::vector<FeatureMatch> found_;
};

}  // namespace

std::size_t FeatureMatch::lines_missing(const std::string& release) const {
  for (const auto& [version, points] : line_points)
    if (version == release) return lines - std::min(lines, points);
  return 0;
}

std::vector<FeatureMatch> match_features(const FileFacts& facts, const Features& features,
                                         const std::set<std::string>& known) {
  return Matcher(facts, features).run(known);
}

}  // namespace fathom::signature
