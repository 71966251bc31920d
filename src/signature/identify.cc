// Two rounds over the rows. The first settles what the code itself states: presence, and versions
// that a text and a constant agree on or that a text with the library's name gives. The second
// gives what is left to the bare numbers: "1.9.4" may be anybody's, so a bare number counts only
// when the library is known to be there and no library of the first round explains that number.

#include "signature/identify.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "signature/feature_match.h"
#include "signature/object_components.h"
#include "signature/patterns.h"
#include "signature/row.h"
#include "signature/stated.h"

namespace fathom::signature {
namespace {

constexpr std::size_t kMostPlaces = 64;       // of one version text kept per row
constexpr std::size_t kMostTextEvidence = 3;  // places shown per version
constexpr std::size_t kMostConfirmEvidence = 8;
constexpr std::size_t kMostCopies = 4;       // said to be in one file
constexpr std::size_t kMostCandidates = 64;  // listed
constexpr std::size_t kHighConfirms = 3;
constexpr double kShareDespiteLinking = 0.2;
// Source lines that outrank a version text, and their share of all. Fewer may come from patches: a
// distribution that carries fixes back moves the lines of the files that it touches.
constexpr std::size_t kFewestLinesAgainst = 10;
constexpr double kLeastShareAgainst = 0.25;
// From where on it is told, and confidence is lower.
constexpr std::size_t kFewestLinesOff = 4;
constexpr double kLeastShareOff = 0.03;
constexpr double kHighShare = 0.3;
constexpr std::string_view kFeatureAnalyzer = "source-features";
constexpr std::uint64_t kMostUnknownReleases = 5;  // that a branch may have beyond the data
constexpr std::string_view kAnalyzer = "classifier";

VersionClaim exactly(const std::string& version) {
  VersionClaim claim;
  claim.exact = version;
  return claim;
}

struct TextHit {
  const Text* text;
  std::string version;
};

struct ConfirmHit {
  const ConfirmText* confirm;
  std::uint64_t offset;
};

struct ConstantHit {
  const ConstantReturn* constant;
  std::string version;
};

// What the facts say about one row.
struct Seen {
  std::vector<TextHit> named, bare;
  std::vector<ConfirmHit> confirms;
  std::vector<ConstantHit> constants;
  std::string linked;  // the DT_NEEDED entry, or empty
  bool own = false;    // the file is the library's own shared object
  bool excluded = false;
};

// What is said of one row, before it is a component.
struct Answer {
  std::vector<std::string> exact;  // one component each
  std::vector<std::string> open;   // versions that none of it decides
  bool settled = false;
};

struct Less {
  bool operator()(const std::string& a, const std::string& b) const {
    return compare_releases(a, b) < 0;
  }
};
using Versions = std::set<std::string, Less>;

// Wheels and the like rename what they bundle: "libz-1a2b3c4d.so.1.2.11" is libz.so.
std::string without_bundle_hash(std::string_view soname) {
  std::size_t dot = soname.find(".so");
  std::size_t dash = soname.substr(0, dot).rfind('-');
  if (dot == soname.npos || dash == soname.npos || dot - dash != 9) return std::string(soname);
  bool hex = soname.substr(dash + 1, 8).find_first_not_of("0123456789abcdef") == soname.npos;
  if (!hex) return std::string(soname);
  return std::string(soname.substr(0, dash)) + std::string(soname.substr(dot));
}

// "libz.so" names "libz.so", "libz.so.1" and "libz.so.1.2.13".
bool is_soname(std::string_view name, const std::vector<std::string>& sonames) {
  std::string plain = without_bundle_hash(name);
  return std::any_of(sonames.begin(), sonames.end(), [&](const std::string& soname) {
    return plain.starts_with(soname) &&
           (plain.size() == soname.size() || plain[soname.size()] == '.');
  });
}

std::optional<std::uint64_t> find_string(const FileFacts& facts, std::uint64_t hash) {
  auto found = std::lower_bound(facts.strings.begin(), facts.strings.end(), hash,
                                [](const StringHash& s, std::uint64_t h) { return s.hash < h; });
  if (found == facts.strings.end() || found->hash != hash) return std::nullopt;
  return found->offset;
}

std::optional<std::uint64_t> find_string(const FileFacts& facts, const ConfirmText& confirm) {
  std::optional<std::uint64_t> offset = find_string(facts, confirm.hash);
  if (!offset && confirm.hash_without_newline != 0)
    offset = find_string(facts, confirm.hash_without_newline);
  return offset;
}

bool is_release(const Row& row, const std::string& version) {
  return row.releases.empty() ||
         std::binary_search(row.releases.begin(), row.releases.end(), version, Less{});
}

std::string_view branch_of(std::string_view version) {
  return version.substr(0, version.rfind('.'));
}

// The number behind the last dot.
std::optional<std::uint64_t> patch_of(std::string_view version) {
  std::size_t dot = version.rfind('.');
  if (dot == version.npos) return std::nullopt;
  return parse_unsigned(version.substr(dot + 1));
}

// A release that the data does not know yet: one of the next few of a branch that it knows.
bool is_later_release(const Row& row, const std::string& version) {
  std::optional<std::uint64_t> newest, patch = patch_of(version);
  for (const std::string& release : row.releases)
    if (branch_of(release) == branch_of(version)) newest = std::max(newest, patch_of(release));
  return newest && patch && *newest < *patch && *patch - *newest <= kMostUnknownReleases;
}

// The version itself, or for one that the data does not know the release before it.
const std::string& known_release(const Row& row, const std::string& version) {
  auto after = std::upper_bound(row.releases.begin(), row.releases.end(), version, Less{});
  return after == row.releases.begin() ? version : *(after - 1);
}

bool within(const ConfirmText& text, const std::string& release) {
  return (text.since.empty() || compare_releases(text.since, release) <= 0) &&
         (text.until.empty() || compare_releases(release, text.until) <= 0);
}

// The releases that the fewest of the dated texts speak against. Not those that none speaks
// against: distributions carry texts of later releases back, and another library of the file may
// have the same text.
VersionClaim bounds_of(const Row& row, const Seen& seen) {
  VersionClaim claim;
  std::size_t fewest = seen.confirms.size() + 1;
  for (const std::string& release : row.releases) {
    std::size_t against = 0;
    for (const ConfirmHit& hit : seen.confirms) against += !within(*hit.confirm, release);
    if (against > fewest) continue;
    if (against < fewest) claim.candidates.clear();
    fewest = against;
    claim.candidates.push_back(release);
  }
  if (claim.candidates.empty() || claim.candidates.size() == row.releases.size()) return {};
  claim.low = claim.candidates.front();
  claim.high = claim.candidates.back();
  return claim;
}

bool within(const VersionClaim& bounds, const std::string& version) {
  return (bounds.low.empty() || compare_releases(bounds.low, version) <= 0) &&
         (bounds.high.empty() || compare_releases(version, bounds.high) <= 0);
}

Versions versions_of(const auto& hits) {
  Versions versions;
  for (const auto& hit : hits) versions.insert(hit.version);
  return versions;
}

Versions both(const Versions& a, const Versions& b) {
  Versions common;
  for (const std::string& version : a)
    if (b.contains(version)) common.insert(version);
  return common;
}

std::vector<std::string> list(const Versions& versions) {
  return {versions.begin(), versions.end()};
}

std::string with_version(std::string text, const std::string& version) {
  constexpr std::string_view kHole = "{version}";
  if (std::size_t at = text.find(kHole); at != text.npos) text.replace(at, kHole.size(), version);
  return text;
}

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '_' || c == '-';
}

std::string purl_of(const Row& row, const std::string& version) {
  if (version.empty()) return with_version(row.purl.substr(0, row.purl.find('@')), "");
  std::string encoded;
  for (char c : version)
    encoded += is_plain(c) || c == '~' ? std::string(1, c)
                                       : "%" + to_hex(ByteView::of(std::string_view(&c, 1)));
  return with_version(row.purl, encoded);
}

// NISTIR 7695: punctuation is escaped; "*" is any version.
std::string cpe_of(const Row& row, const std::string& version) {
  if (row.cpe.empty()) return {};
  std::string escaped;
  for (char c : version) {
    if (!is_plain(c) || c == '-') escaped += '\\';
    escaped += c;
  }
  return with_version(row.cpe, escaped.empty() ? "*" : escaped);
}

std::string instruction_of(const FileFacts& facts, std::uint64_t value) {
  if (facts.elf && facts.elf->machine_name == "aarch64")
    return "mov w0, #" + std::to_string(value) + "; ret";
  return "mov eax, " + std::to_string(value) + "; ret";
}

}  // namespace

struct Identifier {
  const FileFacts& facts;
  const std::vector<Row>& rows;
  const Patterns& patterns;
  std::vector<Seen> seen;
  std::vector<Answer> answers;
  std::set<std::uint64_t> explained;  // offsets of texts that an exact version rests on
  const Features& features;
  const Objects& objects;
  ObjectMatches compiled;
  std::map<std::string, FeatureMatch> matches;  // by library

  Identifier(const FileFacts& f, const Classifiers& c, const Features& x, const Objects& o)
      : facts(f),
        rows(c.rows_),
        patterns(*c.patterns_),
        seen(rows.size()),
        answers(rows.size()),
        features(x),
        objects(o) {}

  Identified run() {
    if (facts.elf) compiled = match_objects(facts.functions, facts.elf->machine_name, objects);
    look_for_code();
    look_for_texts();
    look_for_features();
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (is_present(i)) settle(i);
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (is_present(i) && !answers[i].settled) settle_by_bare_numbers(i);
    Identified out;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (is_present(i)) hold_against_lines(i, out.mentions);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (is_present(i))
        add_components(i, out.components);
      else
        add_mentions(i, out.mentions);
    }
    add_libraries_without_row(out.components);
    for (const ObjectMatch& match : compiled.libraries)
      if (std::optional<Component> package = package_of(match, objects.library(match.library)))
        out.components.push_back(std::move(*package));
    out.functions = std::move(compiled.functions);
    out.own_calls = std::move(compiled.own_calls);
    out.objects = std::move(compiled.libraries);
    return out;
  }

  // The library's code as a known builder made it; null when there is none.
  const ObjectMatch* compiled_of(const std::string& library) const {
    auto found = std::ranges::find(compiled.libraries, library, &ObjectMatch::name);
    return found == compiled.libraries.end() ? nullptr : &*found;
  }
  std::vector<std::string> releases_of_builds(const std::string& library) const {
    const ObjectMatch* match = compiled_of(library);
    if (match == nullptr) return {};
    return signature::releases_of(*match, objects.library(match->library));
  }

  void look_for_features() {
    std::set<std::string> known;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (is_present(i)) known.insert(rows[i].library);
    for (FeatureMatch& match : match_features(facts, features, known))
      matches.emplace(match.name, std::move(match));
  }

  const FeatureMatch* match_of(std::size_t i) const {
    auto match = matches.find(rows[i].library);
    return match == matches.end() ? nullptr : &match->second;
  }

  // At least so many of the source lines, and so great a share, are of other releases than this.
  static bool are_off(const FeatureMatch* match, const std::string& version, std::size_t fewest,
                      double share) {
    if (match == nullptr || !match->by_lines) return false;
    const std::size_t missing = match->lines_missing(version);
    return missing >= fewest &&
           static_cast<double>(missing) >= share * static_cast<double>(match->lines);
  }
  static bool is_contradicted(const FeatureMatch* match, const std::string& version) {
    return are_off(match, version, kFewestLinesAgainst, kLeastShareAgainst);
  }
  bool is_disputed(std::size_t i, const std::string& version) const {
    return are_off(match_of(i), version, kFewestLinesOff, kLeastShareOff);
  }

  // A text can be planted or patched; the lines of every call cannot without compiling anew.
  void hold_against_lines(std::size_t i, std::vector<Mention>& mentions) {
    const FeatureMatch* match = match_of(i);
    if (answers[i].exact.size() != 1) return;
    const std::string version = answers[i].exact.front();
    if (versions_of(seen[i].constants).contains(version) || !is_contradicted(match, version))
      return;
    answers[i] = {};
    for (const std::vector<TextHit>* hits : {&seen[i].named, &seen[i].bare})
      for (const TextHit& hit : *hits)
        if (hit.version == version) {
          mentions.push_back({.library = rows[i].library,
                              .version = version,
                              .file = {},
                              .evidence = at_offset(hit.text->offset, hit.text->text),
                              .why = std::to_string(match->lines_missing(version)) + " of " +
                                     std::to_string(match->lines) + " " +
                                     std::string(kContradictedByLines)});
          return;
        }
  }

  void look_for_code() {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Row& row = rows[i];
      for (const ConfirmText& confirm : row.confirm)
        if (auto offset = find_string(facts, confirm))
          seen[i].confirms.push_back({&confirm, *offset});
      for (const ConfirmText& text : row.exclude_if)
        seen[i].excluded |= find_string(facts, text).has_value();
      if (!facts.elf) continue;
      seen[i].own = !facts.elf->soname.empty() && is_soname(facts.elf->soname, row.sonames);
      for (const std::string& needed : facts.elf->needed)
        if (is_soname(needed, row.sonames)) seen[i].linked = needed;
    }
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (rows[i].constant) look_for_constants(i);
  }

  void look_for_constants(std::size_t i) {
    for (const ConstantReturn& constant : facts.constants) {
      std::optional<std::string> version = decode(*rows[i].constant, constant.value);
      if (version && (is_release(rows[i], *version) || is_later_release(rows[i], *version)) &&
          seen[i].constants.size() < kMostPlaces)
        seen[i].constants.push_back({&constant, std::move(*version)});
    }
  }

  void look_for_texts() {
    for (const Text& text : facts.texts)
      patterns.match(text.text, [&](std::size_t i, std::size_t v, std::string version) {
        bool bare = rows[i].versions[v].bare;
        if (bare && !is_release(rows[i], version) && !is_later_release(rows[i], version)) return;
        std::vector<TextHit>& hits = bare ? seen[i].bare : seen[i].named;
        if (hits.size() < kMostPlaces) hits.push_back({&text, std::move(version)});
      });
  }

  // Versions that a text and a constant agree on.
  Versions agreed(std::size_t i) const {
    Versions texts = versions_of(seen[i].named);
    texts.merge(versions_of(seen[i].bare));
    return both(texts, versions_of(seen[i].constants));
  }

  std::size_t confirms_needed(std::size_t i) const {
    if (seen[i].own) return 1;
    bool stated = !seen[i].named.empty() || !agreed(i).empty();
    return stated && seen[i].linked.empty() ? rows[i].confirm_at_least : rows[i].confirm_alone;
  }

  bool is_present(std::size_t i) const {
    if (compiled_of(rows[i].library) != nullptr) return true;
    if (seen[i].excluded) return false;
    const FeatureMatch* match = match_of(i);
    if (match != nullptr &&
        (seen[i].linked.empty() || seen[i].own || match->share >= kShareDespiteLinking))
      return true;
    std::size_t needed = confirms_needed(i);
    if (needed > 0 && seen[i].confirms.size() >= needed) return true;
    if (!rows[i].constant || (!seen[i].linked.empty() && !seen[i].own)) return false;
    if (rows[i].constant->proves && !seen[i].constants.empty()) return true;
    return seen[i].own && !seen[i].constants.empty();
  }

  void settle(std::size_t i) {
    const std::vector<std::string> built = releases_of_builds(rows[i].library);
    if (built.size() == 1) return accept(i, {built.front()});
    Versions constants = versions_of(seen[i].constants);
    Versions named = versions_of(seen[i].named);
    Versions sure = named.size() == 1 ? named : both(named, constants);
    // A function whose values no other code returns outranks a text, which is easily changed.
    if (is_outranked(i, sure)) return accept(i, constants);
    if (named.empty()) sure = agreed(i);
    if (!sure.empty() && sure.size() <= kMostCopies) return accept(i, sure);
    // Each copy states its own.
    const FeatureMatch* match = match_of(i);
    if (match != nullptr && named.size() > 1 && named.size() <= match->copies)
      return accept(i, named);
    if (!named.empty()) return leave_open(i, named);
    if (constants.size() == 1 && (rows[i].constant->proves || seen[i].bare.empty()))
      return accept(i, constants);
  }

  bool is_outranked(std::size_t i, const Versions& stated) const {
    const Versions constants = versions_of(seen[i].constants);
    return !stated.empty() && constants.size() == 1 && rows[i].constant->proves &&
           both(stated, constants).empty();
  }

  void settle_by_bare_numbers(std::size_t i) {
    VersionClaim bounds = bounds_of(rows[i], seen[i]);
    Versions all, unexplained;
    auto known = [&](const std::string& version) { return is_release(rows[i], version); };
    for (const TextHit& hit : seen[i].bare) {
      if (!within(bounds, known_release(rows[i], hit.version))) continue;
      all.insert(hit.version);
      if (!explained.contains(hit.text->offset)) unexplained.insert(hit.version);
    }
    Versions left = unexplained.empty() ? all : unexplained;
    std::erase_if(left, [&, any = std::any_of(left.begin(), left.end(), known)](
                            const std::string& version) { return any && !known(version); });
    Versions constants;
    for (const ConstantHit& hit : seen[i].constants)
      if (within(bounds, known_release(rows[i], hit.version))) constants.insert(hit.version);
    if (left.size() == 1) return accept(i, left);
    if (left.empty() && constants.size() == 1) return accept(i, constants);
    leave_open(i, left.empty() ? constants : left);
  }

  void accept(std::size_t i, const Versions& versions) {
    answers[i] = {.exact = list(versions), .open = {}, .settled = true};
    for (const std::vector<TextHit>* hits : {&seen[i].named, &seen[i].bare})
      for (const TextHit& hit : *hits)
        if (versions.contains(hit.version)) explained.insert(hit.text->offset);
  }

  void leave_open(std::size_t i, const Versions& versions) {
    answers[i] = {.exact = {}, .open = list(versions), .settled = true};
  }

  void add_components(std::size_t i, std::vector<Component>& out) const {
    if (answers[i].exact.empty()) {
      out.push_back(component(i, open_claim(i)));
      return;
    }
    for (const std::string& version : answers[i].exact)
      out.push_back(component(i, exactly(version)));
  }

  // Several versions that nothing decides between, or none: what bounds there are.
  VersionClaim open_claim(std::size_t i) const {
    const std::vector<std::string>& open = answers[i].open;
    if (std::vector<std::string> built = releases_of_builds(rows[i].library); !built.empty())
      return one_of(std::move(built));
    std::vector<std::string> releases =
        open.empty() ? bounds_of(rows[i], seen[i]).candidates : open;
    const FeatureMatch* match = match_of(i);
    if (match == nullptr || match->releases.empty()) return one_of(std::move(releases));
    std::vector<std::string> common = in_both(match->releases, releases);
    if (open.empty() && match->is_unknown) return beyond(*match);
    return narrowed(common.empty() ? match->releases : std::move(common), rows[i].library);
  }

  // Of several releases, the only one that a text of the file states.
  VersionClaim narrowed(std::vector<std::string> releases, const std::string& library) const {
    if (releases.size() == 1) return exactly(releases.front());
    const std::vector<Stated> texts = find_stated(facts.texts, library, releases);
    for (bool named : {true, false}) {
      Versions stated;
      for (const Stated& one : texts)
        if (one.named == named && (named || !explained.contains(one.text->offset)))
          stated.insert(one.version);
      if (stated.size() == 1) return exactly(*stated.begin());
      if (!stated.empty()) break;
    }
    return one_of(std::move(releases));
  }

  // None of the known releases: what is known is where it begins, if that.
  static VersionClaim beyond(const FeatureMatch& match) {
    return {.exact = {}, .low = match.releases.back(), .high = {}, .candidates = {}};
  }

  static std::vector<std::string> in_both(const std::vector<std::string>& a,
                                          const std::vector<std::string>& b) {
    std::vector<std::string> common;
    for (const std::string& version : a)
      if (std::ranges::any_of(
              b, [&](const std::string& other) { return compare_releases(version, other) == 0; }))
        common.push_back(version);
    return common;
  }

  static VersionClaim one_of(std::vector<std::string> releases) {
    // Several packagings of a release have its version.
    const auto repeated = std::ranges::unique(releases);
    releases.erase(repeated.begin(), repeated.end());
    if (releases.empty()) return {};
    if (releases.size() == 1) return exactly(releases.front());
    VersionClaim claim{
        .exact = {}, .low = releases.front(), .high = releases.back(), .candidates = {}};
    if (releases.size() <= kMostCandidates) claim.candidates = std::move(releases);
    return claim;
  }

  void add_libraries_without_row(std::vector<Component>& out) const {
    for (const auto& [name, match] : matches) {
      if (has_row(name)) continue;
      Component made = without_row(name, std::string(features.library(match.library).cpe()),
                                   claim_without_row(match));
      made.confidence = compiled_of(name) != nullptr ? Confidence::high : confidence_of(match);
      add_compiled_evidence(name, made.evidence);
      add_evidence(match, made.evidence);
      out.push_back(std::move(made));
    }
    for (const ObjectMatch& match : compiled.libraries) {
      if (has_row(match.name) || matches.contains(match.name)) continue;
      Component made = without_row(match.name, {}, one_of(releases_of_builds(match.name)));
      made.confidence = Confidence::high;
      if (std::string own = own_purl_of(match, objects.library(match.library)); !own.empty())
        made.purl = std::move(own);
      add_compiled_evidence(match.name, made.evidence);
      out.push_back(std::move(made));
    }
  }

  bool has_row(const std::string& library) const {
    return std::ranges::any_of(rows, [&](const Row& row) { return row.library == library; });
  }

  static Component without_row(const std::string& library, const std::string& cpe,
                               VersionClaim version) {
    Row row;
    row.library = library;
    row.purl = "pkg:generic/" + library + "@{version}";
    row.cpe = cpe;
    Component made;
    made.kind = ComponentKind::embedded_library;
    made.name = library;
    made.ecosystem = "C";
    made.version = std::move(version);
    made.purl = purl_of(row, made.version.exact);
    made.cpe = cpe_of(row, made.version.exact);
    return made;
  }

  void add_compiled_evidence(const std::string& library, std::vector<Evidence>& out) const {
    const ObjectMatch* match = compiled_of(library);
    if (match == nullptr) return;
    for (Evidence& one : evidence_of(*match, objects.library(match->library)))
      out.push_back(std::move(one));
  }

  // What the features leave open, a text may decide.
  VersionClaim claim_without_row(const FeatureMatch& match) const {
    if (std::vector<std::string> built = releases_of_builds(match.name); !built.empty())
      return one_of(std::move(built));
    if (match.is_unknown) return beyond(match);
    if (!match.releases.empty()) return narrowed(match.releases, match.name);
    const VersionClaim claim = narrowed(releases_of(match.library), match.name);
    return claim.known() ? claim : VersionClaim{};
  }

  std::vector<std::string> releases_of(std::size_t library) const {
    const FeatureView view = features.library(library);
    std::vector<std::string> out;
    for (std::size_t r = 0; r < view.releases(); ++r) out.emplace_back(view.release(r));
    return out;
  }

  static Confidence confidence_of(const FeatureMatch& match) {
    return match.by_function || match.by_lines || match.share >= kHighShare ? Confidence::high
                                                                            : Confidence::medium;
  }

  static Evidence dispute(const FeatureMatch& match, const std::string& version) {
    std::string best = match.releases.empty() ? "others" : match.releases.front();
    if (match.releases.size() > 1) best += " to " + match.releases.back();
    return {.analyzer = std::string(kFeatureAnalyzer),
            .file = {},
            .file_digest = {},
            .place = Place::at_offset(match.seen.empty() ? 0 : match.seen.front().offset),
            .seen = std::to_string(match.lines_missing(version)) + " of " +
                    std::to_string(match.lines) + " source lines are not of " + version +
                    " but of " + best};
  }

  static void add_evidence(const FeatureMatch& match, std::vector<Evidence>& out) {
    if (match.is_unknown)
      out.push_back({.analyzer = std::string(kFeatureAnalyzer),
                     .file = {},
                     .file_digest = {},
                     .place = Place::at_offset(match.seen.empty() ? 0 : match.seen.front().offset),
                     .seen = "none of the known releases, nearest " + match.releases.back() + ": " +
                             std::to_string(match.lines_off) + " source lines of " +
                             std::to_string(match.files_off) + " files are not of it"});
    for (const FeatureMatch::Seen& one : match.seen)
      out.push_back({.analyzer = std::string(kFeatureAnalyzer),
                     .file = {},
                     .file_digest = {},
                     .place = one.is_address ? Place{Place::Kind::address, one.offset, {}}
                                             : Place::at_offset(one.offset),
                     .seen = one.what});
  }

  Component component(std::size_t i, VersionClaim version) const {
    Component made;
    made.kind = rows[i].kind;
    made.name = rows[i].library;
    made.ecosystem = "C";
    made.purl = purl_of(rows[i], version.exact);
    made.cpe = cpe_of(rows[i], version.exact);
    made.confidence = confidence(i, version);
    made.evidence = evidence(i, version);
    made.version = std::move(version);
    return made;
  }

  Confidence confidence(std::size_t i, const VersionClaim& version) const {
    if (!version.known()) return Confidence::medium;
    if (releases_of_builds(rows[i].library).size() == 1) return Confidence::high;
    if (agreed(i).contains(version.exact)) return Confidence::high;
    if (is_disputed(i, version.exact)) return Confidence::low;
    bool named = versions_of(seen[i].named).contains(version.exact);
    return named && seen[i].confirms.size() >= kHighConfirms ? Confidence::high
                                                             : Confidence::medium;
  }

  // Texts and constants of the version (of all candidates when it is open), then confirm texts.
  std::vector<Evidence> evidence(std::size_t i, const VersionClaim& version) const {
    std::vector<Evidence> out;
    const ObjectMatch* built = compiled_of(rows[i].library);
    if (built != nullptr && !built->is_unknown) add_compiled_evidence(rows[i].library, out);
    auto counts = [&](const std::string& seen_version) {
      return version.known() ? compare_releases(seen_version, version.exact) == 0
                             : std::find(version.candidates.begin(), version.candidates.end(),
                                         seen_version) != version.candidates.end();
    };
    for (const std::vector<TextHit>* hits : {&seen[i].named, &seen[i].bare}) {
      std::map<std::string, std::size_t> shown;
      for (const TextHit& hit : *hits)
        if (counts(hit.version) && shown[hit.version]++ < kMostTextEvidence)
          out.push_back(at_offset(hit.text->offset, hit.text->text));
    }
    std::map<std::string, std::size_t> shown;
    for (const ConstantHit& hit : seen[i].constants)
      if (counts(hit.version) && shown[hit.version]++ < kMostTextEvidence)
        out.push_back({.analyzer = std::string(kAnalyzer),
                       .file = {},
                       .file_digest = {},
                       .place = {Place::Kind::address, hit.constant->address, {}},
                       .seen = instruction_of(facts, hit.constant->value)});
    for (std::size_t c = 0; c < std::min(seen[i].confirms.size(), kMostConfirmEvidence); ++c)
      out.push_back(at_offset(seen[i].confirms[c].offset, seen[i].confirms[c].confirm->text));
    if (const FeatureMatch* match = match_of(i)) {
      add_evidence(*match, out);
      if (is_disputed(i, version.exact)) out.push_back(dispute(*match, version.exact));
    }
    if (built != nullptr && built->is_unknown) add_compiled_evidence(rows[i].library, out);
    return out;
  }

  static Evidence at_offset(std::uint64_t offset, std::string_view text) {
    return {.analyzer = std::string(kAnalyzer),
            .file = {},
            .file_digest = {},
            .place = Place::at_offset(offset),
            .seen = printable(text)};
  }

  void add_mentions(std::size_t i, std::vector<Mention>& out) const {
    std::set<std::string> said;
    for (const TextHit& hit : seen[i].named)
      if (said.insert(hit.version).second)
        out.push_back({.library = rows[i].library,
                       .version = hit.version,
                       .file = {},
                       .evidence = at_offset(hit.text->offset, hit.text->text),
                       .why = why_not(i)});
  }

  std::string why_not(std::size_t i) const {
    if (seen[i].excluded) return "the file has the code of a fork of the library";
    if (!seen[i].linked.empty()) return "the file links " + seen[i].linked;
    std::size_t count = seen[i].confirms.size();
    if (count == 0) return "no other text of the library is there";
    return "only " + std::to_string(count) + " other text" + (count == 1 ? "" : "s") +
           " of the library, " + std::to_string(confirms_needed(i)) + " would confirm it";
  }
};

Identified identify(const FileFacts& facts, const Classifiers& classifiers,
                    const Features& features, const Objects& objects) {
  return Identifier(facts, classifiers, features, objects).run();
}

}  // namespace fathom::signature
