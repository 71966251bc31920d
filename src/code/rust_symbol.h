// Rust's two ways to write paths as symbols; see code/demangle.h.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fathom::code {

// "_ZN…17h<hash>E"; nothing when it is not one.
std::optional<std::string> rust_legacy_name(std::string_view symbol);
// "_R…"; nothing when it is not one, or nested deeper or longer than the reader goes.
std::optional<std::string> rust_v0_name(std::string_view symbol);

}  // namespace fathom::code
