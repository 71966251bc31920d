// What the build settings of a Go program say about its version, and how it was built.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fathom {

// A build setting as it was before the toolchain quoted it. Text that is not quoted, or quoted in
// a way that Go does not write, comes back as it is.
std::string unquote_go(std::string_view text);

// A variable that the linker was told to set: -X importpath.name=value.
struct GoLinkedValue {
  std::string package, name, value;  // "main", "version", "1.2.3"
};
// Of the flag -ldflags, unquoted: all of them, in order.
std::vector<GoLinkedValue> go_linked_values(std::string_view ldflags);

// The version of the main module that such a variable states, in the form of module versions, or
// "": a variable called "version" (or "appVersion", "GitTag" …) of the main package, of the main
// module's packages, or of a package that is called "version".
struct GoStatedVersion {
  std::string version;  // "v1.2.3"
  std::string seen;     // "-X main.version=1.2.3"
};
GoStatedVersion go_stated_version(const std::vector<GoLinkedValue>& values,
                                  std::string_view main_module);

// Whether the variable's name is one that programs keep their version in.
bool is_go_version_name(std::string_view name);

}  // namespace fathom
