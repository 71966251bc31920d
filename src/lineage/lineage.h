// Where a file came from: the layer that brought it, and the line of the build that made the layer.
// Source: OCI image specification, config.md (history); the forms in which Docker's classic builder
// and BuildKit write a Dockerfile instruction there.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/report.h"

namespace fathom::lineage {

struct Origin {
  std::int64_t layer = -1;  // index from the base, or -1 where there are no layers
  std::string layer_digest, diff_id;
  std::string instruction;  // "COPY app /app", or empty when the history does not say
};

// The instruction as the author wrote it, as far as the history tells: without the shell, build
// arguments and comments that builders wrap around it.
std::string instruction_of(std::string_view created_by);

Origin origin_of(const FileRow& file, const ImageRow& image);

// "layer 3 (RUN apt-get install -y curl), replaced by layer 5 (COPY app /app)", for people; control
// characters are made visible.
std::string describe(const FileRow& file, const ImageRow& image);

}  // namespace fathom::lineage
