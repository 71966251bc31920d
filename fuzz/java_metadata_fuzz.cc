// Any text as a manifest, as properties, and as the name of an archive.

#include <cstdint>
#include <cstdlib>

#include "analyzer/java_archive.h"
#include "analyzer/java_manifest.h"
#include "base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  const std::string_view text = ByteView({data, size}).as_text();
  (void)is_pom_properties(text);
  for (const auto& rows : {read_java_manifest(text, {}), read_java_properties(text, {})})
    for (const JavaAttribute& row : rows)
      if (row.line == 0 || !is_utf8(row.value)) std::abort();
  (void)split_java_file_name(text);
  FileFacts facts;
  facts.java.emplace();
  facts.java->is_archive = true;
  for (const JavaAttribute& row : read_java_manifest(text, {}))
    facts.java->manifest.emplace_back(row.name, row.value);
  auto claim = claim_java_archive(text.substr(0, text.find('\n')), facts);
  if (claim && (claim->component.name.empty() || claim->component.evidence.empty())) std::abort();
  return 0;
}
