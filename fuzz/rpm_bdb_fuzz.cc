// Any bytes as RPM's database in the form "bdb". What comes out is no more than what went in.

#include <cstdint>
#include <cstdlib>

#include "analyzer/rpm_store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  ByteView bytes({data, size});
  (void)is_rpm_bdb(bytes);
  Result<RpmStore> store = read_rpm_bdb(bytes, {});
  if (!store) return 0;
  std::uint64_t total = 0;
  for (const RpmBlob& blob : store->blobs) total += blob.bytes.size();
  if (total > size) std::abort();
  return 0;
}
