// Any bytes as the header of an RPM package.

#include "analyzer/rpm_header.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  Result<RpmPackage> package = read_rpm_header(ByteView({data, size}), {});
  if (!package) return 0;
  if (package->name.empty() || package->evr().empty()) std::abort();
  (void)split_source_rpm(package->source_rpm);
  return 0;
}
