// The header of an RPM package as its database keeps it: the description of what is installed.
// Source: "RPM Package Format" (rpm.org), chapter "Header"; the tags are those of rpmtag.h.

#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "facts/facts.h"

namespace fathom {

struct RpmPackage {
  std::string name, version, release, arch;
  std::string epoch;       // decimal, or empty
  std::string source_rpm;  // "zlib-1.2.11-40.el9.src.rpm"
  std::string license, vendor, modularity;
  std::vector<OwnedPath> files;
  std::vector<Error> problems;

  std::string evr() const;  // "1:2.3-4"
};

// `bytes` begin with the number of entries; the magic of package files is not there. An error when
// the entries or the name cannot be read; fields that lie become problems.
Result<RpmPackage> read_rpm_header(ByteView bytes, const Limits& limits);

// "zlib-1.2.11-40.el9.src.rpm" → zlib, 1.2.11-40.el9; empty for texts of another form.
struct RpmSource {
  std::string name, version;
};
RpmSource split_source_rpm(std::string_view file_name);

}  // namespace fathom
