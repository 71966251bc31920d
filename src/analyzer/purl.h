// The package URLs that analyzers make.

#pragma once

#include <string>
#include <string_view>

#include "model/purl.h"

namespace fathom {

// "pkg:golang/github.com/pkg/errors@v0.9.1": the module path's last part is the name.
std::string golang_purl(std::string_view module, std::string_view version);

}  // namespace fathom
