// Any bytes as a Java class file.

#include "analyzer/java_class.h"

#include <cstdint>
#include <cstdlib>

#include "base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  Result<JavaClass> read = read_java_class(ByteView({data, size}));
  if (read && (read->name.empty() || !is_utf8(read->name))) std::abort();
  return 0;
}
