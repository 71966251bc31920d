// The table has a line for each file, with a word for each protection; a word of a check that
// stands out is explained below with what was seen. Where there is one file, all of it is shown
// instead.

#include "report/hardening.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "report/columns.h"
#include "report/json_parts.h"

namespace fathom {
namespace {

using json::Writer;

constexpr std::size_t kMostExplained = 40;  // files named below the table
constexpr std::size_t kMostGaps = 6;

struct Column {
  std::string_view title, id;
  std::size_t width;
};
constexpr auto kColumns = std::to_array<Column>({
    {"PIE", "pie", 10},
    {"RELRO", "relro", 7},
    {"NX", "nx_stack", 4},
    {"CANARY", "stack_protector", 6},
    {"FORTIFY", "fortify", 8},
    {"CLASH", "stack_clash", 5},
    {"IBT", "ibt", 4},
    {"SHSTK", "shstk", 5},
    {"BTI", "bti", 4},
    {"PAC", "pac", 4},
    {"CFI", "cfi", 3},
    {"PATH", "library_path", 8},
});

// Values as the table has room for them.
struct ShortWord {
  std::string_view value, word;
};
constexpr auto kShortWords = std::to_array<ShortWord>({
    {"not applicable", "-"},
    {"nothing to fortify", "-"},
    {"shared object", "-"},
    {"unknown", "?"},
    {"partial or full", "?"},
    {"full or not applied", "?"},
    {"non-executable", "yes"},
    {"executable", "NO"},
    {"not stated", "NO"},
    {"some code", "some"},
    {"fixed-address", "fixed"},
    {"fixed-address static", "FIXED"},
    {"not applied", "ignored"},
    {"absent folder", "absent"},
    {"foreign owner", "foreign"},
});

std::string word_of(const HardeningCheck& check) {
  for (const ShortWord& row : kShortWords)
    if (check.value == row.value) return std::string(row.word);
  if (check.id == "library_path" && check.value == "none") return "-";
  if (check.id == "fortify" && check.rating == Rating::unknown) return "?";
  return check.value;
}

std::string_view colour_of(Rating rating) {
  switch (rating) {
    case Rating::good:
      return "\x1b[32m";
    case Rating::partial:
    case Rating::missing:
      return "\x1b[33m";
    case Rating::bad:
      return "\x1b[1;31m";
    case Rating::neutral:
    case Rating::unknown:
      return "\x1b[2m";
  }
  return {};
}

class Table {
 public:
  Table(const Report& report, const ReportOptions& options) : report_(report), options_(options) {}

  std::string run() {
    const std::vector<HardeningRow>& rows = report_.hardening;
    if (rows.empty()) out_ += "No program and no shared object here.\n";
    if (rows.size() == 1) write_file(rows[0]);
    if (rows.size() > 1) {
      write_lines();
      write_sums();
      write_bad();
    }
    write_gaps();
    return std::move(out_);
  }

 private:
  std::string styled(const std::string& text, Rating rating) const {
    if (!options_.colour) return text;
    return std::string(colour_of(rating)) + text + "\x1b[0m";
  }

  // ---- One file

  void write_file(const HardeningRow& row) {
    out_ += printable(row.path, 4096) + ": " + row.machine + " " + row.type;
    if (!row.language.empty()) out_ += ", " + row.language;
    if (!row.libc.empty()) out_ += row.libc == "none" ? ", no C library" : ", " + row.libc;
    out_ += "\n\n";
    std::size_t ids = 0, values = 0;
    for (const HardeningCheck& check : row.checks) {
      ids = std::max(ids, check.id.size());
      values = std::max(values, std::min<std::size_t>(24, display_width(printable(check.value))));
    }
    for (const HardeningCheck& check : row.checks) {
      std::string value = pad_right(fit_end(printable(check.value), values), values);
      out_ += "  " + pad_right(check.id, ids) + "  " + styled(value, check.rating) + "  ";
      out_ += printable(check.seen, 4096) + where(check) + "\n";
      if (check.why.empty()) continue;
      out_ += std::string(ids + values + 6, ' ') + "(" + printable(check.why, 4096) + ")\n";
    }
  }
  static std::string where(const HardeningCheck& check) {
    if (check.place.kind == Place::Kind::whole_file) return {};
    return " [" + printable(text_of(check.place)) + "]";
  }

  // ---- Many

  // Columns that say nothing of any file here (BTI on x86) are left out.
  std::vector<Column> columns() const {
    std::vector<Column> out;
    for (const Column& column : kColumns)
      if (std::ranges::any_of(report_.hardening, [&](const HardeningRow& row) {
            const HardeningCheck* check = row.find(column.id);
            return check != nullptr && word_of(*check) != "-";
          }))
        out.push_back(column);
    return out;
  }

  void write_lines() {
    const std::vector<Column> shown = columns();
    std::size_t used = 0, longest = 4;
    for (const Column& column : shown) used += column.width + 1;
    for (const HardeningRow& row : report_.hardening)
      longest = std::max(longest, display_width(printable(row.path, 4096)));
    const std::size_t room = options_.width > used + 24 ? options_.width - used : 24;
    const std::size_t paths = std::min(longest, room);
    std::string head = pad_right("FILE", paths);
    for (const Column& column : shown)
      head += " " + pad_right(std::string(column.title), column.width);
    out_ += std::string(head.substr(0, head.find_last_not_of(' ') + 1)) + "\n";
    for (const HardeningRow& row : report_.hardening) write_line(row, shown, paths);
  }

  void write_line(const HardeningRow& row, const std::vector<Column>& shown, std::size_t paths) {
    std::string line = pad_right(fit_path(printable(row.path, 4096), paths), paths);
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const HardeningCheck* check = row.find(shown[i].id);
      std::string cell =
          check == nullptr ? "?" : fit_end(printable(word_of(*check)), shown[i].width);
      if (i + 1 < shown.size()) cell = pad_right(cell, shown[i].width);
      line += " " + styled(cell, check == nullptr ? Rating::unknown : check->rating);
    }
    out_ += line + "\n";
  }

  // "RELRO    380 full, 30 partial"
  void write_sums() {
    out_ += "\n" + with_thousands(report_.hardening.size()) + " files\n";
    for (const Column& column : columns()) {
      std::map<std::string, std::size_t> counts;
      for (const HardeningRow& row : report_.hardening)
        if (const HardeningCheck* check = row.find(column.id)) ++counts[sum_word(*check)];
      std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
      std::ranges::stable_sort(sorted, std::greater<>{}, [](const auto& c) { return c.second; });
      std::vector<std::string> parts;
      for (const auto& [word, count] : sorted) parts.push_back(with_thousands(count) + " " + word);
      out_ += "  " + pad_right(std::string(column.title), 8) + join(parts, ", ") + "\n";
    }
  }
  // Counts of functions would be a word for each file.
  static std::string sum_word(const HardeningCheck& check) {
    if (check.id != "fortify" || check.value.find(" of ") == std::string::npos) return check.value;
    return std::string(name_of(check.rating));
  }

  // A static program at fixed addresses has no random bits: that is one thing, said once.
  static bool is_said_already(const HardeningRow& row, const HardeningCheck& check) {
    const HardeningCheck* pie = row.find("pie");
    return check.id == "aslr" && pie != nullptr && pie->rating == Rating::bad;
  }

  void write_bad() {
    struct Bad {
      const HardeningRow* row;
      const HardeningCheck* check;
    };
    std::vector<Bad> all;
    for (const HardeningRow& row : report_.hardening)
      for (const HardeningCheck& check : row.checks)
        if (check.rating == Rating::bad && !is_said_already(row, check))
          all.push_back({&row, &check});
    if (all.empty()) return;
    out_ += "\nStands out\n";
    for (std::size_t i = 0; i < std::min(all.size(), kMostExplained); ++i) {
      const HardeningCheck& check = *all[i].check;
      out_ += "  " + printable(all[i].row->path, 4096) + ": " + check.id + " " +
              styled(printable(check.value), Rating::bad) + "\n";
      write_indented(printable(check.seen) +
                     (check.why.empty() ? "" : " (" + printable(check.why) + ")"));
    }
    if (all.size() > kMostExplained)
      out_ += "  … and " + with_thousands(all.size() - kMostExplained) + " more (use -o json)\n";
  }

  void write_indented(const std::string& text) {
    std::vector<std::string> words;
    for (std::string_view word : split(text, ' ')) words.emplace_back(word);
    words.front().insert(0, 6, ' ');
    for (const std::string& line : wrap(words, {" ", options_.width, 6})) out_ += line + "\n";
  }

  void write_gaps() {
    if (report_.gaps.empty()) return;
    out_ += "\n" + with_thousands(report_.gaps.size()) + " gaps\n";
    for (std::size_t i = 0; i < std::min(report_.gaps.size(), kMostGaps); ++i) {
      const Gap& gap = report_.gaps[i];
      out_ += "  " + gap.stage + "  " + (gap.file.empty() ? "(image)" : printable(gap.file)) +
              "  " + printable(gap.reason) + "\n";
    }
    if (report_.gaps.size() > kMostGaps)
      out_ +=
          "  … and " + with_thousands(report_.gaps.size() - kMostGaps) + " more (use -o json)\n";
  }

  const Report& report_;
  const ReportOptions& options_;
  std::string out_;
};

void write_check(Writer& w, const HardeningCheck& check) {
  w.key(check.id).begin_object();
  w.member("value", check.value).member("rating", name_of(check.rating));
  w.optional_member("why", check.why);
  write_place(w, check.place);
  w.member("seen", check.seen);
  w.end_object();
}

}  // namespace

void write_hardening(Writer& w, const HardeningRow& row) {
  w.begin_object();
  w.member("path", row.path);
  w.optional_member("digest", row.digest);
  if (row.layer >= 0) w.member("layer", row.layer);
  w.member("type", row.type).member("machine", row.machine);
  w.optional_member("language", row.language);
  w.optional_member("libc", row.libc);
  w.key("checks").begin_object();
  for (const HardeningCheck& check : row.checks) write_check(w, check);
  w.end_object().end_object();
}

std::string hardening_json(const Report& report) {
  Writer w;
  w.begin_object();
  w.member("schema", 1);
  w.key("tool").begin_object();
  w.member("name", "fathom").member("version", FATHOM_VERSION).end_object();
  w.member("target", report.target).member("incomplete", report.incomplete);
  w.key("hardening").begin_array();
  for (const HardeningRow& row : report.hardening) write_hardening(w, row);
  w.end_array();
  w.key("gaps").begin_array();
  for (const Gap& gap : report.gaps) write_gap(w, gap);
  w.end_array().strings("notes", report.notes).end_object();
  return w.finish();
}

std::string hardening_table(const Report& report, const ReportOptions& options) {
  return Table(report, options).run();
}

std::vector<std::string> hardening_summary(const Report& report) {
  struct Phrase {
    std::string_view id, one, many;
  };
  static constexpr auto kPhrases = std::to_array<Phrase>({
      {"pie", "static program at fixed addresses", "static programs at fixed addresses"},
      {"nx_stack", "file asks for an executable stack", "files ask for an executable stack"},
      {"wx_segments", "file with writable code", "files with writable code"},
      {"text_relocations", "file with relocated code", "files with relocated code"},
      {"library_path", "file searches libraries in an unsafe folder",
       "files search libraries in an unsafe folder"},
      {"interpreter", "program whose interpreter is missing or does not fit",
       "programs whose interpreter is missing or does not fit"},
  });
  std::vector<std::string> out;
  for (const Phrase& phrase : kPhrases) {
    std::uint64_t count = 0;
    for (const HardeningRow& row : report.hardening) {
      const HardeningCheck* check = row.find(phrase.id);
      count += check != nullptr && check->rating == Rating::bad;
    }
    if (count > 0)
      out.push_back(with_thousands(count) + " " +
                    std::string(count == 1 ? phrase.one : phrase.many));
  }
  return out;
}

}  // namespace fathom
