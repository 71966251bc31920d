// What of an image a bill of materials is about.

#pragma once

#include <string>
#include <string_view>

#include "model/report.h"
#include "sbom/compare.h"

namespace fathom::sbom {

struct Scope {
  std::string text;     // for people; empty: the whole image
  std::string package;  // Component::id: its files, and itself
  std::string prefix;   // paths that begin so, in lower case when `any_case`
  bool any_case = false;
  std::string file;  // one file

  bool whole() const { return text.empty(); }
  bool has(std::string_view path, std::string_view owner) const;
};

// By where the document lies: inside a program, in a package, in a wheel, in Bitnami's folder.
Scope scope_of(const Origin& origin, const Report& report);

}  // namespace fathom::sbom
