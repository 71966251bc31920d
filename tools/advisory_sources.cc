#include "advisory_sources.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "vuln/cvss.h"
#include "vuln/requirement.h"

namespace fathom::tools {
namespace {

using nlohmann::json;
using vuln::Advisory;
using vuln::Dialect;
using vuln::Range;
using vuln::Scheme;

struct Context {
  vuln::PackContent& content;
  SourceTally& tally;
  const std::map<std::string, Scheme>& schemes;  // of C libraries
};

// ---- fields: a missing or oddly typed one is empty

std::string text_in(const json& row, const char* name) {
  auto at = row.find(name);
  return at != row.end() && at->is_string() ? at->get<std::string>() : "";
}

std::vector<std::string> texts_in(const json& row, const char* name) {
  std::vector<std::string> out;
  auto at = row.find(name);
  if (at == row.end()) return out;
  if (at->is_string()) return {at->get<std::string>()};
  for (const json& item : *at)
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

const json& list_in(const json& row, const char* name) {
  static const json kNone = json::array();
  auto at = row.find(name);
  return at != row.end() && at->is_array() ? *at : kNone;
}

std::string date_in(const json& row, const char* name) {
  std::string date = text_in(row, name);
  return date.size() == 10 && date[4] == '-' && date[7] == '-' ? date : "";
}

// ---- severity

void set_severity(Advisory& a, const std::string& word, const std::string& vector) {
  a.cvss = vector;
  std::optional<vuln::CvssScore> score = vuln::score_of_cvss(vector);
  if (score) a.cvss_score = score->text();
  // nginx says "major" and "minor".
  std::string known = word == "major" ? "high" : word == "minor" ? "low" : word;
  a.severity = parse_severity(known).value_or(Severity::unknown);
  if (a.severity == Severity::unknown && score) a.severity = score->severity;
}

void set_score(Advisory& a, const json& score) {
  if (!score.is_number()) return;
  vuln::CvssScore value{static_cast<int>(score.get<double>() * 10 + 0.5), {}};
  a.cvss_score = value.text();
  a.severity = vuln::severity_of_score(value.tenths);
}

// ---- ranges

std::string text_of_pair(const std::string& introduced, const std::string& end) {
  return introduced + " " + end;
}

void add_bounds(Advisory& a, const std::string& introduced, const std::string& end) {
  Result<Range> range = vuln::parse_bounds(a.scheme, introduced, end);
  if (!range) {
    a.unreadable.push_back(text_of_pair(introduced, end));
    return;
  }
  if (!range->fixed.empty() && end == "<" + range->fixed) a.fixed_in.push_back(range->fixed);
  a.ranges.push_back(std::move(*range));
}

// [introduced, fixed or null, last affected], as OSV has them.
void add_osv_ranges(Advisory& a, const json& ranges) {
  for (const json& r : ranges) {
    if (!r.is_array() || r.size() < 2 || !r[0].is_string()) continue;
    std::string end;
    if (r[1].is_string()) end = "<" + r[1].get<std::string>();
    if (end.empty() && r.size() > 2 && r[2].is_string()) end = "<=" + r[2].get<std::string>();
    add_bounds(a, r[0].get<std::string>(), end);
  }
}

// Requirements that are alternatives. False when any of them is not understood: half of a list of
// patched versions would accuse the other half.
bool parse_requirements(Dialect dialect, const std::vector<std::string>& texts,
                        std::vector<Range>& out) {
  std::vector<Range> all;
  for (const std::string& text : texts) {
    Result<std::vector<Range>> ranges = vuln::parse_requirement(dialect, text);
    if (!ranges) return false;
    all.insert(all.end(), ranges->begin(), ranges->end());
  }
  out.insert(out.end(), all.begin(), all.end());
  return true;
}

void add_beginnings(const std::vector<Range>& patched, std::vector<std::string>& fixed_in) {
  for (const Range& r : patched)
    if (!r.introduced.empty() && !r.introduced_exclusive) fixed_in.push_back(r.introduced);
}

// Sources that list what is patched and what never was affected: all else is.
void set_ranges_by_exclusion(Advisory& a, Dialect dialect, const std::vector<std::string>& patched,
                             const std::vector<std::string>& unaffected) {
  a.scheme = vuln::scheme_of(dialect);
  std::vector<Range> patched_ranges, unaffected_ranges;
  if (!parse_requirements(dialect, patched, patched_ranges) ||
      !parse_requirements(dialect, unaffected, unaffected_ranges)) {
    a.unreadable = patched;
    a.unreadable.insert(a.unreadable.end(), unaffected.begin(), unaffected.end());
    return;
  }
  a.ranges.push_back({});
  add_beginnings(patched_ranges, a.fixed_in);
  a.unaffected = std::move(patched_ranges);
  a.unaffected.insert(a.unaffected.end(), unaffected_ranges.begin(), unaffected_ranges.end());
}

// npm writes what is vulnerable.
void set_npm_ranges(Advisory& a, const std::string& vulnerable, const std::string& patched) {
  a.scheme = Scheme::semver;
  if (vulnerable.empty()) return;
  if (!parse_requirements(Dialect::npm, {vulnerable}, a.ranges)) {
    a.unreadable.push_back(vulnerable);
    return;
  }
  std::vector<Range> patched_ranges;
  if (patched.empty() || !parse_requirements(Dialect::npm, {patched}, patched_ranges)) return;
  add_beginnings(patched_ranges, a.fixed_in);
  // "<1.1.7 || <2.0.1" means two release lines; only the patched versions tell them apart.
  auto from_start = [](const Range& r) { return r.introduced.empty(); };
  if (std::ranges::count_if(a.ranges, from_start) > 1) a.unaffected = std::move(patched_ranges);
}

void finish(Context& context, Advisory a) {
  ++context.tally.advisories;
  if (!a.ranges.empty())
    ++(a.unreadable.empty() ? context.tally.with_ranges : context.tally.partly_read);
  else
    ++(a.unreadable.empty() ? context.tally.no_range : context.tally.not_read);
  if (a.low_confidence) ++context.tally.low_confidence;
  auto tidy = [](std::vector<std::string>& list) {
    std::ranges::sort(list);
    list.erase(std::ranges::unique(list).begin(), list.end());
  };
  tidy(a.aliases);
  tidy(a.fixed_in);
  std::erase(a.aliases, a.id);
  context.content.advisories.push_back(std::move(a));
}

bool is_withdrawn(Context& context, const json& row) {
  bool withdrawn = !text_in(row, "withdrawn").empty();
  if (withdrawn) ++context.tally.withdrawn;
  return withdrawn;
}

// ---- C and C++ libraries

std::string line_of(const std::string& version) {
  std::size_t dot = version.rfind('.');
  return dot == version.npos ? "" : version.substr(0, dot);
}

// The range [version, end of its release line), or nothing when it has no line.
std::optional<Range> rest_of_line(Scheme scheme, const std::string& version,
                                  const std::string& line) {
  if (line.empty()) return std::nullopt;
  Result<Range> range = vuln::parse_bounds(scheme, version, "<=" + line + ".x");
  return range ? std::optional(std::move(*range)) : std::nullopt;
}

// Only the first releases with the fix are known, one or more per release line. Everything before
// the last of them counts as affected but the rest of each other line, from its own last fix on.
// That is uncertain at both ends: the bug may be younger, and a line may have the fix under another
// commit.
void set_ranges_by_fixes(Advisory& a, const std::vector<std::string>& fixes) {
  auto is_version = [&](const std::string& v) { return vuln::is_version(a.scheme, v); };
  if (fixes.empty()) return;
  if (!std::ranges::all_of(fixes, is_version)) {
    for (const std::string& fix : fixes) a.unreadable.push_back("<" + fix);
    return;
  }
  auto before = [&](const std::string& x, const std::string& y) {
    return vuln::compare(a.scheme, x, y).value_or(std::strong_ordering::equal) < 0;
  };
  std::map<std::string, std::string> last_of_line;
  for (const std::string& fix : fixes) {
    std::string& last = last_of_line[line_of(fix)];
    if (last.empty() || before(last, fix)) last = fix;
  }
  std::string last = *std::ranges::max_element(fixes, before);
  a.low_confidence = true;
  Range range;
  range.fixed = last;
  a.ranges.push_back(range);
  for (const auto& [line, fix] : last_of_line) {
    if (fix == last) continue;
    if (std::optional<Range> rest = rest_of_line(a.scheme, fix, line))
      a.unaffected.push_back(*rest);
  }
}

// glibc: "2.36-113" is the 113th commit on the branch of 2.36.
void add_backports(Advisory& a, const std::vector<std::string>& backports) {
  for (const std::string& version : backports) {
    std::string release = version.substr(0, version.find('-'));
    Result<Range> line = vuln::parse_bounds(a.scheme, release, "<=" + release + ".x");
    if (!line) continue;
    line->introduced = version;
    a.unaffected.push_back(std::move(*line));
  }
}

// One source says where the range ends, another names the first release with the fix, and that is a
// later one: whether what lies between is affected is an open question, and an advisory of its own.
// The project's own word about its branches (source and library are the same) leaves none.
void split_disputed_range(Context& context, Advisory& a, std::vector<std::string> fixes) {
  if (a.ranges.size() != 1 || a.ranges[0].fixed.empty() || a.source == a.package) return;
  std::erase_if(fixes, [&](const std::string& v) { return !is_version(a.scheme, v); });
  auto first = std::ranges::min_element(fixes, [&](const std::string& x, const std::string& y) {
    auto order = compare(a.scheme, x, y);
    return order && *order < 0;
  });
  if (first == fixes.end()) return;
  const std::string end = a.ranges[0].fixed;
  auto order = compare(a.scheme, end, *first);
  if (!order || *order >= 0) return;
  std::erase(a.fixed_in, end);
  Advisory between = a;
  between.ranges[0].introduced = end;
  between.ranges[0].introduced_exclusive = false;
  between.ranges[0].fixed = *first;
  between.low_confidence = true;
  finish(context, std::move(between));
}

void add_c_row(Context& context, const json& row) {
  Advisory a;
  a.id = text_in(row, "cve");
  a.ecosystem = "C";
  a.package = text_in(row, "lib");
  a.source = text_in(row, "src");
  a.published = date_in(row, "pub");
  a.low_confidence = text_in(row, "conf") == "low";
  auto scheme = context.schemes.find(a.package);
  if (scheme != context.schemes.end()) a.scheme = scheme->second;
  set_severity(a, text_in(row, "sev"), text_in(row, "cvss"));
  for (const json& r : list_in(row, "r"))
    if (r.size() == 2 && r[0].is_string() && r[1].is_string())
      add_bounds(a, r[0].get<std::string>(), r[1].get<std::string>());
  std::vector<std::string> fixes = texts_in(row, "fixed");
  a.fixed_in.insert(a.fixed_in.end(), fixes.begin(), fixes.end());
  auto node = row.find("node");
  if (node != row.end())
    set_npm_ranges(a, text_in(*node, "vulnerable"), text_in(*node, "patched"));
  else if (list_in(row, "r").empty())
    set_ranges_by_fixes(a, fixes);
  add_backports(a, texts_in(row, "backports"));
  split_disputed_range(context, a, fixes);
  finish(context, std::move(a));
}

// ---- languages

void add_go_row(Context& context, const json& row) {
  if (is_withdrawn(context, row)) return;
  static const json kAll = json::array({json::array({"0", nullptr})});
  for (const json& affected : list_in(row, "affected")) {
    Advisory a;
    a.id = text_in(row, "id");
    a.aliases = texts_in(row, "aliases");
    a.ecosystem = "Go";
    a.package = text_in(affected, "pkg");
    a.scheme = Scheme::semver;
    a.source = "go-vulndb";
    a.published = date_in(row, "published");
    const json& custom = list_in(affected, "cr");
    if (custom.empty() || list_in(affected, "r") != kAll) {
      add_osv_ranges(a, list_in(affected, "r"));
    } else {
      // The releases of such a module are not numbered as Go wants it, so its module versions say
      // little; the database itself calls all of them affected.
      add_osv_ranges(a, custom);
      a.low_confidence = true;
      a.unreadable.push_back("all module versions; the ranges are in other release numbers");
    }
    finish(context, std::move(a));
  }
}

void add_rust_row(Context& context, const json& row) {
  if (is_withdrawn(context, row)) return;
  Advisory a;
  a.id = text_in(row, "id");
  a.aliases = texts_in(row, "aliases");
  a.ecosystem = "crates.io";
  a.package = text_in(row, "pkg");
  a.source = "rustsec";
  a.published = date_in(row, "published");
  a.informational = row.contains("info");
  set_severity(a, "", text_in(row, "cvss"));
  if (a.informational && a.severity == Severity::unknown) a.severity = Severity::none;
  set_ranges_by_exclusion(a, Dialect::cargo, texts_in(row, "patched"), texts_in(row, "unaffected"));
  finish(context, std::move(a));
}

void add_pypi_row(Context& context, const json& row) {
  if (is_withdrawn(context, row)) return;
  for (const json& affected : list_in(row, "affected")) {
    Advisory a;
    a.id = text_in(row, "id");
    a.aliases = texts_in(row, "aliases");
    a.ecosystem = "PyPI";
    a.package = text_in(affected, "pkg");
    a.scheme = Scheme::pep440;
    a.source = "pypa";
    a.published = date_in(row, "published");
    set_severity(a, "", text_in(row, "cvss"));
    add_osv_ranges(a, list_in(affected, "r"));
    finish(context, std::move(a));
  }
}

// Ruby itself is no gem: its releases have patch levels (1.9.3-p327), which gems do not.
void make_engine(Advisory& a) {
  a.ecosystem = "C";
  a.scheme = Scheme::dotted;
  for (Range& r : a.unaffected)
    if (r.fixed.ends_with(".A")) r.fixed.resize(r.fixed.size() - 2);
}

void add_ruby_row(Context& context, const json& row) {
  Advisory a;
  std::string cve = text_in(row, "cve"), ghsa = text_in(row, "ghsa");
  a.package = text_in(row, "pkg");
  a.published = date_in(row, "published");
  a.id = !cve.empty() ? cve : !ghsa.empty() ? ghsa : "rubysec:" + a.package + ":" + a.published;
  if (!ghsa.empty()) a.aliases.push_back(ghsa);
  a.ecosystem = "RubyGems";
  a.source = "rubysec";
  if (row.contains("cvss_v3"))
    set_score(a, row["cvss_v3"]);
  else if (row.contains("cvss_v4"))
    set_score(a, row["cvss_v4"]);
  set_ranges_by_exclusion(a, Dialect::gem, texts_in(row, "patched_versions"),
                          texts_in(row, "unaffected_versions"));
  if (text_in(row, "eco") == "ruby") make_engine(a);
  finish(context, std::move(a));
}

void add_npm_wg_row(Context& context, const json& row) {
  Advisory a;
  a.id = "NSWG-ECO-" + row.value("id", json()).dump();
  a.aliases = texts_in(row, "cves");
  a.ecosystem = "npm";
  a.package = text_in(row, "pkg");
  a.source = "nodejs-wg";
  a.published = date_in(row, "published");
  set_severity(a, "", text_in(row, "cvss"));
  set_npm_ranges(a, text_in(row, "vulnerable"), text_in(row, "patched"));
  finish(context, std::move(a));
}

// Front-end libraries count as semver when all their bounds do.
Scheme scheme_of_bounds(const json& ranges) {
  for (const json& r : ranges)
    for (const json& bound : r)
      if (bound.is_string() && !vuln::is_version(Scheme::semver, bound.get<std::string>()))
        return Scheme::dotted;
  return Scheme::semver;
}

void add_js_row(Context& context, const json& row) {
  std::string library = text_in(row, "lib"), npm = text_in(row, "npm");
  for (const json& entry : list_in(row, "vulns")) {
    Advisory a;
    a.ecosystem = "npm";
    a.package = npm.empty() ? library : npm;
    a.source = "retire.js";
    a.scheme = scheme_of_bounds(list_in(entry, "r"));
    a.aliases = texts_in(entry, "cve");
    if (std::string ghsa = text_in(entry, "ghsa"); !ghsa.empty()) a.aliases.push_back(ghsa);
    set_severity(a, text_in(entry, "sev"), "");
    add_osv_ranges(a, list_in(entry, "r"));
    a.id = a.aliases.empty() ? "retire:" + a.package + ":" + join(a.fixed_in, ",") : a.aliases[0];
    finish(context, std::move(a));
  }
}

void add_bitnami_row(Context& context, const json& row) {
  Advisory a;
  a.id = text_in(row, "id");
  a.aliases = texts_in(row, "aliases");
  a.ecosystem = "bitnami";
  a.package = text_in(row, "pkg");
  a.source = "bitnami";
  a.published = date_in(row, "published");
  set_severity(a, "", text_in(row, "cvss"));
  add_osv_ranges(a, list_in(row, "r"));
  finish(context, std::move(a));
}

// ---- tables

Done add_kev(vuln::PackContent& content, std::string_view text) {
  for (std::string_view line : lines_of(text))
    if (!line.empty() && line[0] != '#') content.known_exploited.emplace(split(line, '\t')[0]);
  return Ok{};
}

Done add_epss(vuln::PackContent& content, std::string_view text) {
  for (std::string_view line : lines_of(text)) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string_view> fields = split(line, ',');
    if (fields.size() != 3) return Error{ErrorCode::malformed, "EPSS row: " + printable(line)};
    auto score = parse_unsigned(fields[1]), percentile = parse_unsigned(fields[2]);
    if (!score || !percentile || *score > 100'000 || *percentile > 100'000)
      return Error{ErrorCode::malformed, "EPSS row: " + printable(line)};
    content.epss.emplace_back(
        "CVE-" + std::string(fields[0]),
        vuln::Epss{static_cast<std::uint32_t>(*score), static_cast<std::uint32_t>(*percentile)});
  }
  return Ok{};
}

Done for_each_row(std::string_view text, const std::function<void(const json&)>& body) {
  std::size_t number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    json row = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!row.is_object())
      return Error{ErrorCode::malformed, "line " + std::to_string(number) + " is no JSON object"};
    body(row);
  }
  return Ok{};
}

Result<std::map<std::string, Scheme>> read_schemes(const std::filesystem::path& path) {
  std::map<std::string, Scheme> schemes;
  std::string text = TRY(read_data_file(path));
  for (std::string_view line : lines_of(text)) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string_view> fields = split(line, '\t');
    std::optional<Scheme> scheme = vuln::parse_scheme(fields.back());
    if (fields.size() != 2 || !scheme) return Error{ErrorCode::malformed, printable(line)};
    schemes.emplace(fields[0], *scheme);
  }
  return schemes;
}

Done add_newest(vuln::PackContent& content, std::string_view text) {
  for (std::string_view line : lines_of(text)) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string_view> fields = split(line, '\t');
    if (fields.size() != 5) return Error{ErrorCode::malformed, printable(line)};
    const std::string name(fields[0].substr(0, fields[0].find('.')));
    if (fields[2] != "-")
      content.sources.push_back({name, fields[1] == "-" ? "" : std::string(fields[1]),
                                 std::string(fields[2]), std::string(fields[4]), "", "", 0});
    if (fields[1] == "-") continue;
    std::string& newest = content.newest[std::string(fields[1])];
    newest = std::max(newest, std::string(fields[2]));
  }
  return Ok{};
}

struct RowReader {
  const char* file;
  void (*add)(Context&, const json&);
};

constexpr RowReader kRowReaders[] = {
    {"c-libs.jsonl.zst", add_c_row},   {"go.jsonl.zst", add_go_row},
    {"rust.jsonl.zst", add_rust_row},  {"pypi.jsonl.zst", add_pypi_row},
    {"ruby.jsonl.zst", add_ruby_row},  {"npm-wg.jsonl.zst", add_npm_wg_row},
    {"js-libs.jsonl.zst", add_js_row}, {"bitnami.jsonl.zst", add_bitnami_row},
};

}  // namespace

Result<Sources> read_sources(const std::filesystem::path& folder) {
  Sources out;
  std::map<std::string, Scheme> schemes = TRY(read_schemes(folder / "schemes.tsv"));
  for (const RowReader& reader : kRowReaders) {
    SourceTally& tally = out.tallies[reader.file];
    Context context{out.content, tally, schemes};
    std::string text = TRY(read_data_file(folder / reader.file));
    TRY(for_each_row(text, [&](const json& row) {
          ++tally.rows;
          reader.add(context, row);
        }).in(reader.file));
  }
  std::string libraries = TRY(read_data_file(folder / "libs.jsonl.zst"));
  TRY(for_each_row(libraries, [&](const json& row) {
    out.content.libraries[text_in(row, "lib")] = {texts_in(row, "cpe"),
                                                  texts_in(row, "src_packages")};
  }));
  std::string newest = TRY(read_data_file(folder / "sources.tsv"));
  TRY(add_newest(out.content, newest).in("sources.tsv"));
  std::string kev = TRY(read_data_file(folder / "kev.tsv.zst"));
  TRY(add_kev(out.content, kev));
  std::string epss = TRY(read_data_file(folder / "epss.csv.zst"));
  TRY(add_epss(out.content, epss));
  return out;
}

}  // namespace fathom::tools
