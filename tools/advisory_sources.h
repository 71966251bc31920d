// Reads data/advisories into the content of a pack. One function per source, because each writes
// its ranges in its own way; what cannot be read is kept as an advisory without a usable range.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "vuln/pack_writer.h"

namespace fathom::tools {

// How the rows of one source came out.
struct SourceTally {
  std::uint64_t rows = 0;
  std::uint64_t withdrawn = 0;    // left out
  std::uint64_t advisories = 0;   // (package, advisory) pairs
  std::uint64_t with_ranges = 0;  // of these, all ranges read
  std::uint64_t partly_read = 0;  // some ranges read, some not
  std::uint64_t not_read = 0;     // ranges stated, none could be read
  std::uint64_t no_range = 0;     // none stated
  std::uint64_t low_confidence = 0;
};

struct Sources {
  vuln::PackContent content;
  std::map<std::string, SourceTally> tallies;  // by file name
};

Result<Sources> read_sources(const std::filesystem::path& folder);

// The bytes of a file; of a name ending in ".zst", decompressed.
Result<std::string> read_data_file(const std::filesystem::path& path);

}  // namespace fathom::tools
