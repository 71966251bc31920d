// Licences by their SPDX identifiers: of the texts that packages bring along, and of the libraries
// that are recognised in code. What is known about them stands in data/licenses/.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"

namespace fathom::licenses {

struct Found {
  std::string license;  // an SPDX expression, or the text's own words
  bool is_spdx = true;
  std::uint64_t line = 0;  // counted from 1
};

// Whether a text may be one that read_copyright() finds something in. Cheap.
bool may_be_copyright(std::string_view text);

// What usr/share/doc/*/copyright of a Debian package grants: the licences of a machine-readable
// file (DEP-5, https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/), or the
// well-known texts that stand in another one. In the order of the text, each once; at most
// limits.licenses of them.
std::vector<Found> read_copyright(std::string_view text, const Limits& limits);

// "GPL-2+ and Expat" → "GPL-2.0-or-later AND MIT"; empty when a part of it has no identifier.
std::string expression_of(std::string_view name);

// The licence of a library in a release (empty: not known), or an empty text. `compare` orders
// releases: -1, 0, 1.
std::string license_of_library(std::string_view library, std::string_view release,
                               int (*compare)(std::string_view, std::string_view));

}  // namespace fathom::licenses
