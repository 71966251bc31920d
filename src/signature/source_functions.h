// Which texts each function of a library's sources has, by release: what names functions in code
// that has no names. Beside the features (signature/feature_data.h), in the same order of libraries
// and with the same sets and texts, but in a section of its own, because identification does not
// need it and naming is asked of few libraries.
//
// The packed form, little-endian: "FTFN", u32 version, u32 number of libraries, u64 size of each
// block; the blocks, in the form of base/codec.h.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "signature/feature_data.h"

namespace fathom::signature {

struct SourceFunction {
  std::string name;
  std::uint32_t file = 0;           // index of the library's files
  std::vector<FeatureBody> bodies;  // each of other releases
};
using SourceFunctionList = std::vector<SourceFunction>;

// By library, as the features are; empty for those that nobody asks about.
std::string pack_source_functions(const std::vector<SourceFunctionList>& libraries);

// Views `packed`; must not outlive it. Nothing is decoded before it is asked for.
class SourceFunctions {
 public:
  static Result<SourceFunctions> open(std::string_view packed);  // an empty one has none
  // Of features.library(index): checked against it; empty when the block does not fit it.
  SourceFunctionList of(const Features& features, std::size_t index) const;
  std::size_t size() const { return blocks_.size(); }

 private:
  std::vector<std::string_view> blocks_;
};

}  // namespace fathom::signature
