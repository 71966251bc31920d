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
  for (std::size_t i = 0; i < features->library_count(); ++i)
    for (const signature::FeatureSource& source : features->library(i).sources)
      for (const signature::FeatureLines& lines : source.versions)
        for (std::uint32_t line : lines.first)
          facts.source_lines.push_back({source.file_hash, line, SourceLine::By::reporter, 0, 0});
  for (std::size_t i = 0; i < features->windows().size(); ++i)
    facts.tables.push_back({features->windows().hash_at(i), 32 * i});
  std::ranges::sort(facts.tables);
  std::ranges::sort(facts.strings);
  std::ranges::sort(facts.source_lines);
  signature::match_features(facts, *features, {});
  return 0;
}
