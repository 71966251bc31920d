#include "verdict/knowledge.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/codec.h"
#include "base/text.h"
#include "json/value.h"
#include "verdict/json_lines.h"

namespace fathom::verdict {
namespace {

auto key_of(const FunctionRow& row) {
  return std::tuple<std::string_view, std::string_view, std::string_view>(row.ecosystem,
                                                                          row.package, row.id);
}

// What comes with a library and is not linked with it.
bool is_of_a_program(std::string_view file) {
  constexpr std::array<std::string_view, 9> kFolders = {
      "tools/", "apps/", "programs/", "examples/", "test/", "tests/", "fuzz/", "contrib/", "doc/"};
  return std::ranges::any_of(kFolders,
                             [&](std::string_view folder) { return file.starts_with(folder); });
}

Result<FunctionRow> row_of(const json::Value& value) {
  FunctionRow row;
  row.ecosystem = value["ecosystem"].text_or("C");
  row.package = value["library"].text_or();
  row.id = value["cve"].text_or();
  if (row.package.empty() || row.id.empty())
    return Error{ErrorCode::malformed, "a row without library or cve"};
  const bool* approximate = value["approx"].boolean();
  row.approximate = approximate != nullptr && *approximate;
  for (const json::Value& function : value["functions"].elements()) {
    VulnerableFunction one;
    one.name = function["name"].text_or();
    one.file = function["file"].text_or();
    const bool* is_new = function["new"].boolean();
    one.is_new = is_new != nullptr && *is_new;
    if (!one.name.empty() && !is_of_a_program(one.file)) row.functions.push_back(std::move(one));
  }
  return row;
}

}  // namespace

struct Packed {
  std::vector<FunctionRow> rows;
  std::vector<FixRow> fixes;
};
template <class Codec>
void describe(Codec& codec, Packed& packed) {
  codec(packed.rows, packed.fixes);
}

Result<std::vector<FunctionRow>> parse_function_rows(std::string_view lines) {
  std::vector<FunctionRow> rows = TRY(read_json_lines(lines, row_of));
  std::erase_if(rows, [](const FunctionRow& row) { return row.functions.empty(); });
  return rows;
}

std::string pack_knowledge(std::vector<FunctionRow> rows, std::vector<FixRow> fixes) {
  std::ranges::stable_sort(rows, {}, key_of);
  std::ranges::sort(fixes);
  Packed packed{std::move(rows), std::move(fixes)};
  return encode_value(packed);
}

Result<Knowledge> Knowledge::open(std::string_view packed) {
  Knowledge knowledge;
  if (packed.empty()) return knowledge;
  Packed tables = TRY(decode_value<Packed>(packed));
  knowledge.rows_ = std::move(tables.rows);
  knowledge.fixes_ = std::move(tables.fixes);
  if (!std::ranges::is_sorted(knowledge.rows_, {}, key_of) ||
      !std::ranges::is_sorted(knowledge.fixes_))
    return Error{ErrorCode::malformed, "rows of functions out of order"};
  return knowledge;
}

void Knowledge::add(std::vector<FunctionRow> rows) {
  std::ranges::stable_sort(rows, {}, key_of);
  std::erase_if(rows_, [&](const FunctionRow& row) {
    return std::ranges::binary_search(rows, key_of(row), {}, key_of);
  });
  rows_.insert(rows_.end(), std::make_move_iterator(rows.begin()),
               std::make_move_iterator(rows.end()));
  std::ranges::stable_sort(rows_, {}, key_of);
}

const FunctionRow* Knowledge::find(std::string_view ecosystem, std::string_view package,
                                   const std::vector<std::string>& ids) const {
  for (const std::string& id : ids) {
    const std::tuple<std::string_view, std::string_view, std::string_view> key(ecosystem, package,
                                                                               id);
    auto at = std::ranges::lower_bound(rows_, key, {}, key_of);
    if (at != rows_.end() && key_of(*at) == key) return &*at;
  }
  return nullptr;
}

std::vector<const FixRow*> Knowledge::fixes_of(std::string_view library,
                                               std::string_view cve) const {
  std::vector<const FixRow*> out;
  auto key = [](const FixRow& row) {
    return std::pair<std::string_view, std::string_view>(row.library, row.cve);
  };
  auto [first, last] = std::ranges::equal_range(
      fixes_, std::pair<std::string_view, std::string_view>(library, cve), {}, key);
  for (; first != last; ++first) out.push_back(&*first);
  return out;
}

}  // namespace fathom::verdict
