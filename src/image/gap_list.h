// Gaps of one reader, bounded: an image can have a million odd entries, and a report that lists
// them all helps nobody. What is not kept is counted.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "model/evidence.h"

namespace fathom::image {

class GapList {
 public:
  GapList(std::string stage, std::uint64_t most) : stage_(std::move(stage)), most_(most) {}

  // `path` is a path of the image, as its bytes stand.
  void add(ErrorCode code, std::string reason, std::string_view path = {},
           std::int64_t layer = -1) {
    if (gaps_.size() >= most_) {
      ++more_;
      return;
    }
    gaps_.push_back({stage_, utf8_or_escaped(path), "", layer, code, std::move(reason)});
  }

  std::vector<Gap> take() {
    if (more_ > 0)
      gaps_.push_back({stage_, "", "", -1, ErrorCode::limit_exceeded,
                       "and " + with_thousands(more_) + " more problems like these"});
    more_ = 0;
    return std::move(gaps_);
  }

 private:
  std::string stage_;
  std::uint64_t most_, more_ = 0;
  std::vector<Gap> gaps_;
};

}  // namespace fathom::image
