// A piece of software that fathom says is in the image.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/evidence.h"
#include "model/origin.h"

namespace fathom {

enum class ComponentKind {
  package,           // an operating-system package (deb, apk, rpm)
  module,            // a language package (Go module, Rust crate)
  embedded_library,  // a C/C++ library compiled into a file
  runtime,           // a language runtime or standard library
  application,
};
std::string_view name_of(ComponentKind kind);  // "embedded_library"

enum class Confidence { low, medium, high };
std::string_view name_of(Confidence confidence);

// What is known of a version: exact, an interval, or nothing ("unknown").
struct VersionClaim {
  std::string exact;                    // empty when not known exactly
  std::string low, high;                // inclusive interval, when not exact
  std::vector<std::string> candidates;  // the known releases in the interval

  bool known() const { return !exact.empty(); }
  auto operator<=>(const VersionClaim&) const = default;
};

struct Component {
  std::string id;  // stable within a report: "c1", in report order
  ComponentKind kind = ComponentKind::package;
  std::string name;
  VersionClaim version;
  std::string ecosystem;  // "deb", "apk", "Go", "crates.io", "C" (embedded C/C++ libraries) …
  std::string purl;       // canonical, https://github.com/package-url/purl-spec
  std::string cpe;        // CPE 2.3 formatted string, or empty
  // deb, apk, rpm: what advisories speak of. Empty when the same as name/version.
  std::string source_name, source_version;
  std::vector<std::string> licenses;  // SPDX expressions, or the words of the package
  // Where they were read, when not in the package's own data: "usr/share/doc/zlib1g/copyright:12",
  // "data/licenses/libraries.tsv". Empty: the evidence has them.
  std::string licenses_from;
  bool claimed = false;  // only an SBOM says so: nobody saw the code
  std::string file;      // path of the file it was found in (the database for deb/apk)
  std::string file_digest;
  std::int64_t layer = -1;
  std::vector<std::string> owned_files;  // paths it installed, where its database says, sorted
  // A C library that a distribution built: Component::id of its package, or empty.
  std::string packaged_as;
  Side side = Side::unknown;  // from the base image, or from you
  Confidence confidence = Confidence::high;
  std::vector<Evidence> evidence;  // at least one
};

}  // namespace fathom
