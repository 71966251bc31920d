// Any bytes as the section .dep-v0, and as the JSON inside it.

#include "analyzer/rust_audit.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  constexpr std::uint64_t kMost = 1 << 16;
  ByteView bytes({data, size});
  if (Result<std::string> json = inflate_zlib(bytes, kMost)) {
    if (json->size() > kMost) std::abort();
    (void)read_rust_audit(*json, {});
  }
  if (Result<RustAudit> audit = read_rust_audit(bytes.as_text(), {}))
    for (const PackageClaim& claim : audit->packages)
      if (claim.component.name.empty() || claim.component.evidence.empty()) std::abort();
  return 0;
}
