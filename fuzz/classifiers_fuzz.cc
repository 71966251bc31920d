// Rows and facts that an input makes up: bytes up to the first NUL are rows (the real ones are
// ours, but patterns and units must not crash either), the rest is read as encoded facts, or, as a
// fuzzer seldom writes those, as a list of texts, each also a string and a constant.

#include <algorithm>
#include <cstdlib>

#include "base/digest.h"
#include "base/text.h"
#include "signature/identify.h"

namespace {

using namespace fathom;

FileFacts facts_of(std::string_view bytes) {
  if (Result<FileFacts> decoded = decode_facts(bytes)) return std::move(*decoded);
  FileFacts facts;
  facts.kind = FileKind::elf;
  facts.elf = ElfFacts{};
  std::uint64_t offset = 0;
  for (std::string_view text : split(bytes, '\n')) {
    if (text.starts_with("soname ")) facts.elf->soname = text.substr(7);
    if (text.starts_with("needed ")) facts.elf->needed.emplace_back(text.substr(7));
    facts.texts.push_back({offset, std::string(text.substr(0, 4096))});
    facts.strings.push_back({xxh3_of(ByteView::of(text)), offset});
    if (std::optional<std::uint64_t> value = parse_unsigned(text))
      facts.constants.push_back({*value, offset, offset});
    offset += text.size() + 1;
  }
  std::sort(facts.strings.begin(), facts.strings.end());
  std::sort(facts.constants.begin(), facts.constants.end());
  return facts;
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = ByteView({data, size}).as_text();
  std::size_t end = std::min(input.find('\0'), input.size());
  Result<signature::Classifiers> rows = signature::Classifiers::parse(input.substr(0, end));
  if (!rows || rows->size() > 64) return 0;
  (void)rows->check();
  FileFacts facts = facts_of(input.substr(std::min(end + 1, input.size())));
  signature::Identified found = signature::identify(facts, *rows, signature::Features());
  for (const Component& component : found.components) {
    require(!component.name.empty() && !component.evidence.empty());
    require(!component.version.known() || component.version.low.empty());
  }
  for (const Mention& mention : found.mentions) require(!mention.why.empty());
  return 0;
}
