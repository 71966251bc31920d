// The bounds of base/limits.h with those on feeds of advisories, which are far larger than anything
// in an image and read by few.

#pragma once

#include "base/limits.h"

namespace fathom {

struct FeedLimits : Limits {
  std::uint64_t feed_bytes = 8 * kGiB;           // one file, as it comes
  std::uint64_t feed_document = 1 * kGiB;        // one document in it, decompressed
  std::uint64_t feed_inflated = 64 * kGiB;       // all of one file, decompressed
  std::uint64_t feed_ratio = 200;                // output/input of one document, once above 64 MiB
  std::uint64_t feed_files = 2'000'000;          // in one archive or folder
  std::uint64_t feed_rows = 20'000'000;          // advisories and scores of one file
  std::uint64_t feed_versions = 20'000;          // listed or ranges, of one package in one advisory
  std::uint64_t feed_version_bytes = 512;        // one version, id or name
  std::uint64_t feed_checksum_bytes = 4 * kMiB;  // a list of checksums, a signature
};

}  // namespace fathom
