// os-release: which distribution a root file system is. The operating system is a component like
// any other (ecosystem "os"), and tells what its packages' version strings mean.
// Source: os-release(5).

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "facts/facts.h"

namespace fathom {

// Nothing when the text is not an os-release file: every line must be an assignment, a comment or
// empty, and ID with a name or a version must be there.
std::optional<PackageClaim> read_os_release(std::string_view text, const Limits& limits);

// "cpe:/o:vendor:product:1.0" → "cpe:2.3:o:vendor:product:1.0:*:*:*:*:*:*:*"; 2.3 names pass as
// they are, anything else gives "".
std::string cpe23(std::string_view cpe);

}  // namespace fathom
