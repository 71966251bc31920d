// SPDX licence expressions, annex D of https://spdx.github.io/spdx-spec/v2.3/.

#pragma once

#include <string>

namespace fathom {

// Whether `text` has the grammar of an expression: identifiers joined by AND, OR and WITH, in
// parentheses where wanted. Whether an identifier is in SPDX's list is not looked at.
bool is_spdx_expression(const std::string& text);

// … and every identifier is in SPDX's lists (data/spdx_ids.txt). What refers to a text elsewhere
// (LicenseRef-…) is not.
bool is_listed_spdx_expression(const std::string& text);

}  // namespace fathom
