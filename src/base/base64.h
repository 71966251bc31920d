// RFC 4648, section 4.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fathom {

std::string base64(std::string_view bytes);
// Padding may be missing; nothing for anything else that is not base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace fathom
