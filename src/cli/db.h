// The parts of fathom db, one .cc each; db_command.cc chooses.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"

namespace fathom::cli {

// What follows the word. The results are exit statuses.
using Words = std::vector<std::string>;
Result<int> db_status(const Arguments& arguments, const Words& words);
Result<int> db_import(const Arguments& arguments, const Words& words);
Result<int> db_update(const Arguments& arguments, const Words& words);
Result<int> db_export(const Arguments& arguments, const Words& words);
Result<int> db_diff(const Arguments& arguments, const Words& words);
Result<int> db_search(const Arguments& arguments, const Words& words);

// -o table|json[=FILE] of status, diff and search.
struct DbOutput {
  bool json = false;
  std::string file;  // empty: stdout
};
Result<DbOutput> parse_db_output(const Arguments& arguments);
Done write_db_output(const DbOutput& output, std::string_view text);

// Columns, each as wide as its widest cell; cells are made printable.
std::string columns_of(const std::vector<std::vector<std::string>>& rows);

}  // namespace fathom::cli
