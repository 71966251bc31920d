// The packed features, as a foreign or damaged pack would bring them, and a file that has what they
// name.

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "signature/feature_data.h"
#include "signature/feature_match.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  std::string_view packed(reinterpret_cast<const char*>(data), size);
  Result<signature::Features> features = signature::Features::open(packed);
  if (!features) return 0;
  FileFacts facts;
  facts.elf = ElfFacts{};
  for (std::size_t i = 0; i < features->texts().size(); ++i)
    facts.strings.push_back({features->texts().hash_at(i), i});
  for (std::size_t i = 0; i < features->library_count(); ++i) {
    const signature::FeatureView library = features->library(i);
    const std::size_t sources = library.reports().last;
    for (std::size_t k = 0; k < sources; ++k) {
      const signature::FeatureView::Source source = library.source(k);
      for (std::size_t v = source.versions.first; v < source.versions.last; ++v)
        for (std::size_t l = library.version(v).lines.first; l < library.version(v).lines.last; ++l)
          facts.source_lines.push_back(
              {source.file_hash, library.line_first().u32(l), SourceLine::By::reporter, 0, 0});
    }
  }
  for (std::size_t i = 0; i < features->windows().size(); ++i)
    facts.tables.push_back({features->windows().hash_at(i), 32 * i});
  std::ranges::sort(facts.tables);
  std::ranges::sort(facts.strings);
  std::ranges::sort(facts.source_lines);
  signature::match_features(facts, *features, {});
  return 0;
}
