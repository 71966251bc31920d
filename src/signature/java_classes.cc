// A release is one whose sample has the most classes in common with the archive. Where all samples
// that the archive has under their own names are of that release, the version is known; where some
// are of no release in the data, it is a build that the data do not have, and only the library is.

#include "signature/java_classes.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/digest.h"
#include "base/text.h"
#include "model/purl.h"

namespace fathom::signature {

namespace {

constexpr std::string_view kName = "java-classes";

// Fewer common classes may be copies of single files.
constexpr std::size_t kFewestSame = 3, kFewestMoved = 5;
constexpr std::size_t kMostEvidence = 8;

Error broken(std::string_view what, std::string_view line) {
  return {ErrorCode::malformed, std::string(what) + ": " + printable(line)};
}

// The first eight bytes of "sha256:…".
std::uint64_t short_digest(std::string_view digest) {
  constexpr std::size_t kPrefix = 7, kDigits = 16;
  if (digest.size() < kPrefix + kDigits) return 0;
  return parse_unsigned(digest.substr(kPrefix, kDigits), 16).value_or(0);
}

bool set_releases(std::string_view ranges, std::vector<bool>& releases) {
  for (std::string_view range : split(ranges, ',')) {
    std::size_t dash = range.find('-');
    std::optional<std::uint64_t> from = parse_unsigned(range.substr(0, dash));
    std::optional<std::uint64_t> to =
        dash == range.npos ? from : parse_unsigned(range.substr(dash + 1));
    if (!from || !to || *from > *to || *to >= releases.size()) return false;
    for (std::uint64_t i = *from; i <= *to; ++i) releases[i] = true;
  }
  return true;
}

}  // namespace

Result<JavaClasses> JavaClasses::parse(std::string_view text) {
  JavaClasses out;
  for (std::string_view line : lines_of(text)) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::vector<std::string_view> cells = split(line, '\t');
    if (cells.size() != 3) return broken("fields", line);
    if (cells[0] == "L")
      TRY(out.add_library(cells));
    else if (cells[0] == "C")
      TRY(out.add_class(cells));
    else
      return broken("kind", line);
  }
  return out;
}

Done JavaClasses::add_library(const std::vector<std::string_view>& cells) {
  Library library{
      .name = std::string(cells[1]), .versions = {}, .is_known = {}, .samples = {}};
  for (std::string_view version : split(cells[2], ',')) {
    library.is_known.push_back(!version.starts_with('?'));
    library.versions.emplace_back(version.substr(library.is_known.back() ? 0 : 1));
  }
  if (library.name.find(':') == std::string::npos) return broken("library", cells[1]);
  libraries_.push_back(std::move(library));
  return Ok{};
}

Done JavaClasses::add_class(const std::vector<std::string_view>& cells) {
  if (libraries_.empty()) return broken("class without a library", cells[1]);
  Library& library = libraries_.back();
  const auto at = static_cast<std::uint32_t>(libraries_.size() - 1);
  const auto sample = static_cast<std::uint32_t>(library.samples.size());
  library.samples.emplace_back(cells[1]);
  by_name_.emplace(xxh3_of(ByteView::of(cells[1])), std::pair(at, sample));
  for (std::string_view content : split(cells[2], ';')) {
    const std::vector<std::string_view> parts = split(content, ':');
    if (parts.size() != 3) return broken("content", content);
    std::optional<std::uint64_t> digest = parse_unsigned(parts[0], 16);
    std::optional<std::uint64_t> shape = parse_unsigned(parts[1], 16);
    Content row{at, sample, std::vector<bool>(library.versions.size())};
    if (!digest || !shape || !set_releases(parts[2], row.releases))
      return broken("content", content);
    const auto index = static_cast<std::uint32_t>(contents_.size());
    by_digest_.emplace(*digest, index);
    if (*shape != 0) by_shape_.emplace(*shape, index);
    contents_.push_back(std::move(row));
  }
  return Ok{};
}

// What one archive has in common with each library.
class ArchiveMatch {
 public:
  ArchiveMatch(const JavaClasses& data, const FileFacts& archive) : data_(data) {
    for (const MemberFacts& member : archive.members)
      if (member.facts.java && !member.facts.java->class_name.empty()) note(member);
  }

  void add_to(Identified& found) const {
    for (const auto& [library, seen] : seen_) {
      const bool same = seen.same.size() >= kFewestSame;
      if (!same && seen.moved.size() < kFewestMoved) continue;
      const JavaClasses::Library& row = data_.libraries_[library];
      found.components.push_back(component_of(row, seen, same));
      std::vector<std::string>& known = found.known_versions[row.name];
      for (std::size_t i = 0; i < row.versions.size(); ++i)
        if (row.is_known[i]) known.push_back(row.versions[i]);
    }
  }

 private:
  struct Hit {
    const MemberFacts* member = nullptr;
    std::vector<std::uint32_t> contents;
  };
  struct Seen {
    std::map<std::uint32_t, Hit> same, moved;  // by sample
    std::set<std::uint32_t> named;             // samples that are there by name
  };

  void note(const MemberFacts& member) {
    const JavaFacts& java = *member.facts.java;
    auto [first, last] = data_.by_name_.equal_range(xxh3_of(ByteView::of(java.class_name)));
    for (auto at = first; at != last; ++at) seen_[at->second.first].named.insert(at->second.second);
    note_hits(data_.by_digest_, short_digest(member.digest), member, &Seen::same);
    if (java.shape != 0) note_hits(data_.by_shape_, java.shape, member, &Seen::moved);
  }

  void note_hits(const std::unordered_multimap<std::uint64_t, std::uint32_t>& index,
                 std::uint64_t key, const MemberFacts& member,
                 std::map<std::uint32_t, Hit> Seen::* list) {
    auto [first, last] = index.equal_range(key);
    for (auto at = first; at != last; ++at) {
      const JavaClasses::Content& content = data_.contents_[at->second];
      Hit& hit = (seen_[content.library].*list)[content.sample];
      hit.member = &member;
      hit.contents.push_back(at->second);
    }
  }

  Component component_of(const JavaClasses::Library& library, const Seen& seen, bool same) const {
    const std::map<std::uint32_t, Hit>& hits = same ? seen.same : seen.moved;
    Component c;
    c.kind = ComponentKind::embedded_library;
    c.name = library.name;
    c.ecosystem = "Maven";
    std::vector<std::size_t> best = best_releases(library, hits);
    // A sample that is there by its name in another form than in any release.
    const bool unknown_build = same && seen.named.size() > seen.same.size();
    std::vector<std::string> releases;
    for (std::size_t i : best) releases.push_back(library.versions[i]);
    if (!unknown_build && releases.size() == 1) c.version.exact = releases[0];
    if (!unknown_build && releases.size() > 1) {
      c.version.low = releases.front();
      c.version.high = releases.back();
      c.version.candidates = releases;
    }
    c.confidence = same ? Confidence::high : Confidence::medium;
    add_evidence(library, hits, releases, same, unknown_build, c);
    set_purl(c);
    return c;
  }

  std::vector<std::size_t> best_releases(const JavaClasses::Library& library,
                                         const std::map<std::uint32_t, Hit>& hits) const {
    std::vector<std::size_t> score(library.versions.size());
    for (const auto& [sample, hit] : hits) {
      std::vector<bool> any(score.size());
      for (std::uint32_t content : hit.contents)
        for (std::size_t i = 0; i < any.size(); ++i)
          any[i] = any[i] || data_.contents_[content].releases[i];
      for (std::size_t i = 0; i < any.size(); ++i) score[i] += any[i] ? 1 : 0;
    }
    std::vector<bool> is_best(score.size());
    const std::size_t most = *std::ranges::max_element(score);
    for (std::size_t i = 0; i < score.size(); ++i) is_best[i] = score[i] == most;
    // A release that nobody looked at may be like the nearest ones that somebody did.
    for (std::size_t i = 1; i < score.size(); ++i)
      if (is_best[i - 1] && !library.is_known[i]) is_best[i] = true;
    for (std::size_t i = score.size(); i-- > 1;)
      if (is_best[i] && !library.is_known[i - 1]) is_best[i - 1] = true;
    std::vector<std::size_t> best;
    for (std::size_t i = 0; i < score.size(); ++i)
      if (is_best[i]) best.push_back(i);
    return best;
  }

  static void add_evidence(const JavaClasses::Library& library,
                           const std::map<std::uint32_t, Hit>& hits,
                           const std::vector<std::string>& releases, bool same, bool unknown_build,
                           Component& c) {
    const std::string which =
        releases.size() == 1 ? releases[0] : releases.front() + " to " + releases.back();
    const std::string count = std::to_string(hits.size()) + " of " +
                              std::to_string(library.samples.size()) + " classes of the sample";
    std::size_t kept = 0;
    for (const auto& [sample, hit] : hits) {
      if (kept == kMostEvidence) break;
      std::string seen =
          (same ? "the class of " : "has the shape of " + library.samples[sample] + " of ") +
          library.name.substr(library.name.find(':') + 1) + " " + which;
      if (kept++ == 0)
        seen += " (" + count + (unknown_build ? "; others of no known release)" : ")");
      c.evidence.push_back({.analyzer = std::string(kName),
                            .file = {},
                            .file_digest = {},
                            .place = Place::named(hit.member->path),
                            .seen = std::move(seen)});
    }
  }

  static void set_purl(Component& c) {
    const std::size_t colon = c.name.find(':');
    c.purl = Purl{.type = "maven",
                  .namespace_ = c.name.substr(0, colon),
                  .name = c.name.substr(colon + 1),
                  .version = c.version.exact}
                 .text();
  }

  const JavaClasses& data_;
  std::map<std::uint32_t, Seen> seen_;  // by library
};

void JavaClasses::identify(const FileFacts& archive, Identified& found) const {
  if (!archive.java) return;
  if (archive.java->is_archive) return ArchiveMatch(*this, archive).add_to(found);
  // Programs compiled ahead of time have names alone.
  std::map<std::uint32_t, std::vector<std::uint32_t>> seen;  // library → samples
  for (std::uint64_t name : archive.java->named_classes) {
    auto [first, last] = by_name_.equal_range(name);
    for (auto at = first; at != last; ++at) seen[at->second.first].push_back(at->second.second);
  }
  for (const auto& [library, samples] : seen) {
    if (samples.size() < kFewestSame) continue;
    Component c;
    c.kind = ComponentKind::embedded_library;
    c.name = libraries_[library].name;
    c.ecosystem = "Maven";
    c.confidence = Confidence::low;
    const std::size_t colon = c.name.find(':');
    c.purl = Purl{.type = "maven",
                  .namespace_ = c.name.substr(0, colon),
                  .name = c.name.substr(colon + 1)}
                 .text();
    for (std::uint32_t sample : samples)
      if (c.evidence.size() < kMostEvidence)
        c.evidence.push_back({.analyzer = std::string(kName),
                              .file = {},
                              .file_digest = {},
                              .place = {},
                              .seen = "names class " + libraries_[library].samples[sample]});
    found.components.push_back(std::move(c));
  }
}

void reconcile(Component& stated, Component by_classes,
               const std::vector<std::string>& known_versions) {
  const std::vector<std::string>& possible = by_classes.version.candidates;
  const std::string& text = stated.version.exact;
  const bool knows = by_classes.version.known() || !possible.empty();
  const bool agrees =
      text == by_classes.version.exact || std::ranges::find(possible, text) != possible.end();
  const bool is_known = std::ranges::find(known_versions, text) != known_versions.end();
  if (knows && !agrees && (text.empty() || is_known)) {
    if (!text.empty())
      by_classes.evidence.front().seen += "; a text states " + text + ", which they are not";
    stated.version = by_classes.version;
  }
  stated.name = by_classes.name;
  if (Result<Purl> purl = parse_purl(by_classes.purl)) {
    purl->version = stated.version.exact;
    stated.purl = purl->text();
  }
  stated.confidence = std::max(stated.confidence, by_classes.confidence);
  std::ranges::move(by_classes.evidence, std::back_inserter(stated.evidence));
}

}  // namespace fathom::signature
