// /etc/ld.so.cache: where ldconfig found libraries.
// Source: glibc sysdeps/generic/dl-cache.h.

#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "facts/facts.h"

namespace fathom {

bool is_loader_cache(ByteView bytes);

struct LoaderCache {
  std::vector<LoaderCacheEntry> entries;  // in file order
  std::vector<Error> problems;
};

// The new format ("glibc-ld.so.cache1.1"), alone or behind the old one; the old one alone, too.
LoaderCache read_loader_cache(ByteView bytes, const Limits& limits);

}  // namespace fathom
