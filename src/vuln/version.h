// Orders versions as their owners do. Two versions of one scheme compare equal, less or greater;
// a text that is no version of the scheme gives nothing, and a range it stands in is uncertain.

#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace fathom::vuln {

enum class Scheme {
  dpkg,     // deb-version(7)
  apk,      // apk-tools, apk_version_compare
  semver,   // semver.org 2.0.0, with Go's leading "v", pseudo-versions and "+incompatible"
  openssl,  // dotted numbers with letter patches: 1.0.2zq, 1.1.1w, 3.0.1, -pre/-beta/-alpha
  dotted,   // dotted numbers of any length, with pre-release words (rc, beta, alpha, dev) and patch
            // letters
  pep440,   // Python
  gem,      // RubyGems
};
std::string_view name_of(Scheme scheme);

std::optional<std::strong_ordering> compare(Scheme scheme, std::string_view a, std::string_view b);

}  // namespace fathom::vuln
