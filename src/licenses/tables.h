// The tables of data/licenses/, compiled in as text: the confined child has no pack.

#pragma once

#include <string_view>

namespace fathom::licenses {

extern const std::string_view kLibrariesTsv, kNamesTsv, kTextsTsv;

}  // namespace fathom::licenses
