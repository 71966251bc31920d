// Any bytes as a Java runtime image.

#include "analyzer/jimage.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  ByteView bytes({data, size});
  Result<JavaImage> image =
      is_java_image(bytes) ? read_java_image(bytes, {}) : Result<JavaImage>(JavaImage{});
  if (image && !std::ranges::is_sorted(image->modules)) std::abort();
  return 0;
}
