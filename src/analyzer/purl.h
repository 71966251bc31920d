// Package URLs: one name for a package in every tool.
// Source: https://github.com/package-url/purl-spec (ECMA-427).

#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fathom {

struct Purl {
  std::string type = {};        // "deb", "golang"
  std::string namespace_ = {};  // "debian", "github.com/pkg", or empty
  std::string name = {};
  std::string version = {};                            // or empty
  std::map<std::string, std::string> qualifiers = {};  // empty values are left out
  std::string subpath = {};

  // The canonical text: lower-case where the type says so, percent-encoded, qualifiers sorted.
  std::string text() const;
};

Result<Purl> parse_purl(std::string_view text);

// "pkg:golang/github.com/pkg/errors@v0.9.1": the module path's last part is the name.
std::string golang_purl(std::string_view module, std::string_view version);

}  // namespace fathom
