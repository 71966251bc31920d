// One library of the packed features, read where it lies: columns of numbers, so that asking
// touches only what is asked about. An answer about what is not there is empty or 0: a damaged pack
// finds too little and breaks nothing.
//
// A block, little-endian: for each column of `Of` u32 offset from the block's start, u32 number of
// elements, u32 bytes of an element (1, 2, 4 or 8); then the columns, each at a multiple of 8.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fathom::signature {

struct FeatureLibrary;
struct FeatureText;

// Unsigned numbers of one width.
class Column {
 public:
  Column() = default;
  Column(std::string_view bytes, unsigned width)
      : bytes_(bytes.data()), size_(bytes.size() / width), width_(width) {}

  std::size_t size() const { return size_; }
  std::uint64_t operator[](std::size_t i) const {
    if (i >= size_) return 0;
    switch (width_) {
      case 1:
        return at<std::uint8_t>(i);
      case 2:
        return at<std::uint16_t>(i);
      case 4:
        return at<std::uint32_t>(i);
      default:
        return at<std::uint64_t>(i);
    }
  }
  std::uint32_t u32(std::size_t i) const { return static_cast<std::uint32_t>((*this)[i]); }

 private:
  template <class T>
  std::uint64_t at(std::size_t i) const {
    T value;
    std::memcpy(&value, bytes_ + i * sizeof(T), sizeof(T));
    return value;
  }
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
  unsigned width_ = 8;
};

// Elements first..last of something, the last not included.
struct Extent {
  std::size_t first = 0, last = 0;
  std::size_t size() const { return last - first; }
};

// Releases first..last of a library, both included.
struct ReleaseSpan {
  std::uint32_t first = 0, last = 0;
  friend bool operator==(const ReleaseSpan&, const ReleaseSpan&) = default;
};

class FeatureView {
 public:
  FeatureView() = default;
  explicit FeatureView(std::string_view block) : block_(block) {}

  std::string_view name() const { return text_in(Of::head_ends, Of::head, 0); }
  std::string_view cpe() const { return text_in(Of::head_ends, Of::head, 1); }
  std::string_view family() const { return text_in(Of::head_ends, Of::head, 2); }

  std::size_t releases() const { return column(Of::release_ends).size(); }
  std::string_view release(std::size_t i) const {
    return text_in(Of::release_ends, Of::release_names, i);
  }
  // How many core texts each release has.
  Column core_texts() const { return column(Of::core_texts); }

  std::size_t sets() const { return column(Of::set_ends).size(); }
  // Calls found(ReleaseSpan) for what the set has: ascending, disjoint, of releases that there are.
  template <class Fn>
  void for_each_span(std::size_t set, Fn found) const {
    const std::size_t count = releases();
    const Column first = column(Of::span_first), last = column(Of::span_last);
    const Extent spans = extent(Of::set_ends, set, first.size());
    for (std::size_t i = spans.first; i < spans.last; ++i)
      if (first[i] <= last[i] && last[i] < count) found(ReleaseSpan{first.u32(i), last.u32(i)});
  }
  bool has(std::size_t set, std::size_t release) const {
    bool found = false;
    for_each_span(
        set, [&](ReleaseSpan span) { found |= span.first <= release && release <= span.last; });
    return found;
  }

  std::size_t files() const { return column(Of::file_ends).size(); }
  std::string_view file(std::size_t i) const { return text_in(Of::file_ends, Of::file_names, i); }

  std::size_t texts() const { return column(Of::text_set).size(); }
  FeatureText text(std::size_t i) const;  // without its hash

  std::size_t bodies() const { return column(Of::body_set).size(); }
  struct Body {
    std::uint32_t set = 0;
    Extent texts;  // of body_texts()
  };
  Body body(std::size_t i) const {
    return {column(Of::body_set).u32(i), extent(Of::body_ends, i, body_texts().size())};
  }
  Column body_texts() const { return column(Of::body_texts); }

  // Source files whose calls carry their line, by file_hash; then those whose reports do.
  Extent sources() const { return {0, std::min(all_sources(), source_count())}; }
  Extent reports() const { return {sources().last, all_sources()}; }
  struct Source {
    std::uint64_t file_hash = 0;
    std::uint32_t file = 0;
    Extent versions;
  };
  Source source(std::size_t i) const {
    return {column(Of::source_hash)[i], column(Of::source_file).u32(i),
            extent(Of::source_ends, i, versions())};
  }
  struct Version {
    std::uint32_t set = 0;
    Extent lines;  // of line_first() and line_span()
  };
  std::size_t versions() const { return column(Of::version_set).size(); }
  Version version(std::size_t i) const {
    return {column(Of::version_set).u32(i), extent(Of::version_ends, i, line_first().size())};
  }
  // The line of each call, ascending in one version, and how many lines further it ends.
  Column line_first() const { return column(Of::line_first); }
  Column line_span() const { return column(Of::line_span); }
  std::uint64_t report_text() const { return column(Of::numbers)[0]; }  // hash; 0: there are none

  std::size_t tables() const { return column(Of::table_set).size(); }
  struct Table {
    std::uint32_t set = 0, file = 0;
    std::uint32_t windows = 0;  // how many different ones are looked for
    std::uint32_t bytes = 0;    // how far they may be apart in a file
    bool is_public = false;
    std::string_view name;
  };
  Table table(std::size_t i) const;

  // Whether every index points at something.
  Done check() const;

 private:
  friend std::string pack_library(const FeatureLibrary& library);
  enum class Of : std::uint8_t {
    numbers,  // report_text, how many sources are before the reports
    head_ends,
    head,
    release_ends,
    release_names,
    core_texts,
    set_ends,
    span_first,
    span_last,
    file_ends,
    file_names,
    text_flags,
    text_length,
    text_set,
    text_file,
    body_set,
    body_ends,
    body_texts,
    source_hash,
    source_file,
    source_ends,
    version_set,
    version_ends,
    line_first,
    line_span,
    table_set,
    table_file,
    table_windows,
    table_bytes,
    table_public,
    table_ends,
    table_names,
  };
  static constexpr std::size_t kColumns = static_cast<std::size_t>(Of::table_names) + 1;

  std::string_view bytes_of(Of which, unsigned& width) const;
  Column column(Of which) const {
    unsigned width = 1;
    const std::string_view bytes = bytes_of(which, width);
    return Column(bytes, width);
  }
  // Of at most `most` elements.
  Extent extent(Of ends, std::size_t i, std::size_t most) const {
    const Column all = column(ends);
    if (i >= all.size()) return {};
    const std::uint64_t first = i == 0 ? 0 : all[i - 1], last = all[i];
    if (first > last || last > most) return {};
    return {static_cast<std::size_t>(first), static_cast<std::size_t>(last)};
  }
  std::string_view text_in(Of ends, Of names, std::size_t i) const;
  std::size_t all_sources() const { return column(Of::source_hash).size(); }
  std::size_t source_count() const { return static_cast<std::size_t>(column(Of::numbers)[1]); }

  std::string_view block_;
};

// The block of a library.
std::string pack_library(const FeatureLibrary& library);

}  // namespace fathom::signature
