// ld.so.cache files: whatever is read has a name and a path.

#include <cstdlib>

#include "analyzer/loader_cache.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  for (const LoaderCacheEntry& entry : read_loader_cache(ByteView({data, size}), Limits{}).entries)
    if (entry.name.empty() || entry.path.empty()) std::abort();
  return 0;
}
