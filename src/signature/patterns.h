// All version patterns as one RE2::Set, so that a file's texts are read once however many rows
// there are. RE2 runs in time linear in the text, whatever the pattern.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "signature/row.h"

namespace fathom::signature {

struct Patterns {
  explicit Patterns(const std::vector<Row>& rows);
  ~Patterns();

  // Calls found(row, index into its versions, version) for every pattern that matches `text`.
  using Found = std::function<void(std::size_t, std::size_t, std::string)>;
  void match(std::string_view text, const Found& found) const;

  // Whether every pattern compiled and has exactly one group.
  Done check() const;

 private:
  struct Compiled;
  const Compiled& compiled() const;  // on first use

  struct Source {
    std::size_t row, version;
    std::string pattern;
  };
  std::vector<Source> sources_;
  struct Lazy;
  std::unique_ptr<Lazy> lazy_;
};

}  // namespace fathom::signature
