// Pieces of the HTML page. Whatever is foreign goes through text() or name().

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/report.h"
#include "report/iceberg.h"

namespace fathom::html {

// One line, with everything that markup or a browser could make something of made visible.
std::string text(std::string_view foreign, std::size_t most = 400);
// The same, isolated from the direction of the text around it.
std::string name(std::string_view foreign, std::size_t most = 400);

std::string chip(Severity severity);

// A table whose rows become cards on a narrow screen.
class Table {
 public:
  struct Column {
    std::string_view title;
    bool is_number = false;
  };
  // `id` names it for the field that filters its rows.
  Table(std::string_view id, std::vector<Column> columns);
  void row(const std::vector<std::string>& cells);  // markup
  bool empty() const { return rows_ == 0; }
  // With a field to filter where there are many rows; `left_out` rows are said to be in the JSON.
  std::string take(std::size_t left_out = 0);

 private:
  std::string id_, body_;
  std::vector<Column> columns_;
  std::size_t rows_ = 0;
};

// A bar of shares with its key below.
struct Share {
  std::string_view style;  // class of the colour
  std::uint64_t size = 0;
  std::string label;  // markup
};
std::string bar(const std::vector<Share>& shares);

// The picture: a waterline, above it what package data tell, below it what only the code tells, a
// dot for each component.
std::string iceberg_figure(const Report& report, const Iceberg& iceberg);

}  // namespace fathom::html
