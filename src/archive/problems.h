// What a reader could not make sense of, kept to a number that nobody can blow up.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace fathom::archive {

class ProblemList {
 public:
  explicit ProblemList(std::uint64_t most = 0) : most_(most) {}

  void note(ErrorCode code, std::string message) {
    if (all_.size() < most_) {
      all_.push_back({code, std::move(message)});
    } else if (!all_.empty()) {
      // The last place counts those that found none, and the one it had.
      more_ += more_ == 0 ? 2 : 1;
      all_.back() = {ErrorCode::limit_exceeded, std::to_string(more_) + " more problems"};
    }
  }

  const std::vector<Error>& all() const { return all_; }

 private:
  std::uint64_t most_;
  std::uint64_t more_ = 0;
  std::vector<Error> all_;
};

}  // namespace fathom::archive
