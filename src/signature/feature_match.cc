#include "signature/feature_match.h"

#include <algorithm>
#include <map>
#include <numeric>

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
// By how many points a release may be worse than the best and still be an answer.
constexpr std::int64_t kTextSlack = 2, kLineSlack = 2;
constexpr std::int64_t kContradiction = 2;  // absence of a text is 1
constexpr std::size_t kFewestLines = 8;
constexpr std::size_t kMostSeen = 6;

// A number per release, added to by sets of releases.
class PerRelease {
 public:
  explicit PerRelease(std::size_t releases) : steps_(releases + 1) {}

  void add(const ReleaseSet& set, std::int64_t points) {
    for (const ReleaseSpan& span : set) {
      steps_[span.first] += points;
      steps_[span.last + 1] -= points;
    }
  }
  std::vector<std::int64_t> sums() const {
    std::vector<std::int64_t> out(steps_.size() - 1);
    std::partial_sum(steps_.begin(), steps_.end() - 1, out.begin());
    return out;
  }

 private:
  std::vector<std::int64_t> steps_;
};

// A text of the data that stands in the file.
struct Present {
  std::uint64_t offset = 0;
  std::vector<Features::Entry> owners;
  bool explained = false;
};

class Matcher {
 public:
  Matcher(const FileFacts& facts, const Features& features) : facts_(facts), features_(features) {
    look_up();
  }

  std::vector<FeatureMatch> run(const std::set<std::string>& known) {
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < features_.library_count(); ++i)
      if (!texts_of_[i].empty()) candidates.push_back(i);
    std::vector<std::size_t> accepted;
    for (bool only_known : {true, false})
      while (std::optional<FeatureMatch> best = strongest(candidates, known, only_known)) {
        std::erase(candidates, best->library);
        // The same library in another packaging (split sources, amalgamation) is no second one.
        std::erase_if(candidates,
                      [&](std::size_t i) { return features_.library(i).name == best->name; });
        explain(best->library);
        accepted.push_back(best->library);
        found_.push_back(std::move(*best));
      }
    for (FeatureMatch& match : found_) date(match, accepted);
    return std::move(found_);
  }

 private:
  // Both lists are in the order of the hashes.
  void look_up() {
    texts_of_.resize(features_.library_count());
    std::size_t i = 0;
    for (std::size_t s = 0; s < facts_.strings.size() && i < features_.text_count(); ++s) {
      const StringHash& text = facts_.strings[s];
      if (s > 0 && facts_.strings[s - 1].hash == text.hash) continue;
      i = first_not_below(i, text.hash);
      if (i == features_.text_count() || features_.hash_at(i) != text.hash) continue;
      Present present{.offset = text.offset, .owners = {}};
      for (; i < features_.text_count() && features_.hash_at(i) == text.hash; ++i)
        present.owners.push_back(features_.entry_at(i));
      for (const Features::Entry& owner : present.owners)
        if (owner.library < texts_of_.size()) texts_of_[owner.library].push_back(present_.size());
      present_.push_back(std::move(present));
    }
  }

  // Gallops: the file's texts may be few.
  std::size_t first_not_below(std::size_t from, std::uint64_t hash) const {
    std::size_t step = 1, low = from, high = from;
    while (high < features_.text_count() && features_.hash_at(high) < hash) {
      low = high + 1;
      high += step;
      step *= 2;
    }
    high = std::min(high, features_.text_count());
    while (low < high) {
      std::size_t middle = low + (high - low) / 2;
      if (features_.hash_at(middle) < hash)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }

  const FeatureText* text_of(std::size_t present, std::size_t library) const {
    for (const Features::Entry& owner : present_[present].owners)
      if (owner.library == library) {
        const std::vector<FeatureText>& texts = features_.library(library).texts;
        return owner.text < texts.size() ? &texts[owner.text] : nullptr;
      }
    return nullptr;
  }

  std::optional<FeatureMatch> strongest(const std::vector<std::size_t>& candidates,
                                        const std::set<std::string>& known, bool only_known) {
    std::optional<FeatureMatch> best;
    double weight = 0;
    for (std::size_t library : candidates) {
      if (texts_of_[library].size() < 3) continue;
      bool is_known = known.contains(features_.library(library).name);
      if (only_known && !is_known) continue;
      FeatureMatch match = presence(library);
      if (!is_known && !is_enough(match)) continue;
      double strength = match.share * static_cast<double>(match.core_texts);
      if (!best || strength > weight) {
        best = std::move(match);
        weight = strength;
      }
    }
    return best;
  }

  bool is_enough(const FeatureMatch& match) const {
    if (match.core_texts < kFewestTexts) return false;
    const std::string& family = features_.library(match.library).family;
    if (!family.empty() && std::ranges::any_of(found_, [&](const FeatureMatch& other) {
          return features_.library(other.library).family == family;
        }))
      return match.share >= kLeastShareOfRelative;
    if (match.share >= kLeastShare) return true;
    return match.share >= kLeastShareOfPart && full_files(match.library) >= kFewestFullFiles;
  }

  FeatureMatch presence(std::size_t index) const {
    const FeatureLibrary& library = features_.library(index);
    PerRelease there(library.releases.size());
    FeatureMatch match;
    match.library = index;
    match.name = library.name;
    for (std::size_t present : texts_of_[index]) {
      const FeatureText* text = text_of(present, index);
      if (text == nullptr || !text->is_core() || present_[present].explained) continue;
      there.add(library.sets[text->set], 1);
      ++match.core_texts;
    }
    const std::vector<std::int64_t>& all = core_of(index);
    std::vector<std::int64_t> sums = there.sums();
    for (std::size_t r = 0; r < sums.size(); ++r)
      if (all[r] > 0)
        match.share =
            std::max(match.share, static_cast<double>(sums[r]) / static_cast<double>(all[r]));
    return match;
  }

  // Core texts per release, all of them.
  const std::vector<std::int64_t>& core_of(std::size_t index) const {
    std::vector<std::int64_t>& cached = core_[index];
    const FeatureLibrary& library = features_.library(index);
    if (cached.size() == library.releases.size()) return cached;
    PerRelease all(library.releases.size());
    for (const FeatureText& text : library.texts)
      if (text.is_core()) all.add(library.sets[text.set], 1);
    return cached = all.sums();
  }

  // Source files of which most core texts of some release are there.
  std::size_t full_files(std::size_t index) const {
    const FeatureLibrary& library = features_.library(index);
    std::map<std::uint32_t, std::pair<std::vector<const FeatureText*>, std::size_t>> files;
    for (std::size_t present : texts_of_[index]) {
      const FeatureText* text = text_of(present, index);
      if (text != nullptr && text->is_core() && !present_[present].explained)
        files[text->file].first.push_back(text);
    }
    std::erase_if(files, [](const auto& f) { return f.second.first.size() < kFullFileTexts; });
    std::size_t full = 0;
    for (const auto& [file, there] : files) {
      PerRelease have(library.releases.size()), all(library.releases.size());
      for (const FeatureText* text : there.first) have.add(library.sets[text->set], 1);
      for (const FeatureText& text : library.texts)
        if (text.file == file && text.is_core()) all.add(library.sets[text.set], 1);
      std::vector<std::int64_t> of = all.sums(), sums = have.sums();
      bool is_full = false;
      for (std::size_t r = 0; r < sums.size() && !is_full; ++r)
        is_full = sums[r] >= static_cast<std::int64_t>(kFullFileTexts) &&
                  static_cast<double>(sums[r]) >= kFullFile * static_cast<double>(of[r]);
      full += is_full;
    }
    return full;
  }

  void explain(std::size_t library) {
    for (std::size_t present : texts_of_[library]) present_[present].explained = true;
  }

  // ---- releases

  void date(FeatureMatch& match, const std::vector<std::size_t>& accepted) {
    const FeatureLibrary& library = features_.library(match.library);
    std::vector<bool> by_texts = best_by_texts(match, accepted);
    std::vector<bool> by_lines = best_by_lines(match);
    std::vector<bool> chosen = by_texts;
    if (match.by_lines) {
      for (std::size_t r = 0; r < chosen.size(); ++r) chosen[r] = by_texts[r] && by_lines[r];
      if (std::ranges::find(chosen, true) == chosen.end()) chosen = by_lines;
    }
    if (std::ranges::find(chosen, false) == chosen.end()) return;  // nothing tells them apart
    for (std::size_t r = 0; r < chosen.size(); ++r)
      if (chosen[r]) match.releases.push_back(library.releases[r]);
  }

  std::vector<bool> best_by_texts(FeatureMatch& match, const std::vector<std::size_t>& accepted) {
    const FeatureLibrary& library = features_.library(match.library);
    PerRelease points(library.releases.size());
    std::vector<bool> there(library.texts.size());
    std::int64_t contradictions = 0;
    for (std::size_t present : texts_of_[match.library]) {
      const FeatureText* text = text_of(present, match.library);
      if (text == nullptr) continue;
      there[static_cast<std::size_t>(text - library.texts.data())] = true;
      constexpr auto kSilent = FeatureText::version_like | FeatureText::identifier |
                               FeatureText::generic | FeatureText::shared | FeatureText::common;
      if ((text->flags & kSilent) || text->length < 8 || has_other_owner(present, match, accepted))
        continue;
      contradictions += kContradiction;
      points.add(library.sets[text->set], -kContradiction);
      if (match.seen.size() < kMostSeen)
        match.seen.push_back(
            {present_[present].offset, "a text of " + base_of(library, text->file)});
    }
    for (const FeatureBody& body : library.bodies) {
      const auto here =
          std::ranges::count_if(body.texts, [&](std::uint32_t t) { return there[t]; });
      const auto missing = static_cast<std::int64_t>(body.texts.size()) - here;
      if (missing > 0 && here >= missing) points.add(library.sets[body.set], missing);
    }
    std::vector<std::int64_t> sums = points.sums();
    const std::int64_t best = std::ranges::min(sums);
    std::vector<bool> chosen(sums.size());
    for (std::size_t r = 0; r < sums.size(); ++r) chosen[r] = sums[r] <= best + kTextSlack;
    return chosen;
  }

  // A text that another library of the file has too says nothing about this one's release.
  bool has_other_owner(std::size_t present, const FeatureMatch& match,
                       const std::vector<std::size_t>& accepted) const {
    return std::ranges::any_of(present_[present].owners, [&](const Features::Entry& owner) {
      return owner.library != match.library &&
             std::ranges::find(accepted, owner.library) != accepted.end();
    });
  }

  static std::string base_of(const FeatureLibrary& library, std::uint32_t file) {
    const std::string& path = library.files[file];
    return path.substr(path.rfind('/') + 1);
  }

  std::vector<bool> best_by_lines(FeatureMatch& match) {
    const FeatureLibrary& library = features_.library(match.library);
    PerRelease points(library.releases.size());
    for (const FeatureSource& source : library.sources) {
      auto lines =
          std::ranges::equal_range(facts_.source_lines, source.file_hash, {}, &SourceLine::file);
      if (lines.empty()) continue;
      for (const FeatureLines& version : source.versions)
        points.add(library.sets[version.set], count_there(version, {lines.begin(), lines.end()}));
    }
    std::vector<std::int64_t> sums = points.sums();
    const std::int64_t best = sums.empty() ? 0 : std::ranges::max(sums);
    std::vector<bool> chosen(sums.size());
    for (std::size_t r = 0; r < sums.size(); ++r) chosen[r] = sums[r] >= best - kLineSlack;
    match.lines = static_cast<std::size_t>(best);
    match.by_lines =
        match.lines >= kFewestLines && std::ranges::find(chosen, false) != chosen.end();
    if (!match.by_lines) return chosen;
    for (std::size_t r = 0; r < sums.size(); ++r)
      match.line_points.emplace_back(library.releases[r], static_cast<std::size_t>(sums[r]));
    show_lines(match, static_cast<std::uint32_t>(std::ranges::max_element(sums) - sums.begin()));
    return chosen;
  }

  // Some of the places that the release and the file have, one for each source file.
  void show_lines(FeatureMatch& match, std::uint32_t release) const {
    const FeatureLibrary& library = features_.library(match.library);
    std::vector<FeatureMatch::Seen> shown;
    for (const FeatureSource& source : library.sources) {
      if (shown.size() == kMostSeen) break;
      auto lines =
          std::ranges::equal_range(facts_.source_lines, source.file_hash, {}, &SourceLine::file);
      for (const FeatureLines& version : source.versions)
        if (has(library.sets[version.set], release))
          for (const SourceLine& line : lines)
            if (std::ranges::binary_search(version.first, line.line)) {
              shown.push_back({line.offset, "line " + std::to_string(line.line) + " of " +
                                                base_of(library, source.file)});
              break;
            }
    }
    match.seen.insert(match.seen.begin(), shown.begin(), shown.end());
  }

  static bool has(const ReleaseSet& set, std::uint32_t release) {
    return std::ranges::any_of(set, [&](const ReleaseSpan& span) {
      return span.first <= release && release <= span.last;
    });
  }

  // How many calls of the release the file names.
  static std::int64_t count_there(const FeatureLines& version, std::span<const SourceLine> lines) {
    std::int64_t there = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < version.first.size(); ++i) {
      while (at < lines.size() && lines[at].line < version.first[i]) ++at;
      // Compilers take the first line of a call or its last.
      const std::uint32_t first = version.first[i], last = first + version.span[i];
      bool found = at < lines.size() && lines[at].line == first;
      for (std::size_t k = at; !found && k < lines.size() && lines[k].line <= last; ++k)
        found = lines[k].line == last;
      there += found;
    }
    return there;
  }

  const FileFacts& facts_;
  const Features& features_;
  std::vector<Present> present_;
  std::vector<std::vector<std::size_t>> texts_of_;  // by library: indexes into present_
  mutable std::map<std::size_t, std::vector<std::int64_t>> core_;
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
