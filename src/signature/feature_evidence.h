// What of the feature data stands in one file: texts, tables, version functions. Private to this
// room: presence (feature_match.cc) and releases (feature_releases.cc) are decided with it.

#pragma once

#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "facts/facts.h"
#include "signature/feature_data.h"

namespace fathom::signature {

// A number per release, added to by sets of releases.
class PerRelease {
 public:
  explicit PerRelease(std::size_t releases) : steps_(releases + 1) {}

  void add(const FeatureView& library, std::size_t set, std::int64_t points) {
    library.for_each_span(set, [&](ReleaseSpan span) {
      steps_[span.first] += points;
      steps_[span.last + 1] -= points;
    });
  }
  std::vector<std::int64_t> sums() const {
    std::vector<std::int64_t> out(steps_.size() - 1);
    std::partial_sum(steps_.begin(), steps_.end() - 1, out.begin());
    return out;
  }

 private:
  std::vector<std::int64_t> steps_;
};

// The part of a path behind the last '/'.
inline std::string base_of(const FeatureView& library, std::uint32_t file) {
  const std::string_view path = library.file(file);
  return std::string(path.substr(path.rfind('/') + 1));
}

class FeatureEvidence {
 public:
  FeatureEvidence(const FileFacts& facts, const Features& features);

  // A text of the data that stands in the file.
  struct Text {
    std::uint64_t offset = 0;
    std::vector<Features::Entry> owners;
    bool explained = false;  // by a library that was accepted
  };
  std::vector<Text>& texts() { return texts_; }
  const std::vector<Text>& texts() const { return texts_; }
  // Indexes into texts() of those that a library has.
  const std::vector<std::size_t>& texts_of(std::size_t library) const { return texts_of_[library]; }
  // The library's own index of it; nothing when it does not have it.
  std::optional<std::size_t> index_of(std::size_t text, std::size_t library) const;

  // A table of the data of which nearly all stands in one place of the file, or in several.
  struct Table {
    std::uint32_t index = 0;             // into the library's tables
    std::vector<std::uint64_t> offsets;  // of each place, about; ascending, at least one
  };
  const std::vector<Table>& tables_of(std::size_t library) const { return tables_of_[library]; }

  // A version that a function of the file tells, in the form of one of the library's own, and that
  // is one of its releases.
  struct Version {
    std::size_t release = 0;
    std::uint64_t offset = 0, address = 0;
    bool proves = false;
    std::string shown;  // "a function that returns 3045001"
  };
  std::vector<Version> versions_of(std::size_t library) const;
  // Whether one of them returns what no other code does.
  bool is_proved(std::size_t library) const;

  const FileFacts& facts() const { return facts_; }
  const Features& features() const { return features_; }

 private:
  void find_texts();
  void find_tables();

  const FileFacts& facts_;
  const Features& features_;
  std::vector<Text> texts_;
  std::vector<std::vector<std::size_t>> texts_of_;
  std::vector<std::vector<Table>> tables_of_;
};

}  // namespace fathom::signature
