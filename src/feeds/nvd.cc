// NVD, API 2.0 and the feeds in the same form. Gives the rating of every CVE and whether it stands,
// and, for the C and C++ libraries that fathom recognises in files, advisories from the CPE names
// they are known by. NVD's ranges know nothing of branches and of who fixed what where, so they
// give way to any source that knows more (Advisory::secondary). Source:
// https://csrc.nist.gov/schema/nvd/api/2.0/cve_api_json_2.0.schema

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "feeds/collector.h"
#include "json/outline.h"
#include "vuln/cvss.h"
#include "vuln/pack_writer.h"

namespace fathom::feeds {
namespace {

using json::Value;
using vuln::Advisory;
using vuln::Range;

constexpr std::string_view kSource = "nvd";

// "cpe:2.3:a:openssl:openssl:1.1.1:-:*…" at its colons; a backslash quotes the next character.
std::vector<std::string> fields_of_cpe(std::string_view cpe) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < cpe.size(); ++i) {
    if (cpe[i] == ':')
      out.emplace_back();
    else if (cpe[i] == '\\' && i + 1 < cpe.size())
      out.back() += cpe[++i];
    else
      out.back() += cpe[i];
  }
  return out;
}

void set_rating(vuln::CveFacts& facts, const Value& metrics) {
  for (std::string_view kind : {"cvssMetricV31", "cvssMetricV30", "cvssMetricV40", "cvssMetricV2"})
    for (bool primary : {true, false})
      for (const Value& metric : metrics[kind].elements()) {
        if ((metric["type"].text_or() == "Primary") != primary) continue;
        set_cvss(metric["cvssData"]["vectorString"].text_or(), facts.severity, facts.cvss,
                 facts.cvss_score);
        if (!facts.cvss_score.empty()) return;
      }
}

bool is_disputed(const Value& cve) {
  for (const Value& tags : cve["cveTags"].elements())
    for (const Value& tag : tags["tags"].elements())
      if (tag.text_or() == "disputed") return true;
  return false;
}

// The versions that one CPE match names; nothing when they are none.
std::optional<Range> range_of(const Value& match, const std::vector<std::string>& cpe) {
  Range range;
  range.introduced = match["versionStartIncluding"].text_or();
  if (match.has("versionStartExcluding")) {
    range.introduced = match["versionStartExcluding"].text_or();
    range.introduced_exclusive = true;
  }
  range.fixed = match["versionEndExcluding"].text_or();
  if (range.fixed.empty()) range.last_affected = match["versionEndIncluding"].text_or();
  if (range != Range{}) return range;
  const std::string& version = cpe[5];
  if (version == "-") return std::nullopt;
  if (version == "*") return range;
  const bool has_update = cpe[6] != "*" && cpe[6] != "-" && !cpe[6].empty();
  range.introduced = range.last_affected = version + (has_update ? "-" + cpe[6] : "");
  return range;
}

class Configurations {
 public:
  explicit Configurations(const Context& context) : context_(context) {}

  void add(const Value& node) {
    for (const Value& match : node["cpeMatch"].elements()) add_match(match);
    for (const Value& child : node["nodes"].elements()) add(child);
    for (const Value& child : node["children"].elements()) add(child);
  }

  std::map<std::string, Advisory> take() { return std::move(by_library_); }

 private:
  void add_match(const Value& match) {
    const bool* vulnerable = match["vulnerable"].boolean();
    if (vulnerable == nullptr || !*vulnerable) return;
    const std::vector<std::string> cpe = fields_of_cpe(match["criteria"].text_or());
    if (cpe.size() < 7) return;
    auto library = context_.libraries.find(cpe[3] + ":" + cpe[4]);
    if (library == context_.libraries.end()) return;
    Advisory& a = by_library_[library->second.name];
    a.package = library->second.name;
    a.scheme = library->second.scheme;
    std::optional<Range> range = range_of(match, cpe);
    if (!range) return;
    if (a.ranges.size() + a.unreadable.size() >= context_.limits.feed_versions) return;
    if (!is_ordered(a.scheme, *range)) {
      a.unreadable.push_back(printable(vuln::text_of(*range), 160));
      return;
    }
    if (!range->fixed.empty() && std::ranges::find(a.fixed_in, range->fixed) == a.fixed_in.end())
      a.fixed_in.push_back(range->fixed);
    if (std::ranges::find(a.ranges, *range) == a.ranges.end()) a.ranges.push_back(*range);
  }

  bool is_ordered(vuln::Scheme scheme, const Range& range) const {
    for (const std::string* version : {&range.introduced, &range.fixed, &range.last_affected})
      if (!version->empty() &&
          (!is_usable_version(*version, context_.limits) || !vuln::is_version(scheme, *version)))
        return false;
    return true;
  }

  const Context& context_;
  std::map<std::string, Advisory> by_library_;
};

Done add_libraries(const Value& cve, const vuln::CveFacts& facts, Collector& out) {
  Configurations configurations(out.context());
  for (const Value& configuration : cve["configurations"].elements())
    configurations.add(configuration);
  for (auto& [name, a] : configurations.take()) {
    a.id = facts.name;
    a.ecosystem = "C";
    a.source = kSource;
    a.secondary = true;
    a.published = day_of(cve["published"].text_or(), out.context());
    a.modified = day_of(cve["lastModified"].text_or(), out.context());
    a.severity = facts.severity;
    a.cvss = facts.cvss;
    a.cvss_score = facts.cvss_score;
    a.disputed = facts.disputed;
    a.withdrawn = facts.rejected;
    TRY(out.add(std::move(a)));
  }
  return Ok{};
}

Done add_cve(const Value& cve, Collector& out) {
  vuln::CveFacts facts;
  facts.name = cve["id"].text_or();
  if (!vuln::is_cve_name(facts.name)) {
    out.add_problem({ErrorCode::malformed, "no CVE name: " + printable(facts.name)});
    return Ok{};
  }
  facts.rejected = cve["vulnStatus"].text_or() == "Rejected";
  facts.disputed = is_disputed(cve);
  set_rating(facts, cve["metrics"]);
  out.name_part(std::string(kSource), "", false,
                day_of(cve["lastModified"].text_or(), out.context()));
  TRY(out.add_record(std::string(kSource), facts.name));
  TRY(add_libraries(cve, facts, out));
  return out.add_cve(std::move(facts));
}

}  // namespace

Done read_nvd(std::string_view text, Collector& out) {
  const json::Outline document = TRY(json::outline(text, out.context().limits));
  const json::Outline list = TRY(
      json::outline(document.find("vulnerabilities"), out.context().limits).in("vulnerabilities"));
  for (const json::Piece& piece : list.pieces) {
    Result<Value> entry = json::parse(piece.text, out.context().limits);
    if (!entry) {
      out.add_problem(std::move(entry).error());
      continue;
    }
    TRY(add_cve((*entry)["cve"], out));
  }
  return Ok{};
}

}  // namespace fathom::feeds
