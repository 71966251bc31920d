// Facts from a process that its input has taken over: an error, or facts that an encoder can have
// written, which come back the same.

#include <cstdlib>

#include "base/bytes.h"
#include "facts/facts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  Result<FileFacts> facts = decode_facts(ByteView({data, size}).as_text());
  if (!facts) return 0;
  std::string bytes = encode(*facts);
  Result<FileFacts> again = decode_facts(bytes);
  if (!again || encode(*again) != bytes) std::abort();
  return 0;
}
