#include "verdict_sources.h"

#include <nlohmann/json.hpp>

#include "advisory_sources.h"
#include "base/text.h"

namespace fathom::tools {
namespace {

using nlohmann::json;
using verdict::FunctionRow;
using verdict::VulnerableFunction;

// One row for each module of an advisory that says which packages or symbols it is in.
void add_go(const json& advisory, std::vector<FunctionRow>& rows) {
  for (const json& affected : advisory.value("affected", json::array())) {
    FunctionRow row{.ecosystem = "Go",
                    .package = affected.at("pkg"),
                    .id = advisory.at("id"),
                    .approximate = false,
                    .functions = {}};
    for (const json& package : affected.value("imp", json::array())) {
      VulnerableFunction one{.name = {}, .file = package.at("p"), .systems = {}, .is_new = false};
      one.systems = package.value("os", std::vector<std::string>());
      const json symbols = package.value("s", json::array());
      if (symbols.empty()) row.functions.push_back(one);
      for (const json& symbol : symbols) {
        one.name = symbol;
        row.functions.push_back(one);
      }
    }
    if (!row.functions.empty()) rows.push_back(std::move(row));
  }
}

void add_rust(const json& advisory, std::vector<FunctionRow>& rows) {
  FunctionRow row{.ecosystem = "crates.io",
                  .package = advisory.at("pkg"),
                  .id = advisory.at("id"),
                  .approximate = false,
                  .functions = {}};
  const json functions = advisory.value("functions", json::object());
  for (const auto& [path, versions] : functions.items())
    row.functions.push_back({.name = path,
                             .file = {},
                             .systems = advisory.value("os", std::vector<std::string>()),
                             .is_new = false});
  if (!row.functions.empty()) rows.push_back(std::move(row));
}

}  // namespace

Result<std::vector<FunctionRow>> read_functions(const std::filesystem::path& verdicts,
                                                const std::filesystem::path& advisories) {
  const std::string c = TRY(read_data_file(verdicts / "c-functions.jsonl.zst"));
  std::vector<FunctionRow> rows = TRY(verdict::parse_function_rows(c));
  try {
    const std::string go = TRY(read_data_file(advisories / "go.jsonl.zst"));
    for (std::string_view line : lines_of(go)) add_go(json::parse(line), rows);
    const std::string rust = TRY(read_data_file(advisories / "rust.jsonl.zst"));
    for (std::string_view line : lines_of(rust)) add_rust(json::parse(line), rows);
  } catch (const std::exception& problem) {
    return Error{ErrorCode::malformed, problem.what()};
  }
  return rows;
}

Result<std::vector<verdict::FixRow>> read_fixes(const std::filesystem::path& verdicts) {
  const std::string lines = TRY(read_data_file(verdicts / "fixes.jsonl.zst"));
  return verdict::parse_fixes(lines);
}

}  // namespace fathom::tools
