// Names of any bytes: what comes out is bounded, and a name that is not mangled stays.

#include <cstdlib>

#include "code/demangle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom::code;
  std::string name;
  for (std::size_t i = 0; i < size; ++i)
    if (data[i] != 0) name += static_cast<char>(data[i]);
  std::string text = demangled(name);
  if (text != name && text.size() > kLongestDemangled + 3) std::abort();
  return 0;
}
