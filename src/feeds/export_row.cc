#include "feeds/export_row.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "feeds/collector.h"

namespace fathom::feeds {
namespace {

using json::Value;
using vuln::Advisory;
using vuln::Range;

constexpr std::string_view kMark = "fathom";

void write_ranges(json::Writer& w, std::string_view name, const std::vector<Range>& ranges) {
  if (ranges.empty()) return;
  w.key(name).begin_array();
  for (const Range& r : ranges) {
    w.begin_object();
    w.optional_member("introduced", r.introduced);
    if (r.introduced_exclusive) w.member("exclusive", true);
    w.optional_member("fixed", r.fixed);
    w.optional_member("last_affected", r.last_affected);
    w.end_object();
  }
  w.end_array();
}

void write_texts(json::Writer& w, std::string_view name, const std::vector<std::string>& texts) {
  if (!texts.empty()) w.strings(name, texts);
}

void write_flag(json::Writer& w, std::string_view name, bool flag) {
  if (flag) w.member(name, true);
}

std::vector<Range> read_ranges(const Value& list) {
  std::vector<Range> out;
  for (const Value& r : list.elements())
    out.push_back({std::string(r["introduced"].text_or()), r["exclusive"].boolean() != nullptr,
                   std::string(r["fixed"].text_or()), std::string(r["last_affected"].text_or())});
  return out;
}

std::vector<std::string> read_texts(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list.elements()) out.emplace_back(item.text_or());
  return out;
}

bool read_flag(const Value& value) { return value.boolean() != nullptr && *value.boolean(); }

vuln::SourceRow read_source(const Value& v) {
  return {std::string(v["name"].text_or()),     std::string(v["part"].text_or()),
          std::string(v["newest"].text_or()),   std::string(v["origin"].text_or()),
          std::string(v["imported"].text_or()), std::string(v["digest"].text_or()),
          v["records"].natural().value_or(0)};
}

vuln::CveFacts read_cve(const Value& v) {
  return {std::string(v["name"].text_or()),
          std::string(v["cvss"].text_or()),
          std::string(v["score"].text_or()),
          parse_severity(v["severity"].text_or()).value_or(Severity::unknown),
          read_flag(v["rejected"]),
          read_flag(v["disputed"])};
}

Statement read_statement(const Value& v) {
  Statement s;
  s.document = v["document"].text_or();
  s.rule.id = v["id"].text_or();
  s.rule.aliases = read_texts(v["aliases"]);
  s.rule.component = v["component"].text_or();
  s.rule.product = v["product"].text_or();
  s.rule.reason = v["reason"].text_or();
  s.rule.status = v["status"].text_or();
  s.rule.origin = s.document;
  return s;
}

}  // namespace

bool is_export(const Value& record) {
  return record[kMark].object() != nullptr ||
         record["database_specific"][kMark].object() != nullptr;
}

void write_row(json::Writer& w, const Advisory& a) {
  w.begin_object();
  w.member("id", a.id);
  write_texts(w, "aliases", a.aliases);
  w.member("ecosystem", a.ecosystem).member("package", a.package);
  w.member("scheme", vuln::name_of(a.scheme));
  write_ranges(w, "ranges", a.ranges);
  write_ranges(w, "unaffected", a.unaffected);
  write_texts(w, "unreadable", a.unreadable);
  write_texts(w, "fixed_in", a.fixed_in);
  if (a.severity != Severity::unknown) w.member("severity", name_of(a.severity));
  w.optional_member("cvss", a.cvss).optional_member("cvss_score", a.cvss_score);
  w.optional_member("published", a.published).optional_member("modified", a.modified);
  w.member("source", a.source);
  w.optional_member("document", a.document).optional_member("note", a.note);
  if (a.fix != FixState::unknown) w.member("fix", name_of(a.fix));
  write_flag(w, "low_confidence", a.low_confidence);
  write_flag(w, "informational", a.informational);
  write_flag(w, "withdrawn", a.withdrawn);
  write_flag(w, "disputed", a.disputed);
  write_flag(w, "secondary", a.secondary);
  w.end_object();
}

Result<Advisory> read_row(const Value& v) {
  Advisory a;
  a.id = v["id"].text_or();
  a.source = v["source"].text_or();
  std::optional<vuln::Scheme> scheme = vuln::parse_scheme(v["scheme"].text_or());
  if (a.id.empty() || a.source.empty() || !scheme)
    return Error{ErrorCode::malformed, "a row of an export without id, source or known scheme"};
  a.scheme = *scheme;
  a.aliases = read_texts(v["aliases"]);
  a.ecosystem = v["ecosystem"].text_or();
  a.package = v["package"].text_or();
  a.ranges = read_ranges(v["ranges"]);
  a.unaffected = read_ranges(v["unaffected"]);
  a.unreadable = read_texts(v["unreadable"]);
  a.fixed_in = read_texts(v["fixed_in"]);
  a.severity = parse_severity(v["severity"].text_or()).value_or(Severity::unknown);
  a.cvss = v["cvss"].text_or();
  a.cvss_score = v["cvss_score"].text_or();
  a.published = v["published"].text_or();
  a.modified = v["modified"].text_or();
  a.document = v["document"].text_or();
  a.note = v["note"].text_or();
  a.fix = parse_fix_state(v["fix"].text_or()).value_or(FixState::unknown);
  a.low_confidence = read_flag(v["low_confidence"]);
  a.informational = read_flag(v["informational"]);
  a.withdrawn = read_flag(v["withdrawn"]);
  a.disputed = read_flag(v["disputed"]);
  a.secondary = read_flag(v["secondary"]);
  return a;
}

Done read_export_line(const Value& line, Collector& out) {
  const Value& rows = line["database_specific"][kMark]["rows"];
  for (const Value& row : rows.elements()) {
    Advisory a = TRY(read_row(row));
    TRY(out.add(std::move(a)));
  }
  const Value& ours = line[kMark];
  for (const Value& source : ours["sources"].elements()) out.add_source_row(read_source(source));
  for (const Value& name : ours["known_exploited"].elements())
    TRY(out.add_known_exploited(std::string(name.text_or())));
  for (const Value& score : ours["epss"].elements())
    TRY(out.add_epss(std::string(score["cve"].text_or()),
                     {static_cast<std::uint32_t>(
                          std::min<std::uint64_t>(score["score"].natural().value_or(0), 100'000)),
                      static_cast<std::uint32_t>(std::min<std::uint64_t>(
                          score["percentile"].natural().value_or(0), 100'000))}));
  for (const Value& cve : ours["cves"].elements()) TRY(out.add_cve(read_cve(cve)));
  for (const Value& statement : ours["statements"].elements())
    TRY(out.add_statement(read_statement(statement)));
  return Ok{};
}

}  // namespace fathom::feeds
