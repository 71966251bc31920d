// Small text helpers. Nothing here knows a format.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace fathom {

std::string to_hex(ByteView bytes);
std::string hex_number(std::uint64_t value);  // "0x1f00"

// Splits at every `separator`; "a,,b" gives three parts, "" gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);
// The lines of `text`, without their ends ("\n" or "\r\n"); no empty last line.
std::vector<std::string_view> lines_of(std::string_view text);
std::string_view trim(std::string_view text);  // spaces, tabs, line ends at both ends
std::string to_lower(std::string_view text);   // ASCII only
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// The whole text as a number, or nothing: no sign, no spaces, no overflow.
std::optional<std::uint64_t> parse_unsigned(std::string_view text, int base = 10);

bool is_utf8(std::string_view text);  // well-formed, no surrogates, no overlong forms

// The character at the front of `text` when it changes how the text around it is shown or is not
// shown itself: controls, bidirectional overrides, zero-width characters, tags. Zero bytes when it
// is another, or no valid UTF-8.
struct DeceptiveCharacter {
  std::size_t bytes = 0;
  char32_t code_point = 0;
};
DeceptiveCharacter deceptive_at(std::string_view text);

// Safe to print on a terminal and in a log: control characters, invalid UTF-8 and bidirectional
// overrides become \xNN or \u{NNNN}; at most `most` bytes, then "…".
std::string printable(std::string_view text, std::size_t most = 200);

// Valid UTF-8 that no two different inputs share: invalid bytes become \xNN, a backslash becomes
// "\\" only when the input was not valid UTF-8. Used where a JSON text must carry a file name.
std::string utf8_or_escaped(std::string_view text);

// "1,234,567"; "4.2 MB" (decimal units).
std::string with_thousands(std::uint64_t value);
std::string human_bytes(std::uint64_t bytes);

}  // namespace fathom
