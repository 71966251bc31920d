// dpkg's database: the status file, the single stanzas of status.d that distroless images have in
// its stead, and the lists of the files a package installed.
// Source: deb-control(5), dpkg(1), Debian policy 5.1 (syntax of control files).

#pragma once

#include <string_view>
#include <vector>

#include "base/limits.h"
#include "facts/facts.h"

namespace fathom {

struct DpkgDatabase {
  std::vector<PackageClaim> packages;
  std::vector<Error> problems;  // each names its line
  std::uint64_t problems_not_kept = 0;
};

// Whether the text looks like control stanzas of binary packages at all.
bool is_dpkg_stanzas(std::string_view text);

// Stanzas of installed packages. One without "Status:" counts when it stands alone and has nothing
// that only a repository's index or a source package has; so an apt index yields no packages.
// The owned paths are the configuration files: the other ones are in lists of their own.
DpkgDatabase read_dpkg(std::string_view text, const Limits& limits);

// "info/<package>.md5sums", "<hash>  usr/bin/app" per line, or "info/<package>.list",
// "/usr/bin/app" per line with "/." first; folders are in the latter too.
bool is_dpkg_file_list(std::string_view text);
struct DpkgFileList {
  std::vector<OwnedPath> paths;
  std::vector<Error> problems;
  std::uint64_t problems_not_kept = 0;
};
DpkgFileList read_dpkg_file_list(std::string_view text, const Limits& limits);

// "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12". The distribution's ID is the
// namespace, "debian" when it is not known.
std::string deb_purl(std::string_view name, std::string_view version, std::string_view arch);

}  // namespace fathom
