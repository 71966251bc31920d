// Any bytes as a package database: nothing but bounded answers comes out.

#include "analyzer/dpkg.h"

#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  std::string_view text = ByteView({data, size}).as_text();
  Limits limits;
  limits.packages = 64;
  limits.owned_paths = 64;
  DpkgDatabase database = read_dpkg(text, limits);
  if (database.packages.size() > limits.packages) std::abort();
  std::size_t owned = 0;
  for (const PackageClaim& claim : database.packages) {
    if (claim.component.name.empty() || claim.component.evidence.empty()) std::abort();
    owned += claim.owned.size();
  }
  DpkgFileList list = read_dpkg_file_list(text, limits);
  if (owned > limits.owned_paths || list.paths.size() > limits.owned_paths) std::abort();
  for (const OwnedPath& path : list.paths)
    if (path.path.empty() || path.path.starts_with('/')) std::abort();
  (void)is_dpkg_stanzas(text);
  return 0;
}
