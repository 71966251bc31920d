// Members of archives and objects, as `fathom signatures learn` reads them.

#include "analyzer/object_members.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  (void)read_object_members(ByteView({data, size}), "lib.a", {});
  return 0;
}
