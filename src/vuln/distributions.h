// The names that data/distributions/ explains: ecosystems, their package URLs and orderings, and
// which of them a distribution's packages belong to.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/component.h"
#include "vuln/version.h"

namespace fathom::vuln {

// The release of a distribution that an image is made from.
struct Release {
  std::string os, version;              // "debian", "12"
  std::vector<std::string> ecosystems;  // where advisories stand, in the order to look: "Debian:12"
  std::string end_of_life;  // the day support ends, long-term support included; or empty
};

class Distributions {
 public:
  Distributions() = default;
  // `text` is the pack's section "distributions": lines of the two tables, each with "ecosystem" or
  // "release" before it.
  static Distributions parse(std::string_view text);

  // Of the base name: "Debian" for "Debian:12". Nothing when it cannot be ordered here.
  std::optional<Scheme> scheme_of(std::string_view ecosystem) const;
  // Whether the tables have the ecosystem at all.
  bool knows(std::string_view ecosystem) const;

  // Whether its advisories are per release: "Debian" is, "Wolfi" is not.
  bool has_releases(std::string_view ecosystem) const;
  // The type of its package URLs: "deb" for "Debian:12". Empty when there are none.
  std::string purl_type(std::string_view ecosystem) const;

  // "pkg:pypi/…" → "PyPI"; "pkg:deb/debian/…?distro=debian-12" → "Debian:12". Empty when there is
  // none. `type` and `name_space` are of a parsed purl, `distro` its qualifier or empty.
  std::string ecosystem_of(std::string_view type, std::string_view name_space,
                           std::string_view distro) const;

  // What the ID and VERSION_ID of an os-release stand for; nothing for systems not in the tables.
  std::optional<Release> release_of(std::string_view os, std::string_view version) const;
  // … of the component that stands for the os-release of an image.
  std::optional<Release> release_of(const std::vector<Component>& components) const;

  // "Debian" "bookworm" → "Debian:12". A code name that is not in the tables stands for itself.
  std::string ecosystem_of_codename(std::string_view ecosystem, std::string_view codename) const;

 private:
  struct Row {
    std::string ecosystem, scheme, purl, os, release;
  };
  struct ReleaseRow {
    std::string os, release, codename, end, long_end;
  };
  const Row* row_of(std::string_view ecosystem) const;
  const Row* row_of_os(std::string_view os) const;

  std::vector<Row> rows_;
  std::vector<ReleaseRow> releases_;
};

// Whether packages of this kind belong to a distribution: their advisories are those of a release.
inline bool is_of_distribution(std::string_view ecosystem) {
  return ecosystem == "deb" || ecosystem == "apk" || ecosystem == "rpm";
}

}  // namespace fathom::vuln
