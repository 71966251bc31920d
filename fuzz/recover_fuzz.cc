// Any file: recover() ends, its facts fit through the codec, and what is called inert has no gap.

#include <cstdlib>

#include "analyzer/analyzer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  Limits limits;
  limits.member_bytes = 8 * kMiB;  // keeps the fuzzer fast
  limits.members = 100;
  FileFacts facts = recover(ByteView({data, size}), limits);
  if (facts.size != size) std::abort();
  if (facts.inert && !facts.gaps.empty()) std::abort();
  std::string bytes = encode(facts);
  Result<FileFacts> back = decode_facts(bytes);
  if (!back || encode(*back) != bytes) std::abort();
  return 0;
}
