#include "feeds/collector.h"

#include <algorithm>

#include "base/text.h"
#include "policy/date.h"
#include "vuln/cvss.h"
#include "vuln/pack_writer.h"

namespace fathom::feeds {
namespace {

constexpr std::uint64_t kRowsPerBatch = 4096;

}  // namespace

Part& Collector::part_of(const std::string& source, const std::string& part) {
  Part& entry = parts_[{source, part}];
  entry.row.name = source;
  entry.row.part = part;
  return entry;
}

void Collector::name_part(std::string source, std::string part, bool whole,
                          std::string_view newest) {
  Part& entry = part_of(source, part);
  entry.whole = whole;
  entry.row.newest = std::max(entry.row.newest, std::string(newest));
}

Done Collector::count() {
  if (++rows_ > context_.limits.feed_rows)
    return Error{ErrorCode::limit_exceeded,
                 "more rows than the limit of " + with_thousands(context_.limits.feed_rows)};
  if (++in_batch_ < kRowsPerBatch) return Ok{};
  in_batch_ = 0;
  return sink_(std::exchange(batch_, {}));
}

Done Collector::add(vuln::Advisory a) {
  Part* part = nullptr;
  if (auto whole = parts_.find({a.source, ""}); whole != parts_.end() && whole->second.whole)
    part = &whole->second;
  else
    part = &part_of(a.source, a.ecosystem);
  part->row.records += a.withdrawn ? 0 : 1;
  part->row.newest = std::max({part->row.newest, a.modified, a.published});
  batch_.advisories.push_back(std::move(a));
  return count();
}

Done Collector::add_record(std::string source, std::string record) {
  batch_.records.emplace_back(std::move(source), std::move(record));
  return count();
}

Done Collector::add_known_exploited(std::string cve) {
  if (!vuln::is_cve_name(cve)) {
    add_problem({ErrorCode::malformed, "no CVE name: " + printable(cve)});
    return Ok{};
  }
  ++part_of("kev", "").row.records;
  batch_.known_exploited.push_back(std::move(cve));
  return count();
}

Done Collector::add_epss(std::string cve, vuln::Epss score) {
  ++part_of("epss", "").row.records;
  batch_.epss.emplace_back(std::move(cve), score);
  return count();
}

Done Collector::add_cve(vuln::CveFacts cve) {
  ++part_of("nvd", "").row.records;
  batch_.cves.push_back(std::move(cve));
  return count();
}

Done Collector::add_statement(Statement statement) {
  batch_.statements.push_back(std::move(statement));
  return count();
}

void Collector::add_source_row(vuln::SourceRow row) { exact_.push_back({std::move(row), true}); }

void Collector::add_problem(Error error) {
  if (summary_.problems.size() < context_.limits.problems)
    summary_.problems.push_back(std::move(error));
  else
    ++summary_.problems_not_kept;
}

Result<Summary> Collector::finish() {
  if (in_batch_ > 0) TRY(sink_(std::exchange(batch_, {})));
  if (!exact_.empty())
    summary_.parts = std::move(exact_);
  else
    for (auto& [name, part] : parts_) summary_.parts.push_back(std::move(part));
  return std::move(summary_);
}

std::string day_of(std::string_view time, const Context& context) {
  std::string day(time.substr(0, 10));
  const bool is_time =
      time.size() == 10 || (time.size() > 10 && (time[10] == 'T' || time[10] == ' '));
  if (!is_time || !policy::is_day(day) || day > context.last_day) return {};
  return day;
}

void set_cvss(std::string_view vector, Severity& severity, std::string& cvss, std::string& score) {
  std::optional<vuln::CvssScore> value = vuln::score_of_cvss(vector);
  if (!value) return;
  cvss = vector;
  score = value->text();
  severity = value->severity;
}

bool is_usable_version(std::string_view text, const FeedLimits& limits) {
  return !text.empty() && text.size() <= limits.feed_version_bytes && is_utf8(text);
}

}  // namespace fathom::feeds
