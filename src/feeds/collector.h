// Where the readers of one form put their rows. Private to this room.

#pragma once

#include "feeds/feed.h"
#include "json/value.h"

namespace fathom::feeds {

class Collector {
 public:
  Collector(const Context& context, const Sink& sink) : context_(context), sink_(sink) {}

  const Context& context() const { return context_; }

  // The part must have been named before its rows; naming it again adds to it.
  void name_part(std::string source, std::string part, bool whole, std::string_view newest);

  // Errors end the whole import.
  Done add(vuln::Advisory advisory);
  Done add_record(std::string source, std::string record);
  Done add_known_exploited(std::string cve);
  Done add_epss(std::string cve, vuln::Epss score);
  Done add_cve(vuln::CveFacts cve);
  Done add_statement(Statement statement);
  // Of an export, as it stands: with any of these the counts made here do not matter.
  void add_source_row(vuln::SourceRow row);

  void add_problem(Error error);

  Result<Summary> finish();

 private:
  Done count();
  Part& part_of(const std::string& source, const std::string& part);

  const Context& context_;
  const Sink& sink_;
  Batch batch_;
  std::uint64_t in_batch_ = 0, rows_ = 0;
  std::map<std::pair<std::string, std::string>, Part> parts_;
  std::vector<Part> exact_;
  Summary summary_;
};

// "2024-01-02" of "2024-01-02T03:04:05Z"; empty for what is no day, or one that has not come yet.
std::string day_of(std::string_view time, const Context& context);

// One reader per form. `text` is a whole document.
Done read_osv(std::string_view text, Collector& out);  // one record, or JSON lines
Done read_nvd(std::string_view text, Collector& out);
Done read_kev(std::string_view text, Collector& out);
Done read_epss(std::string_view text, Collector& out);
Done read_debian(std::string_view text, Collector& out);
Done read_secdb(std::string_view text, Collector& out);
Done read_csaf(std::string_view text, Collector& out);
Done read_openvex(std::string_view text, Collector& out);
Done read_export_line(const json::Value& line, Collector& out);

// What one OSV record says. Pure, so that records can be read side by side.
struct OsvRecord {
  std::string source, record;
  std::vector<vuln::Advisory> rows;
  json::Value export_line;  // instead: a line of what fathom exported
};
bool is_osv_record(const json::Value& document);
Result<OsvRecord> read_osv_record(std::string_view text, const Context& context);
Done add_osv_record(Result<OsvRecord> record, std::string_view place, Collector& out);

// Sets severity, vector and score from a vector; keeps what is there when it is no vector.
void set_cvss(std::string_view vector, Severity& severity, std::string& cvss, std::string& score);

// A problem when the text is no version at all or absurdly long.
bool is_usable_version(std::string_view text, const FeedLimits& limits);

}  // namespace fathom::feeds
