#include "feeds/merge.h"

#include <algorithm>
#include <set>

#include "feeds/codec.h"

namespace fathom::feeds {
namespace {

using vuln::Advisory;
using vuln::PackContent;
using vuln::SourceRow;

using Key = std::pair<std::string, std::string>;

// What is replaced whole: (source, part), where an empty part stands for all of the source.
class Replaced {
 public:
  explicit Replaced(const Incoming& incoming)
      : records_(incoming.rows.records.begin(), incoming.rows.records.end()) {
    for (const Part& part : incoming.summary.parts)
      if (part.whole) whole_.insert({part.row.name, part.row.part});
  }

  bool has(const std::string& source, const std::string& part) const {
    return whole_.contains({source, ""}) || whole_.contains({source, part});
  }
  bool replaces(const Advisory& a) const {
    return has(a.source, a.ecosystem) || records_.contains({a.source, a.record()});
  }
  // "openvex https://…": source and record.
  bool replaces(const Statement& statement) const {
    const std::size_t space = statement.document.find(' ');
    const std::string source = statement.document.substr(0, space);
    const std::string record =
        space == std::string::npos ? std::string() : statement.document.substr(space + 1);
    return has(source, "") || records_.contains({source, record});
  }

 private:
  std::set<Key> records_, whole_;
};

template <class T>
void append_all(std::vector<T>& to, std::vector<T>&& from) {
  if (to.empty())
    to = std::move(from);
  else
    std::ranges::move(from, std::back_inserter(to));
}

void merge_tables(PackContent& content, Incoming& in, const Replaced& replaced) {
  if (replaced.has("kev", "")) content.known_exploited.clear();
  content.known_exploited.insert(in.rows.known_exploited.begin(), in.rows.known_exploited.end());
  if (replaced.has("epss", "")) content.epss.clear();
  append_all(content.epss, std::move(in.rows.epss));
  if (replaced.has("nvd", "")) content.cves.clear();
  append_all(content.cves, std::move(in.rows.cves));
}

void merge_statements(PackContent& content, Incoming& in, const Replaced& replaced) {
  std::vector<Statement> all;
  if (auto old = content.sections.find(std::string(kStatements)); old != content.sections.end())
    if (Result<std::vector<Statement>> kept = decode_value<std::vector<Statement>>(old->second))
      all = std::move(*kept);
  std::erase_if(all, [&](const Statement& s) { return replaced.replaces(s); });
  append_all(all, std::move(in.rows.statements));
  auto key = [](const Statement& s) {
    return std::tie(s.document, s.rule.id, s.rule.component, s.rule.product, s.rule.reason);
  };
  std::ranges::stable_sort(all,
                           [&](const Statement& a, const Statement& b) { return key(a) < key(b); });
  content.sections.erase(std::string(kStatements));
  if (!all.empty()) content.sections[std::string(kStatements)] = encode_value(all);
}

void merge_sources(PackContent& content, const Incoming& in) {
  for (const Part& part : in.summary.parts) {
    std::erase_if(content.sources, [&](const SourceRow& row) {
      return row.name == part.row.name && row.part == part.row.part;
    });
    SourceRow row = part.row;
    // An export brings where its rows came from first.
    if (row.imported.empty()) {
      row.origin = in.origin;
      row.imported = in.imported;
      row.digest = in.digest;
    }
    content.sources.push_back(std::move(row));
  }
}

// Counts and days of what is replaced by the record are those of what is there now.
void count_records(PackContent& content) {
  std::map<Key, SourceRow*> rows;
  std::set<Key> whole_sources;
  for (SourceRow& row : content.sources) {
    rows[{row.name, row.part}] = &row;
    if (row.part.empty()) whole_sources.insert({row.name, ""});
  }
  std::map<Key, std::pair<std::uint64_t, std::string>> found;
  for (const Advisory& a : content.advisories) {
    auto& [count, newest] = found[{a.source, a.ecosystem}];
    count += a.withdrawn ? 0 : 1;
    newest = std::max({newest, a.modified, a.published});
  }
  for (const auto& [key, counted] : found) {
    auto row = rows.find(key);
    if (row == rows.end()) continue;
    row->second->records = counted.first;
    row->second->newest = std::max(row->second->newest, counted.second);
  }
  std::erase_if(content.sources, [&](const SourceRow& row) {
    return !row.part.empty() && !found.contains({row.name, row.part});
  });
  for (SourceRow& row : content.sources)
    if (row.name == "nvd" && row.part.empty()) row.records = content.cves.size();
}

// The day up to which an ecosystem was read: of the sources that have advisories in it.
void set_newest(PackContent& content) {
  std::map<Key, std::string> of_source;
  for (const SourceRow& row : content.sources) of_source[{row.name, row.part}] = row.newest;
  content.newest.clear();
  for (const Advisory& a : content.advisories) {
    if (a.withdrawn) continue;
    std::string& newest = content.newest[a.ecosystem];
    for (const std::string& part : {std::string(), a.ecosystem})
      if (auto row = of_source.find({a.source, part}); row != of_source.end())
        newest = std::max(newest, row->second);
  }
}

// The last of equal names counts, and they are counted.
void keep_last_of_cves(std::vector<vuln::CveFacts>& cves) {
  std::map<std::string, vuln::CveFacts> by_name;
  for (vuln::CveFacts& cve : cves) by_name[cve.name] = std::move(cve);
  cves.clear();
  for (auto& [name, cve] : by_name) cves.push_back(std::move(cve));
}

}  // namespace

Done append(Batch& to, Batch&& from, const FeedLimits& limits) {
  append_all(to.advisories, std::move(from.advisories));
  append_all(to.known_exploited, std::move(from.known_exploited));
  append_all(to.epss, std::move(from.epss));
  append_all(to.cves, std::move(from.cves));
  append_all(to.statements, std::move(from.statements));
  append_all(to.records, std::move(from.records));
  const std::uint64_t rows = to.advisories.size() + to.known_exploited.size() + to.epss.size() +
                             to.cves.size() + to.statements.size();
  if (rows <= limits.feed_rows) return Ok{};
  return Error{ErrorCode::limit_exceeded, "more rows than the limit"};
}

void forget(Batch& rows, const Incoming& later) {
  const Replaced replaced(later);
  std::erase_if(rows.advisories, [&](const Advisory& a) { return replaced.replaces(a); });
  std::erase_if(rows.statements, [&](const Statement& s) { return replaced.replaces(s); });
  if (replaced.has("kev", "")) rows.known_exploited.clear();
  if (replaced.has("epss", "")) rows.epss.clear();
}

void merge(PackContent& content, Incoming incoming) {
  const Replaced replaced(incoming);
  std::erase_if(content.advisories, [&](const Advisory& a) { return replaced.replaces(a); });
  append_all(content.advisories, std::move(incoming.rows.advisories));
  merge_tables(content, incoming, replaced);
  keep_last_of_cves(content.cves);
  merge_statements(content, incoming, replaced);
  merge_sources(content, incoming);
  count_records(content);
  set_newest(content);
}

std::vector<Statement> statements_of(const vuln::Database& database) {
  return decode_value<std::vector<Statement>>(database.section(kStatements)).value_or({});
}

PackContent user_content_of(const vuln::Database& database) {
  PackContent content = vuln::content_of(database);
  std::string_view statements = database.section(kStatements);
  if (!statements.empty()) content.sections[std::string(kStatements)] = statements;
  return content;
}

}  // namespace fathom::feeds
