#include "lineage/base_rows.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "base/text.h"

namespace fathom::lineage {
namespace {

using Kind = BaseRow::Kind;

constexpr std::size_t kMostRows = 200'000;

constexpr std::array kKinds = {
    std::pair("layers", Kind::layers),   std::pair("packages", Kind::packages),
    std::pair("history", Kind::history), std::pair("os", Kind::os),
    std::pair("made", Kind::made),       std::pair("more", Kind::more),
    std::pair("label", Kind::label)};

std::optional<Kind> kind_of(std::string_view word) {
  for (const auto& [name, kind] : kKinds)
    if (word == name) return kind;
  return {};
}

bool holds_one_text(Kind kind) {
  return kind == Kind::history || kind == Kind::made || kind == Kind::more || kind == Kind::label;
}

bool is_day(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i)
    if (kForm[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i]) return false;
  return true;
}

bool is_possible(const BaseRow& row) {
  if (row.kind == Kind::os) return !row.key.empty() && !row.name.empty();
  if (row.values.empty() || std::ranges::any_of(row.values, &std::string::empty)) return false;
  switch (row.kind) {
    case Kind::layers:
      return !row.name.empty() && (row.key.empty() || is_day(row.key)) &&
             std::ranges::all_of(row.values, [](const std::string& text) {
               return parse_digest(text).has_value();
             });
    case Kind::packages:
      return !row.name.empty() && (row.key == "deb" || row.key == "apk");
    case Kind::history:
      return !row.name.empty();
    case Kind::label:
      return row.key == "name" || row.key == "digest" || row.key == "revision" ||
             row.key == "source" || row.key == "created";
    default:
      return !row.key.empty();
  }
}

}  // namespace

Result<std::vector<BaseRow>> parse_base_rows(std::string_view text) {
  std::vector<BaseRow> rows;
  std::size_t number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    if (trim(line).empty() || line[0] == '#') continue;
    const std::string place = "line " + std::to_string(number);
    const std::vector<std::string_view> fields = split(line, '\t');
    if (fields.size() != 4)
      return Error{ErrorCode::malformed, place + ": expected four fields, separated by tabs"};
    const std::optional<Kind> kind = kind_of(fields[0]);
    if (!kind)
      return Error{ErrorCode::malformed, place + ": unknown kind \"" + printable(fields[0]) + "\""};
    BaseRow row;
    row.kind = *kind;
    if (fields[1] != "-") row.name = fields[1];
    if (fields[2] != "-") row.key = fields[2];
    if (holds_one_text(*kind))
      row.values.emplace_back(fields[3]);
    else if (fields[3] != "-")
      for (std::string_view value : split(fields[3], ',')) row.values.emplace_back(trim(value));
    if (!is_possible(row))
      return Error{ErrorCode::malformed,
                   place + ": not what a row \"" + std::string(fields[0]) + "\" says"};
    if (row.kind == Kind::packages) std::ranges::sort(row.values);
    if (rows.size() == kMostRows)
      return Error{ErrorCode::limit_exceeded, place + ": more rows than the limit"};
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string layers_line(std::string_view name, std::string_view day,
                        const std::vector<std::string>& digests) {
  return "layers\t" + std::string(name) + "\t" + (day.empty() ? "-" : std::string(day)) + "\t" +
         join(digests, ",") + "\n";
}

}  // namespace fathom::lineage
