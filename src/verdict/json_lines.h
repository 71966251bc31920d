// Tables as lines of JSON, an object a line.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "json/value.h"

namespace fathom::verdict {

// Empty lines are passed over; an error names the line.
template <class Row>
Result<std::vector<Row>> read_json_lines(std::string_view lines,
                                         Result<Row> (*read)(const json::Value&)) {
  std::vector<Row> rows;
  std::size_t number = 0;
  for (std::string_view line : lines_of(lines)) {
    ++number;
    if (trim(line).empty()) continue;
    const std::string place = "line " + std::to_string(number);
    const json::Value value = TRY(json::parse(line).in(place));
    rows.push_back(TRY(read(value).in(place)));
  }
  return rows;
}

}  // namespace fathom::verdict
