#include "sandbox/tables.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace fathom::sandbox {

namespace {

using Row = std::vector<std::string_view>;

std::string_view take_until(std::string_view& text, char mark) {
  std::size_t at = text.find(mark);
  std::string_view out = text.substr(0, at);
  text = at == text.npos ? std::string_view() : text.substr(at + 1);
  return out;
}

std::vector<Row> rows_of(std::string_view tsv) {
  std::vector<Row> rows;
  while (!tsv.empty()) {
    std::string_view line = take_until(tsv, '\n');
    if (line.empty() || line.front() == '#') continue;
    Row row;
    while (!line.empty()) row.push_back(take_until(line, '\t'));
    rows.push_back(std::move(row));
  }
  return rows;
}

struct Names {
  std::map<std::uint64_t, std::string_view> by_number;
  std::map<std::string_view, std::uint32_t> by_name;

  explicit Names(std::string_view tsv) {
    for (const Row& row : rows_of(tsv)) {
      std::optional<std::uint64_t> number = parse_unsigned(row[0]);
      if (row.size() != 2 || !number) continue;
      by_number.emplace(*number, row[1]);
      by_name.emplace(row[1], static_cast<std::uint32_t>(*number));
    }
  }
};

const Names& names_of(code::Machine machine) {
  static const Names x86(kX86Tsv), arm(kAarch64Tsv);
  return machine == code::Machine::x86_64 ? x86 : arm;
}

LoadingRow::What what_of(std::string_view text) {
  if (text == "opens") return LoadingRow::What::opens;
  if (text == "looks_up") return LoadingRow::What::looks_up;
  return text == "starts" ? LoadingRow::What::starts : LoadingRow::What::configured;
}

std::map<std::string_view, LoadingRow> read_loading() {
  std::map<std::string_view, LoadingRow> out;
  for (const Row& row : rows_of(kLoadingTsv))
    if (row.size() >= 3)
      out[row[0]] = {row[0], what_of(row[1]),
                     static_cast<std::size_t>(parse_unsigned(row[2]).value_or(0)),
                     row.size() > 3 ? row[3] : std::string_view()};
  return out;
}

}  // namespace

std::string_view system_call_name(code::Machine machine, std::uint64_t number) {
  const auto& names = names_of(machine).by_number;
  auto at = names.find(number);
  return at == names.end() ? std::string_view() : at->second;
}

std::optional<std::uint32_t> system_call_number(code::Machine machine, std::string_view name) {
  const auto& numbers = names_of(machine).by_name;
  auto at = numbers.find(name);
  return at == numbers.end() ? std::nullopt : std::optional(at->second);
}

const std::vector<RuntimeRow>& runtime_rows() {
  static const std::vector<RuntimeRow> rows = [] {
    std::vector<RuntimeRow> out;
    for (const Row& row : rows_of(kRuntimeTsv))
      if (row.size() == 3) out.push_back({row[0], row[1], row[2]});
    return out;
  }();
  return rows;
}

const LoadingRow* loading_row(std::string_view name) {
  static const std::map<std::string_view, LoadingRow> rows = read_loading();
  auto at = rows.find(name);
  return at == rows.end() ? nullptr : &at->second;
}

}  // namespace fathom::sandbox
