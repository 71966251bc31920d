// Whether bytes are a text: printable ASCII or UTF-8, with tabs, line ends and escapes.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace fathom::code {

inline constexpr std::size_t kShortestText = 4;
inline constexpr std::uint64_t kLongestSizedText = 4096;

// The size of the text from the start up to its NUL, of at most `most` bytes; 0 when there is none.
std::size_t terminated_text(ByteView bytes, std::uint64_t most);
// Whether the first `size` bytes are one, of kShortestText to kLongestSizedText.
bool is_text_of(ByteView bytes, std::uint64_t size);

}  // namespace fathom::code
