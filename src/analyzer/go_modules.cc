#include "analyzer/go_modules.h"

#include <map>

#include "analyzer/go_names.h"
#include "code/go_table.h"

namespace fathom {
namespace {

constexpr std::string_view kAnalyzer = "go-pclntab";
constexpr std::string_view kStandard = "stdlib";

// The module with the longest path that the package is in.
const std::string* module_of(std::string_view package,
                             const std::map<std::string_view, const std::string*>& modules) {
  for (;;) {
    if (const auto known = modules.find(package); known != modules.end()) return known->second;
    const std::size_t slash = package.rfind('/');
    if (slash == package.npos) return nullptr;
    package = package.substr(0, slash);
  }
}

// Paths of the standard library have no dot in their first part.
bool is_standard(std::string_view package) {
  return package.substr(0, package.find('/')).find('.') == package.npos;
}

}  // namespace

std::vector<Attribution> attribute_to_modules(const code::Program& program, std::uint64_t total,
                                              const std::vector<GoModulePath>& modules,
                                              std::string_view main_component,
                                              const Limits& limits) {
  std::map<std::string_view, const std::string*> by_path;
  for (const GoModulePath& module : modules) by_path.emplace(module.path, &module.component);
  std::map<std::string, std::uint64_t, std::less<>> bytes;
  const code::GoTable table = code::read_go_table(program, limits);
  std::uint64_t left = total;
  for (const code::GoFunction& function : table.functions) {
    const std::uint64_t size =
        std::min(function.end > function.start ? function.end - function.start : 0, left);
    const std::string package = go_package_of(function.name);
    const std::string* module = module_of(package, by_path);
    std::string_view component = module ? std::string_view(*module) : kStandard;
    if (package == "main" && !main_component.empty()) component = main_component;
    if (!module && package != "main" && !is_standard(package)) continue;
    bytes[std::string(component)] += size;
    left -= size;
  }
  std::vector<Attribution> out;
  for (const auto& [component, size] : bytes)
    if (size > 0) out.push_back({std::string(kAnalyzer), size, "Go", component});
  if (left > 0) out.push_back({std::string(kAnalyzer), left, "Go", {}});
  return out;
}

}  // namespace fathom
