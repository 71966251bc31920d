// The runtime image that jlink makes (lib/modules): which modules are in it, and what release
// java.base says it is.
// Source: jdk.internal.jimage and libjimage of OpenJDK.

#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"

namespace fathom {

struct JavaImage {
  std::vector<std::string> modules;  // sorted
  std::string version;               // of module java.base: "17.0.15"; empty when it does not say
  std::uint64_t resources = 0;
  std::vector<Error> problems;  // places that lie; the rest was read
};

bool is_java_image(ByteView bytes);
Result<JavaImage> read_java_image(ByteView bytes, const Limits& limits);

}  // namespace fathom
