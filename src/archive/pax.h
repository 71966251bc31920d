// PAX extended header records: "27 path=the/real/name\n" and so on.
// Source: POSIX.1-2017 pax, "pax Extended Header".

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace fathom::archive {

struct PaxHeader {
  // The last of equal keys wins. The repeated offsets and sizes of GNU sparse format 0.0 are joined
  // under "GNU.sparse.map", as format 0.1 has them.
  std::map<std::string, std::string, std::less<>> records;
  // The first one. Records that make no sense are left out; behind one of a wrong length nothing
  // can be found.
  std::optional<Error> problem;
};

PaxHeader parse_pax(ByteView bytes);

// "1350244992.02396" and "-1.5" as whole seconds, rounded down.
std::optional<std::int64_t> parse_pax_time(std::string_view text);

}  // namespace fathom::archive
