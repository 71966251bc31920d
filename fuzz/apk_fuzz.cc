// Any bytes as a package database: nothing but bounded answers comes out.

#include "analyzer/apk.h"

#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  std::string_view text = ByteView({data, size}).as_text();
  Limits limits;
  limits.packages = 64;
  limits.owned_paths = 64;
  ApkDatabase database = read_apk(text, limits);
  if (database.packages.size() > limits.packages) std::abort();
  std::size_t owned = 0;
  for (const PackageClaim& claim : database.packages) {
    if (claim.component.name.empty() || claim.component.evidence.empty()) std::abort();
    owned += claim.owned.size();
  }
  if (owned > limits.owned_paths) std::abort();
  (void)is_apk_database(text);
  return 0;
}
