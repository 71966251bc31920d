// Orders versions as their owners do. Two versions of one scheme compare equal, less or greater;
// a text that is no version of the scheme gives nothing, and a range it stands in is uncertain.
// Within the versions of one scheme the order is total: antisymmetric and transitive (but for
// Maven's, which is not transitive itself around zeros in front of words, as in "1-0.alpha").

#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace fathom::vuln {

enum class Scheme {
  dpkg,     // deb-version(7)
  apk,      // apk-tools 3, apk_version_compare
  semver,   // semver.org 2.0.0, with Go's leading "v", pseudo-versions and "+incompatible", short
            // forms ("1.2") and the names of Go releases ("go1.21rc2")
  openssl,  // dotted numbers with letter patches: 1.0.2zq, 1.1.1w, 3.0.1, -pre/-beta/-alpha
  dotted,   // dotted numbers of any length, with pre-release words (rc, beta, alpha, dev) and patch
            // letters; see version_dotted.cc
  pep440,   // Python
  gem,      // RubyGems
  rpm,      // [epoch:]version[-release], rpmvercmp
  maven,    // Maven's ComparableVersion
};
constexpr int kSchemeCount = 9;
std::string_view name_of(Scheme scheme);
std::optional<Scheme> parse_scheme(std::string_view name);

// Cost: linear in the texts. A text over 1 KiB is no version.
std::optional<std::strong_ordering> compare(Scheme scheme, std::string_view a, std::string_view b);

// Whether `text` is a version of the scheme at all.
bool is_version(Scheme scheme, std::string_view text);

}  // namespace fathom::vuln
