// fathom db: the word after it says what to do.

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/data.h"
#include "cli/db.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/page.h"
#include "json/writer.h"
#include "scan/data_notes.h"

namespace fathom::cli {
namespace {

struct Part {
  std::string_view name;
  Result<int> (*run)(const Arguments&, const Words&);
};

constexpr Part kParts[] = {{"status", db_status}, {"import", db_import}, {"update", db_update},
                           {"export", db_export}, {"diff", db_diff},     {"search", db_search}};

Result<int> run(const Arguments& arguments) {
  constexpr const char* kWords = "status, import, update, export, diff or search";
  if (arguments.operands.empty())
    return usage(std::string("fathom db wants a word: ") + kWords + "; see fathom db --help");
  const std::string& word = arguments.operands[0];
  for (const Part& part : kParts)
    if (part.name == word)
      return part.run(arguments, {arguments.operands.begin() + 1, arguments.operands.end()});
  return usage("fathom db cannot \"" + printable(word, 40) + "\"; it can " + kWords);
}

// ---- Status

std::string age_text(const std::string& day, const std::string& now) {
  const std::optional<std::int64_t> days = days_between(day, now);
  if (!days) return day.empty() ? "no date" : day;
  return day + " (" + with_thousands(static_cast<std::uint64_t>(std::max<std::int64_t>(*days, 0))) +
         (*days == 1 ? " day)" : " days)");
}

std::vector<std::string> warnings_of(const vuln::Databases& databases, const std::string& now,
                                     std::uint64_t most) {
  std::vector<std::string> out;
  auto check = [&](const std::string& what, const std::string& day) {
    const std::optional<std::int64_t> days = days_between(day, now);
    if (days && *days > static_cast<std::int64_t>(most))
      out.push_back(what + " is " + with_thousands(static_cast<std::uint64_t>(*days)) +
                    " days old (newest " + day + ")");
  };
  for (const vuln::SourceRow& row : databases.built_in().sources())
    if (!databases.user()) check("built-in " + row.name, row.newest);
  if (databases.user())
    for (const vuln::SourceRow& row : databases.user()->sources())
      check("imported " + row.name + (row.part.empty() ? "" : " " + row.part), row.newest);
  return out;
}

std::string source_table(const vuln::Database& database, const std::string& now) {
  std::vector<std::vector<std::string>> rows{{"source", "part", "records", "newest", "from"}};
  for (const vuln::SourceRow& s : database.sources())
    rows.push_back({s.name, s.part, s.records > 0 ? with_thousands(s.records) : "-",
                    age_text(s.newest, now), s.origin});
  return columns_of(rows);
}

std::string ecosystem_table(const vuln::Databases& databases, const std::string& now) {
  std::vector<std::vector<std::string>> rows{{"ecosystem", "advisories", "newest"}};
  for (const vuln::EcosystemInfo& info : databases.ecosystems())
    rows.push_back({info.name, with_thousands(info.advisories), age_text(info.newest, now)});
  return columns_of(rows);
}

std::string status_text(const Data& data, const std::string& now) {
  const vuln::Databases databases = data.databases();
  std::string out = "Built-in advisories, to " + data.built_in.newest() + "\n  " +
                    data.built_in.id() + "\n" + source_table(data.built_in, now) + "\n";
  if (data.user)
    out += "Imported advisories, to " + data.user->database().newest() + ", " +
           human_bytes(data.user->size()) + "\n  " + printable(data.place->pack, 4096) + "\n  " +
           data.user->database().id() + "\n" + source_table(data.user->database(), now) + "\n";
  else
    out += "No advisories have been imported" +
           (data.place ? " to " + printable(data.place->folder, 4096) : std::string()) + ".\n\n";
  return out + ecosystem_table(databases, now);
}

void write_database(json::Writer& w, const vuln::Database& database) {
  w.member("digest", database.id()).member("newest", database.newest());
  w.key("sources").begin_array();
  for (const vuln::SourceRow& s : database.sources()) {
    w.begin_object().member("name", s.name);
    w.optional_member("part", s.part);
    w.member("records", s.records);
    w.optional_member("newest", s.newest).optional_member("origin", s.origin);
    w.optional_member("imported", s.imported).optional_member("digest", s.digest);
    w.end_object();
  }
  w.end_array();
}

std::string status_json(const Data& data, const std::string& now,
                        const std::vector<std::string>& warnings) {
  json::Writer w;
  w.begin_object().member("now", now);
  w.key("built_in").begin_object();
  write_database(w, data.built_in);
  w.end_object();
  w.key("imported").begin_object().member("present", data.user.has_value());
  if (data.place) w.member("path", data.place->pack);
  if (data.user) {
    w.member("size", data.user->size());
    write_database(w, data.user->database());
  }
  w.end_object();
  w.key("ecosystems").begin_array();
  for (const vuln::EcosystemInfo& info : data.databases().ecosystems()) {
    w.begin_object().member("name", info.name).member("advisories", info.advisories);
    w.optional_member("newest", info.newest).end_object();
  }
  w.end_array();
  w.strings("warnings", warnings);
  w.end_object();
  return w.finish();
}

}  // namespace

Result<int> db_status(const Arguments& arguments, const Words& words) {
  if (!words.empty()) return usage("fathom db status takes no operands");
  const DbOutput output = TRY(parse_db_output(arguments));
  const std::string now = TRY(parse_now(arguments));
  const std::uint64_t most = TRY(parse_count(arguments, "max-data-age", 180, 100'000));
  const Data data = TRY(open_data(arguments));
  const std::vector<std::string> warnings = warnings_of(data.databases(), now, most);
  TRY(write_db_output(output,
                      output.json ? status_json(data, now, warnings) : status_text(data, now)));
  for (const std::string& warning : warnings) log::warning(warning);
  return 0;
}

Result<DbOutput> parse_db_output(const Arguments& arguments) {
  const std::string_view text = arguments.one("output", "table");
  const std::size_t equals = text.find('=');
  const std::string_view format = text.substr(0, equals);
  if (format != "table" && format != "json")
    return usage("--output wants table or json, not \"" + printable(format, 40) + "\"");
  return DbOutput{format == "json",
                  std::string(equals == text.npos ? std::string_view() : text.substr(equals + 1))};
}

Done write_db_output(const DbOutput& output, std::string_view text) {
  if (!output.file.empty()) return write_file(output.file, text);
  if (write_stdout(text)) return Ok{};
  return Error{ErrorCode::io, "standard output"};
}

std::string columns_of(const std::vector<std::vector<std::string>>& rows) {
  constexpr std::size_t kMostWidth = 60;
  std::vector<std::size_t> widths;
  std::vector<std::vector<std::string>> cells;
  for (const std::vector<std::string>& row : rows) {
    std::vector<std::string>& shown = cells.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      shown.push_back(printable(row[i]));
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], std::min(shown.back().size(), kMostWidth));
    }
  }
  std::string out;
  for (const std::vector<std::string>& row : cells) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += " " + row[i];
      if (i + 1 < row.size() && row[i].size() < widths[i])
        line.append(widths[i] - row[i].size(), ' ');
      line += " ";
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

int run_db(const Arguments& arguments) { return run_command(arguments, run); }

}  // namespace fathom::cli
