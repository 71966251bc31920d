#include "feeds/export.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "feeds/export_row.h"
#include "feeds/merge.h"
#include "json/writer.h"

namespace fathom::feeds {
namespace {

using json::Writer;
using vuln::Advisory;

constexpr std::size_t kPerLine = 1000;

// Ecosystems of the schema; what is in another one goes without a package there.
bool is_osv_ecosystem(std::string_view ecosystem) {
  static constexpr std::array<std::string_view, 47> kNames = {"AlmaLinux",
                                                              "Alpaquita",
                                                              "Alpine",
                                                              "Android",
                                                              "Azure Linux",
                                                              "BellSoft Hardened Containers",
                                                              "Bioconductor",
                                                              "Bitnami",
                                                              "Chainguard",
                                                              "CleanStart",
                                                              "ConanCenter",
                                                              "CRAN",
                                                              "crates.io",
                                                              "Debian",
                                                              "Docker Hardened Images",
                                                              "Echo",
                                                              "FreeBSD",
                                                              "GHC",
                                                              "GitHub Actions",
                                                              "Go",
                                                              "Hackage",
                                                              "Hex",
                                                              "Julia",
                                                              "Kubernetes",
                                                              "Linux",
                                                              "Mageia",
                                                              "Maven",
                                                              "MinimOS",
                                                              "npm",
                                                              "NuGet",
                                                              "opam",
                                                              "openEuler",
                                                              "openSUSE",
                                                              "OSS-Fuzz",
                                                              "Packagist",
                                                              "Photon OS",
                                                              "Pub",
                                                              "PyPI",
                                                              "Red Hat",
                                                              "Rocky Linux",
                                                              "Root",
                                                              "RubyGems",
                                                              "SUSE",
                                                              "SwiftURL",
                                                              "TuxCare",
                                                              "Ubuntu",
                                                              "Wolfi"};
  return std::ranges::find(kNames, ecosystem.substr(0, ecosystem.find(':'))) != kNames.end();
}

// Prefixes that the schema lets an id have; others are marked as somebody's own.
std::string osv_id(const std::string& id) {
  static constexpr std::array<std::string_view, 19> kPrefixes = {
      "CVE-",    "GHSA-",   "GO-",  "PYSEC-",  "RUSTSEC-", "DSA-",  "DLA-",
      "DEBIAN-", "ALPINE-", "USN-", "UBUNTU-", "OSV-",     "ALSA-", "RLSA-",
      "RHSA-",   "MAL-",    "CGA-", "HSEC-",   "BIT-"};
  const bool known =
      std::ranges::any_of(kPrefixes, [&](std::string_view p) { return id.starts_with(p); });
  return known ? id : "x_" + id;
}

std::string time_of(const std::string& day) {
  return (day.empty() ? "1970-01-01" : day) + "T00:00:00Z";
}

void write_event(Writer& w, std::string_view name, const std::string& version) {
  if (version.empty()) return;
  w.begin_object().member(name, version).end_object();
}

// For readers of OSV; an end after which nothing is known is left out, as OSV does.
void write_ranges(Writer& w, const std::vector<vuln::Range>& ranges) {
  w.key("ranges").begin_array();
  for (const vuln::Range& r : ranges) {
    w.begin_object().member("type", "ECOSYSTEM").key("events").begin_array();
    write_event(w, "introduced", r.introduced.empty() ? "0" : r.introduced);
    write_event(w, "fixed", r.fixed);
    if (r.fixed.empty()) write_event(w, "last_affected", r.last_affected);
    w.end_array().end_object();
  }
  w.end_array();
}

void write_affected(Writer& w, const Advisory& a) {
  const bool has_package = is_osv_ecosystem(a.ecosystem) && !a.package.empty();
  if (!has_package || a.ranges.empty() || !a.unaffected.empty()) return;
  w.begin_object();
  w.key("package").begin_object().member("ecosystem", a.ecosystem).member("name", a.package);
  w.end_object();
  write_ranges(w, a.ranges);
  w.end_object();
}

// All rows of one record of one source.
std::string record_line(const std::vector<Advisory>& rows) {
  const Advisory& first = rows.front();
  std::string modified, published;
  for (const Advisory& a : rows) {
    modified = std::max(modified, a.modified);
    if (!a.published.empty() && (published.empty() || a.published < published))
      published = a.published;
  }
  Writer w(false);
  w.begin_object().member("schema_version", "1.6.0").member("id", osv_id(first.record()));
  w.member("modified", time_of(modified));
  if (!published.empty()) w.member("published", time_of(published));
  if (first.withdrawn) w.member("withdrawn", time_of(modified));
  if (!first.aliases.empty()) w.strings("aliases", first.aliases);
  if (!first.document.empty()) w.strings("upstream", {first.id});
  w.key("affected").begin_array();
  for (const Advisory& a : rows) write_affected(w, a);
  w.end_array();
  w.key("database_specific").begin_object().key("fathom").begin_object().key("rows").begin_array();
  for (const Advisory& a : rows) write_row(w, a);
  w.end_array().end_object().end_object().end_object();
  return w.finish();
}

// "osv/GHSA-….json" with nothing in it that a file system would read as more than a name.
std::string file_name(const Advisory& a) {
  std::string name;
  for (char c : a.source + "/" + a.record()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || (c == '/' && name.size() == a.source.size());
    if (plain || (c == '.' && !name.ends_with('.') && !name.ends_with('/')))
      name += c;
    else
      name += "%" + to_hex(ByteView::of(std::string_view(&c, 1)));
  }
  return name + ".json";
}

// The parts of a list as lines {"fathom": {NAME: [ … ]}}.
template <class List, class Write>
Done write_list(const std::string& name, const List& list, const ExportSink& sink, Write write) {
  std::size_t number = 0;
  for (auto at = list.begin(); at != list.end();) {
    Writer w(false);
    w.begin_object().key("fathom").begin_object().key(name).begin_array();
    for (std::size_t n = 0; n < kPerLine && at != list.end(); ++n, ++at) write(w, *at);
    w.end_array().end_object().end_object();
    TRY(sink("fathom/" + name + "-" + std::to_string(++number) + ".json", w.finish()));
  }
  return Ok{};
}

void write_source(Writer& w, const vuln::SourceRow& s) {
  w.begin_object().member("name", s.name).member("part", s.part);
  w.member("newest", s.newest).member("origin", s.origin).member("imported", s.imported);
  w.member("digest", s.digest).member("records", s.records).end_object();
}

void write_epss(Writer& w, const std::pair<std::string, vuln::Epss>& score) {
  w.begin_object().member("cve", score.first).member("score", score.second.score_e5);
  w.member("percentile", score.second.percentile_e5).end_object();
}

void write_cve(Writer& w, const vuln::CveFacts& c) {
  w.begin_object().member("name", c.name).member("severity", name_of(c.severity));
  w.optional_member("cvss", c.cvss).optional_member("score", c.cvss_score);
  if (c.rejected) w.member("rejected", true);
  if (c.disputed) w.member("disputed", true);
  w.end_object();
}

void write_statement(Writer& w, const Statement& s) {
  w.begin_object().member("document", s.document).member("id", s.rule.id);
  w.strings("aliases", s.rule.aliases);
  w.member("component", s.rule.component).member("product", s.rule.product);
  w.member("reason", s.rule.reason).optional_member("status", s.rule.status).end_object();
}

}  // namespace

Done export_database(const vuln::Database& database, const ExportSink& sink) {
  TRY(write_list("sources", database.sources(), sink, write_source));
  std::map<std::pair<std::string, std::string>, std::vector<Advisory>> records;
  database.for_each_advisory(
      [&](const Advisory& a) { records[{a.source, a.record()}].push_back(a); });
  for (const auto& [key, rows] : records) TRY(sink(file_name(rows.front()), record_line(rows)));
  TRY(write_list("known_exploited", database.known_exploited(), sink,
                 [](Writer& w, const std::string& name) { w.value(name); }));
  TRY(write_list("epss", database.epss_scores(), sink, write_epss));
  TRY(write_list("cves", database.cves(), sink, write_cve));
  return write_list("statements", statements_of(database), sink, write_statement);
}

}  // namespace fathom::feeds
