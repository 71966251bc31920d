// Where every file and component of a report comes from. Pure, and last but for policy: it reads
// the report's files, components, findings and coverage and fills the parts that speak of origin.

#pragma once

#include <vector>

#include "lineage/base_image.h"

namespace fathom::lineage {

struct Knowledge {
  const std::vector<BaseRow>& rows;
  // Whether a version comes before another in an ecosystem ("deb"); false also when that is not
  // known.
  std::function<bool(std::string_view ecosystem, std::string_view a, std::string_view b)> is_older;
  std::string end_of_life;  // of the release that the image is made from, or empty
};

void trace_origins(const ImageView& view, const Knowledge& knowledge, Report& report);

}  // namespace fathom::lineage
