// OSV, https://ossf.github.io/osv-schema/. A record names packages with ranges, which are lists of
// events on a line of versions, and with versions one by one; a version is affected when either has
// it. The events are put in the order of their versions first, as the schema's algorithm does.
//
// Records of distributions name the vulnerability they are about under `upstream`, with one id
// (UBUNTU-CVE-…, ALPINE-CVE-…) or, in bulletins, with several: a bulletin becomes one advisory for
// each, because two findings that share a bulletin are not the same vulnerability.

#include <algorithm>
#include <set>

#include "base/parallel.h"
#include "base/text.h"
#include "feeds/collector.h"
#include "feeds/export_row.h"
#include "json/outline.h"
#include "vuln/cvss.h"

namespace fathom::feeds {
namespace {

using json::Value;
using vuln::Advisory;
using vuln::Range;
using vuln::Scheme;

constexpr std::string_view kSource = "osv";

bool is_cve(std::string_view name) { return name.starts_with("CVE-"); }

std::vector<std::string> texts_of(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list.elements())
    if (!item.text_or().empty()) out.emplace_back(item.text_or());
  return out;
}

// ---- Ranges

struct Event {
  enum class Kind { introduced, fixed, last_affected, limit } kind;
  std::string version;
};

std::optional<Event> event_of(const Value& value) {
  using enum Event::Kind;
  for (auto [key, kind] : {std::pair("introduced", introduced),
                           {"fixed", fixed},
                           {"last_affected", last_affected},
                           {"limit", limit}})
    if (const std::string* version = value[key].string()) return Event{kind, *version};
  return std::nullopt;
}

bool is_before(Scheme scheme, const Event& a, const Event& b) {
  const bool a_is_start = a.version == "0", b_is_start = b.version == "0";
  if (a_is_start || b_is_start) return a_is_start && !b_is_start;
  auto order = vuln::compare(scheme, a.version, b.version);
  return order && *order < 0;
}

bool are_versions(Scheme scheme, const std::vector<Event>& events) {
  return std::ranges::all_of(events, [&](const Event& e) {
    return (e.kind == Event::Kind::introduced && e.version == "0") ||
           (e.kind == Event::Kind::limit && e.version == "*") ||
           vuln::is_version(scheme, e.version);
  });
}

std::string text_of(const std::vector<Event>& events) {
  static constexpr const char* kWords[] = {">= ", "< ", "<= ", "up to "};
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < events.size() && i < 8; ++i)
    parts.push_back(kWords[static_cast<std::size_t>(events[i].kind)] +
                    printable(events[i].version, 80));
  return join(parts, ", ");
}

// Events in order → ranges. Several beginnings before one end are one beginning.
void add_range(Advisory& a, std::vector<Event> events) {
  if (!are_versions(a.scheme, events)) {
    a.unreadable.push_back(text_of(events));
    return;
  }
  std::stable_sort(events.begin(), events.end(),
                   [&](const Event& x, const Event& y) { return is_before(a.scheme, x, y); });
  std::optional<Range> open;
  auto close = [&](auto set_end) {
    if (!open) return;
    set_end(*open);
    a.ranges.push_back(*open);
    open.reset();
  };
  for (const Event& event : events) {
    switch (event.kind) {
      case Event::Kind::introduced:
        if (!open) open = Range{event.version == "0" ? "" : event.version, false, "", ""};
        break;
      case Event::Kind::fixed:
        if (std::ranges::find(a.fixed_in, event.version) == a.fixed_in.end())
          a.fixed_in.push_back(event.version);
        close([&](Range& r) { r.fixed = event.version; });
        break;
      case Event::Kind::limit:
        if (event.version != "*") close([&](Range& r) { r.fixed = event.version; });
        break;
      case Event::Kind::last_affected:
        close([&](Range& r) { r.last_affected = event.version; });
        break;
    }
  }
  close([](Range&) {});
}

bool holds(Scheme scheme, const Range& range, const std::string& version) {
  if (!range.introduced.empty()) {
    auto order = vuln::compare(scheme, range.introduced, version);
    if (!order || *order > 0) return false;
  }
  const std::string& end = range.fixed.empty() ? range.last_affected : range.fixed;
  if (end.empty()) return true;
  auto order = vuln::compare(scheme, version, end);
  return order && (range.fixed.empty() ? *order <= 0 : *order < 0);
}

// Versions listed one by one, as far as no range has them already.
void add_versions(Advisory& a, const Value& list) {
  const std::size_t ranges = a.ranges.size();
  std::set<std::string> added;
  for (const std::string& version : texts_of(list)) {
    bool known = false;
    for (std::size_t i = 0; i < ranges && !known; ++i)
      known = holds(a.scheme, a.ranges[i], version);
    if (known || !added.insert(version).second) continue;
    if (vuln::is_version(a.scheme, version))
      a.ranges.push_back({version, false, "", version});
    else
      a.unreadable.push_back(printable(version, 80));
  }
}

Done check_size(const Value& affected, const FeedLimits& limits) {
  std::uint64_t versions = affected["versions"].elements().size();
  auto check = [&](std::string_view text) { return text.size() <= limits.feed_version_bytes; };
  bool fits = std::ranges::all_of(affected["versions"].elements(),
                                  [&](const Value& v) { return check(v.text_or()); });
  for (const Value& range : affected["ranges"].elements()) {
    versions += range["events"].elements().size();
    for (const Value& event : range["events"].elements())
      if (auto e = event_of(event)) fits = fits && check(e->version);
  }
  if (versions > limits.feed_versions)
    return Error{ErrorCode::limit_exceeded, "more versions than the limit"};
  if (!fits) return Error{ErrorCode::limit_exceeded, "a version longer than the limit"};
  return Ok{};
}

void set_ranges(Advisory& a, const Value& affected, const Context& context) {
  std::optional<Scheme> scheme = context.tables.scheme_of(a.ecosystem);
  a.scheme = scheme.value_or(Scheme::dotted);
  bool has_range = false;
  for (const Value& range : affected["ranges"].elements()) {
    if (range["type"].text_or() == "GIT") continue;  // commits, which no package has
    std::vector<Event> events;
    for (const Value& event : range["events"].elements())
      if (auto e = event_of(event)) events.push_back(std::move(*e));
    if (events.empty()) continue;
    has_range = true;
    if (scheme)
      add_range(a, std::move(events));
    else
      a.unreadable.push_back(text_of(events));
  }
  if (scheme) add_versions(a, affected["versions"]);
  if (!scheme && !has_range && !affected["versions"].elements().empty())
    a.unreadable.emplace_back("versions that nothing here can order");
}

// ---- Ratings

void set_rating(Advisory& a, const Value& severities) {
  // CVSS 3 first: it is what other sources rate by.
  for (std::string_view type : {"CVSS_V3", "CVSS_V4", "CVSS_V2"})
    for (const Value& severity : severities.elements())
      if (severity["type"].text_or() == type && a.cvss_score.empty())
        set_cvss(severity["score"].text_or(), a.severity, a.cvss, a.cvss_score);
}

void set_word(Advisory& a, const Value& record, const Value& affected) {
  if (a.severity != Severity::unknown) return;
  for (const Value& severity : record["severity"].elements())
    if (severity["type"].text_or() == "Ubuntu")
      a.severity = parse_severity(severity["score"].text_or()).value_or(Severity::unknown);
  for (const Value* place : {&affected["database_specific"], &affected["ecosystem_specific"],
                             &record["database_specific"]})
    for (std::string_view key : {"severity", "urgency"}) {
      const std::string_view word = (*place)[key].text_or();
      if (word == "unimportant") {
        a.severity = Severity::none;
        a.note = word;
      }
      if (a.severity == Severity::unknown)
        a.severity = parse_severity(word).value_or(Severity::unknown);
      if (word == "end-of-life") a.fix = FixState::end_of_life;
    }
}

// ---- Records

struct Names {
  std::string id;
  std::vector<std::string> aliases;
};

// The vulnerabilities that a record is about, each with its other names.
std::vector<Names> names_of(const Value& record) {
  const std::string id(record["id"].text_or());
  std::vector<std::string> aliases = texts_of(record["aliases"]);
  std::vector<std::string> upstream = texts_of(record["upstream"]);
  std::erase_if(upstream, [](const std::string& name) { return !is_cve(name); });
  std::vector<Names> out;
  if (is_cve(id) || upstream.size() < 2) {
    aliases.insert(aliases.end(), upstream.begin(), upstream.end());
    out.push_back({id, std::move(aliases)});
  } else {
    for (const std::string& name : upstream) out.push_back({name, {}});
  }
  for (Names& names : out) {
    std::ranges::sort(names.aliases);
    auto twins = std::ranges::unique(names.aliases);
    names.aliases.erase(twins.begin(), twins.end());
    std::erase(names.aliases, names.id);
  }
  return out;
}

Result<Advisory> advisory_of(const Value& record, const Value& affected, const Context& context) {
  TRY(check_size(affected, context.limits));
  Advisory a;
  a.source = kSource;
  a.ecosystem = affected["package"]["ecosystem"].text_or();
  a.package = affected["package"]["name"].text_or();
  a.published = day_of(record["published"].text_or(), context);
  a.modified = day_of(record["modified"].text_or(), context);
  a.withdrawn = record.has("withdrawn");
  const Value& database = record["database_specific"];
  a.informational =
      affected["database_specific"].has("informational") || database.has("informational");
  a.disputed = database["disputed"].boolean() != nullptr && *database["disputed"].boolean();
  if (a.withdrawn) return a;
  set_ranges(a, affected, context);
  set_rating(a, affected["severity"]);
  set_rating(a, record["severity"]);
  set_word(a, record, affected);
  if (a.fix == FixState::unknown && vuln::is_of_distribution(context.tables.purl_type(a.ecosystem)))
    a.fix = a.fixed_in.empty() ? FixState::not_fixed : FixState::fixed;
  return a;
}

void add_rows(const Advisory& a, const std::vector<Names>& all, OsvRecord& out) {
  for (const Names& names : all) {
    Advisory row = a;
    row.id = names.id;
    row.aliases = names.aliases;
    if (row.id != out.record) row.document = out.record;
    out.rows.push_back(std::move(row));
  }
}

Result<OsvRecord> record_of(const Value& record, const Context& context) {
  OsvRecord out;
  out.source = kSource;
  out.record = record["id"].text_or();
  if (out.record.empty() || !record["modified"].string())
    return Error{ErrorCode::malformed, "no OSV record: id or modified is missing"};
  if (out.record.size() > context.limits.feed_version_bytes)
    return Error{ErrorCode::limit_exceeded, "an id longer than the limit"};
  const std::vector<Names> names = names_of(record);
  for (const Value& affected : record["affected"].elements()) {
    // Without a package it speaks of a repository.
    if (affected["package"]["name"].text_or().empty() ||
        affected["package"]["ecosystem"].text_or().empty())
      continue;
    Advisory a = TRY(advisory_of(record, affected, context).in(printable(out.record)));
    add_rows(a, names, out);
  }
  if (out.rows.empty() && record.has("withdrawn")) {
    Advisory a;
    a.source = kSource;
    a.withdrawn = true;
    a.modified = day_of(record["modified"].text_or(), context);
    add_rows(a, names, out);
  }
  return out;
}

}  // namespace

bool is_osv_record(const Value& document) {
  return is_export(document) || (document["id"].string() && document["modified"].string());
}

Result<OsvRecord> read_osv_record(std::string_view text, const Context& context) {
  Value record = TRY(json::parse(text, context.limits));
  if (!record.object()) return Error{ErrorCode::malformed, "no OSV record: not an object"};
  if (!is_osv_record(record))
    return Error{ErrorCode::unsupported, "no OSV record: id or modified is missing"};
  if (is_export(record)) {
    OsvRecord out;
    out.export_line = std::move(record);
    return out;
  }
  return record_of(record, context);
}

Done add_osv_record(Result<OsvRecord> record, std::string_view place, Collector& out) {
  if (!record) {
    // A limit or bad bytes in one record of many cost that record.
    out.add_problem(std::move(record).error().in(printable(place)));
    return Ok{};
  }
  if (!record->export_line.is_null()) return read_export_line(record->export_line, out);
  TRY(out.add_record(record->source, record->record));
  for (Advisory& row : record->rows) TRY(out.add(std::move(row)));
  return Ok{};
}

Done read_osv(std::string_view text, Collector& out) {
  constexpr std::size_t kAtOnce = 4096;
  std::string_view rest = text;
  std::uint64_t number = 0;
  while (!rest.empty()) {
    std::vector<std::string_view> values;
    while (!rest.empty() && values.size() < kAtOnce) {
      json::First first = TRY(json::first_value(rest));
      values.push_back(first.value);
      rest = first.rest;
    }
    std::vector<Result<OsvRecord>> records =
        parallel_map(values, out.context().jobs,
                     [&](std::string_view value) { return read_osv_record(value, out.context()); });
    for (Result<OsvRecord>& record : records) {
      ++number;
      // One record is a whole file: then there is nothing else to use.
      if (!record && number == 1 && rest.empty() && records.size() == 1)
        return std::move(record).error();
      TRY(add_osv_record(std::move(record), "record " + std::to_string(number), out));
    }
  }
  return Ok{};
}

}  // namespace fathom::feeds
