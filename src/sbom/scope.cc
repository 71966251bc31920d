#include "sbom/scope.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::sbom {
namespace {

constexpr std::string_view kWheel = ".dist-info/sboms/";

const FileRow* row_at(const Report& report, const Origin& origin) {
  const auto row = std::ranges::find_if(report.files, [&](const FileRow& file) {
    return file.path == origin.file && (origin.layer < 0 || file.layer == origin.layer);
  });
  return row == report.files.end() ? nullptr : &*row;
}

std::string folder_of(std::string_view path) {
  return std::string(path.substr(0, path.rfind('/') + 1));  // npos + 1 is 0
}

// "numpy-1.26.4" of "…/numpy-1.26.4.dist-info/sboms/x.json" → the folder around, "numpy".
Scope wheel_scope(const Origin& origin, const Report& report) {
  const std::string_view path = origin.file;
  const std::string_view info = path.substr(0, path.find(kWheel));
  const std::string around = folder_of(info);
  const auto is_other = [&](const FileRow& file) {
    return file.path.starts_with(around) && !file.path.starts_with(info) &&
           file.path.find(".dist-info/", around.size()) != std::string::npos;
  };
  Scope scope;
  if (std::ranges::none_of(report.files, is_other)) {
    scope.prefix = around;
    scope.text = around.empty() ? "" : around;
    return scope;
  }
  const std::string_view name = info.substr(around.size());
  scope.prefix = to_lower(around + std::string(name.substr(0, name.find('-'))));
  scope.any_case = true;
  scope.text = around + std::string(name.substr(0, name.find('-'))) + "*";
  return scope;
}

Scope package_scope(const Component& package) {
  Scope scope;
  scope.package = package.id;
  scope.text = "package " + package.name;
  return scope;
}

// "curl-8.5.0-r0.spdx.json" is of the package whose name and version it begins with.
const Component* package_of(std::string_view file_name, const Report& report) {
  for (const Component& component : report.components)
    if (component.kind == ComponentKind::package &&
        file_name.starts_with(component.name + "-" + component.version.exact))
      return &component;
  return nullptr;
}

}  // namespace

bool Scope::has(std::string_view path, std::string_view owner) const {
  if (whole()) return true;
  if (!package.empty()) return owner == package;
  if (!file.empty()) return path == file || path.starts_with(file + "!/");
  return any_case ? to_lower(path).starts_with(prefix) : path.starts_with(prefix);
}

Scope scope_of(const Origin& origin, const Report& report) {
  Scope scope;
  const std::string_view path = origin.file;
  if (origin.kind == "program") {
    scope.file = scope.text = origin.file;
    return scope;
  }
  if (origin.kind != "file") return scope;
  if (path.find(kWheel) != path.npos) return wheel_scope(origin, report);
  if (path.find("/.spdx-") != path.npos) {
    scope.prefix = scope.text = folder_of(path);
    return scope;
  }
  if (path.starts_with("var/lib/db/sbom/"))
    if (const Component* package = package_of(path.substr(path.rfind('/') + 1), report))
      return package_scope(*package);
  const FileRow* row = row_at(report, origin);
  if (row == nullptr || row->owner.empty()) return scope;
  const auto owner = std::ranges::find(report.components, row->owner, &Component::id);
  return owner == report.components.end() ? scope : package_scope(*owner);
}

}  // namespace fathom::sbom
