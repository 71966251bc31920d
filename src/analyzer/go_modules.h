// Which module each function of a Go program is of. The function table names every function with
// the path of its package; the build information names the modules that packages are in.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "code/program.h"
#include "facts/facts.h"

namespace fathom {

struct GoModulePath {
  std::string_view path;  // as it was imported
  std::string component;  // as the component is called
};

// `total` bytes of code, split by module, in the order of the modules; "stdlib" has the packages of
// no module, and what is in no function (the table's gaps) is nobody's.
std::vector<Attribution> attribute_to_modules(const code::Program& program, std::uint64_t total,
                                              const std::vector<GoModulePath>& modules,
                                              std::string_view main_component,
                                              const Limits& limits);

}  // namespace fathom
