// Two kinds of copyright files. Machine-readable ones have paragraphs: those with "Files:" say what
// is under which licence, those with "License:" alone give its text. What is below debian/ is the
// packaging, which is not in the program. In all others well-known texts are looked for by words
// that only they have, in the whole file: which text is for which file is not told.

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "licenses/licenses.h"
#include "licenses/tables.h"

namespace fathom::licenses {
namespace {

class Collector {
 public:
  explicit Collector(const Limits& limits) : most_(limits.licenses) {}

  void add(std::string license, bool is_spdx, std::uint64_t line) {
    const bool known =
        std::ranges::any_of(found_, [&](const Found& found) { return found.license == license; });
    if (!known && found_.size() < most_) found_.push_back({std::move(license), is_spdx, line});
  }
  std::vector<Found> take() { return std::move(found_); }

 private:
  std::uint64_t most_;
  std::vector<Found> found_;
};

// ---- Machine-readable

bool is_machine_readable(std::string_view text) {
  const std::string_view first = text.substr(0, text.find('\n'));
  return (first.starts_with("Format:") || first.starts_with("Format-Specification:")) &&
         (first.find("copyright-format") != first.npos || first.find("dep5") != first.npos ||
          first.find("DEP5") != first.npos || first.find("CopyrightFormat") != first.npos ||
          first.find("dep-5") != first.npos);
}

struct Paragraph {
  std::string_view files, license;
  bool has_files = false;
  std::uint64_t line = 0;  // of the licence
};

std::optional<std::string_view> value_of(std::string_view line, std::string_view field) {
  if (line.size() <= field.size() || line[field.size()] != ':') return {};
  if (to_lower(line.substr(0, field.size())) != field) return {};
  return trim(line.substr(field.size() + 1));
}

bool is_packaging(std::string_view files) { return files.starts_with("debian/"); }

// Its first line is the name; "License:" with nothing behind it has no name.
void take(const Paragraph& paragraph, bool any_files, Collector& out) {
  if (paragraph.license.empty() || (any_files && !paragraph.has_files)) return;
  if (is_packaging(paragraph.files)) return;
  std::string expression = expression_of(paragraph.license);
  const bool is_spdx = !expression.empty();
  out.add(is_spdx ? std::move(expression) : printable(paragraph.license), is_spdx, paragraph.line);
}

std::vector<Found> read_machine_readable(std::string_view text, const Limits& limits) {
  std::vector<Paragraph> paragraphs(1);
  std::uint64_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    Paragraph& paragraph = paragraphs.back();
    if (trim(line).empty()) {
      if (paragraph.line != 0 || paragraph.has_files) paragraphs.emplace_back();
    } else if (const auto files = value_of(line, "files")) {
      paragraph.files = *files;
      paragraph.has_files = true;
    } else if (const auto license = value_of(line, "license")) {
      paragraph.license = *license;
      paragraph.line = number;
    }
    if (paragraphs.size() > limits.copyright_paragraphs) break;
  }
  const bool any_files = std::ranges::any_of(
      paragraphs, [](const Paragraph& p) { return p.has_files && !p.license.empty(); });
  Collector out(limits);
  for (const Paragraph& paragraph : paragraphs) take(paragraph, any_files, out);
  return out.take();
}

// ---- Others

bool is_kept(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == ':' || c == '/' ||
         c == '\'' || c == '+';
}

// Words with one space between; where each character came from is kept by line.
struct Normal {
  std::string text;
  std::vector<std::pair<std::size_t, std::uint64_t>> lines;  // position in text → line
};

Normal normal_of(std::string_view text) {
  Normal out;
  std::uint64_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    out.lines.emplace_back(out.text.size(), ++number);
    for (const char c : to_lower(line)) {
      const char quoted = c == '`' || c == '"' ? '\'' : c;
      // Quotation marks of C-like comments and of typesetters are one and the same here.
      if (is_kept(quoted) && !(quoted == '\'' && !out.text.empty() && out.text.back() == '\''))
        out.text += quoted;
      else if (!out.text.empty() && out.text.back() != ' ' && quoted != '\'')
        out.text += ' ';
    }
    if (!out.text.empty() && out.text.back() != ' ') out.text += ' ';
  }
  return out;
}

std::uint64_t line_at(const Normal& normal, std::size_t position) {
  auto after = std::ranges::upper_bound(normal.lines, position, {},
                                        [](const auto& entry) { return entry.first; });
  return after == normal.lines.begin() ? 1 : std::prev(after)->second;
}

// Where the first part stands, if all parts hold.
std::optional<std::size_t> find_text(const Normal& normal, std::string_view parts) {
  std::optional<std::size_t> first;
  for (std::string_view part : split(parts, '|')) {
    const bool unwanted = part.starts_with('!');
    if (unwanted) part.remove_prefix(1);
    const std::size_t at = normal.text.find(part);
    if ((at == normal.text.npos) != unwanted) return {};
    if (!unwanted && !first) first = at;
  }
  return first;
}

std::vector<Found> read_texts(std::string_view text, const Limits& limits) {
  const Normal normal = normal_of(text);
  std::vector<Found> found;
  for (const std::string_view row : lines_of(kTextsTsv)) {
    const std::size_t tab = row.find('\t');
    if (row.starts_with('#') || tab == row.npos) continue;
    if (const auto at = find_text(normal, row.substr(tab + 1)))
      found.push_back({std::string(row.substr(0, tab)), true, line_at(normal, *at)});
  }
  std::ranges::stable_sort(found, {}, &Found::line);
  Collector out(limits);
  for (Found& one : found) out.add(std::move(one.license), true, one.line);
  return out.take();
}

}  // namespace

bool may_be_copyright(std::string_view text) {
  if (is_machine_readable(text)) return true;
  return text.find("opyright") != text.npos || text.find("icense") != text.npos ||
         text.find("ublic domain") != text.npos;
}

std::vector<Found> read_copyright(std::string_view text, const Limits& limits) {
  if (is_machine_readable(text)) return read_machine_readable(text, limits);
  return read_texts(text, limits);
}

}  // namespace fathom::licenses
