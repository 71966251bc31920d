// Lists of checksums as sha256sum(1) writes and reads them. Foreign text.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fathom::fetch {

struct Checksum {
  std::string hex;   // 64 lower-case digits
  std::string name;  // a relative path without "..", or empty where the list is a single digest
};

// "HEX  NAME", "HEX *NAME", BSD's "SHA256 (NAME) = HEX". Strict: any other line is an error, and so
// is a name twice, or one that leads out of the folder.
Result<std::vector<Checksum>> parse_checksums(std::string_view text);

}  // namespace fathom::fetch
