// The metrics of one CVSS vector, "AV:N/AC:L". Private to this room.

#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace fathom::vuln {

class CvssMetrics {
 public:
  // Nothing when a metric has no value or stands there twice.
  static std::optional<CvssMetrics> parse(std::string_view text) {
    CvssMetrics metrics;
    for (std::string_view field : split(text, '/')) {
      std::size_t colon = field.find(':');
      if (colon == field.npos || colon == 0 || colon + 1 == field.size()) return std::nullopt;
      std::string_view name = field.substr(0, colon);
      if (!metrics.value(name).empty()) return std::nullopt;
      metrics.rows_.push_back({name, field.substr(colon + 1)});
    }
    return metrics;
  }

  std::string_view value(std::string_view name) const {
    for (const Row& row : rows_)
      if (row.name == name) return row.value;
    return {};
  }

 private:
  struct Row {
    std::string_view name, value;
  };
  std::vector<Row> rows_;
};

std::optional<int> cvss4_tenths(const CvssMetrics& metrics);

}  // namespace fathom::vuln
