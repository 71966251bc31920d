// Laying out text in the columns of a terminal. Widths are what a terminal shows: one column a code
// point, two for East Asian wide characters and emoji, none for combining marks. All texts given
// here are valid UTF-8 without control characters, as printable() makes them.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fathom {

std::size_t display_width(std::string_view text);

// `text` in at most `width` columns: cut at the end, or in the middle, with "…" where it was cut.
std::string fit_end(std::string_view text, std::size_t width);
std::string fit_middle(std::string_view text, std::size_t width);
// As fit_middle(), but keeps the file name as long as it can: "usr/…/libcrypto.so.3".
std::string fit_path(std::string_view path, std::size_t width);

// `text` and spaces up to `width` columns; longer text stays as it is.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

// The parts, joined by `separator`, on lines of at most `width` columns; lines after the first
// start with `indent` spaces. A part that is longer than a line is cut at its end.
struct Wrapping {
  std::string_view separator = " ";
  std::size_t width = 80;
  std::size_t indent = 2;
};
std::vector<std::string> wrap(const std::vector<std::string>& parts, const Wrapping& wrapping);

}  // namespace fathom
