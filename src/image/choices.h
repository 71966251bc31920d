// Which images a target has, for scanning all of them.

#pragma once

#include <string>
#include <vector>

#include "image/image.h"

namespace fathom::image {

struct ImageChoice {
  std::string digest;    // what names it inside the target, or empty: there is only this one
  std::string platform;  // "linux/arm64/v8", or empty when it does not say
};

// The images that `options` leaves open, in the order of the index; a target without an index has
// one. Attestations are none. An error when nothing is there at all.
Result<std::vector<ImageChoice>> list_images(Store& store, const OpenOptions& options,
                                             const Limits& limits);

}  // namespace fathom::image
