// The two tables of analyzers. The order is the order of work and of FileFacts::analyzed_by:
// rows above may be read by rows below (the strings are there when a package analyzer runs).

#include <array>

#include "analyzer/analyzer.h"

namespace fathom {

extern const FileAnalyzer elf_facts;
extern const FileAnalyzer strings;
extern const FileAnalyzer constant_returns;

std::span<const FileAnalyzer* const> file_analyzers() {
  static constexpr auto kRows = std::to_array<const FileAnalyzer*>({
      &elf_facts,
      &strings,
      &constant_returns,
  });
  return kRows;
}

std::span<const ImageAnalyzer* const> image_analyzers() {
  static constexpr std::array<const ImageAnalyzer*, 0> kRows{};
  return kRows;
}

}  // namespace fathom
