// Any bytes as RPM's database in the form "sqlite". What comes out is no more than what went in.

#include <cstdint>
#include <cstdlib>

#include "analyzer/rpm_store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  ByteView bytes({data, size});
  (void)is_rpm_sqlite(bytes);
  Result<RpmStore> store = read_rpm_sqlite(bytes, {});
  if (!store) return 0;
  std::uint64_t total = 0;
  for (const RpmBlob& blob : store->blobs) total += blob.bytes.size();
  if (total > size) std::abort();
  return 0;
}
