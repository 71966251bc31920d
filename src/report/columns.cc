#include "report/columns.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace fathom {
namespace {

struct Range {
  char32_t first, last;
};

// The blocks whose characters a terminal shows two columns wide (East Asian Width W and F, and
// emoji): whole blocks instead of the full Unicode table, which changes every year.
constexpr std::array kWide = {
    Range{0x1100, 0x115f},   Range{0x2e80, 0x303e},   Range{0x3041, 0x33ff},
    Range{0x3400, 0x4dbf},   Range{0x4e00, 0x9fff},   Range{0xa000, 0xa4cf},
    Range{0xa960, 0xa97f},   Range{0xac00, 0xd7a3},   Range{0xf900, 0xfaff},
    Range{0xfe30, 0xfe6f},   Range{0xff00, 0xff60},   Range{0xffe0, 0xffe6},
    Range{0x1f300, 0x1f64f}, Range{0x1f680, 0x1f6ff}, Range{0x1f900, 0x1f9ff},
    Range{0x20000, 0x3fffd},
};
// Marks that join the character before them.
constexpr std::array kCombining = {
    Range{0x0300, 0x036f}, Range{0x0483, 0x0489}, Range{0x0591, 0x05bd},
    Range{0x064b, 0x065f}, Range{0x1ab0, 0x1aff}, Range{0x1dc0, 0x1dff},
    Range{0x20d0, 0x20ff}, Range{0xfe00, 0xfe0f}, Range{0xfe20, 0xfe2f},
};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](Range r) { return r.first <= c && c <= r.last; });
}

std::size_t width_of(char32_t c) {
  if (c < 0x300) return 1;
  if (is_in(kCombining, c)) return 0;
  return is_in(kWide, c) ? 2 : 1;
}

struct Glyph {
  std::string_view bytes;
  std::size_t width;
};

std::vector<Glyph> glyphs_of(std::string_view text) {
  std::vector<Glyph> glyphs;
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text[0]);
    std::size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    length = std::min(length, text.size());
    char32_t c = length == 1 ? lead : lead & (0xffu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i)
      c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3fu);
    glyphs.push_back({text.substr(0, length), width_of(c)});
    text.remove_prefix(length);
  }
  return glyphs;
}

// As many glyphs as fit in `width`, from the front.
std::string head_of(const std::vector<Glyph>& glyphs, std::size_t width) {
  std::string out;
  for (const Glyph& glyph : glyphs) {
    if (glyph.width > width) break;
    width -= glyph.width;
    out += glyph.bytes;
  }
  return out;
}

// As many glyphs as fit in `width`, from the back.
std::string tail_of(const std::vector<Glyph>& glyphs, std::size_t width) {
  std::size_t first = glyphs.size();
  while (first > 0 && glyphs[first - 1].width <= width) width -= glyphs[--first].width;
  std::string out;
  for (; first < glyphs.size(); ++first) out += glyphs[first].bytes;
  return out;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (const Glyph& glyph : glyphs_of(text)) width += glyph.width;
  return width;
}

std::string fit_end(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  return head_of(glyphs_of(text), width - 1) + "…";
}

std::string fit_middle(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  const std::vector<Glyph> glyphs = glyphs_of(text);
  const std::size_t kept = width - 1;
  return head_of(glyphs, kept / 2) + "…" + tail_of(glyphs, kept - kept / 2);
}

std::string fit_path(std::string_view path, std::size_t width) {
  if (display_width(path) <= width) return std::string(path);
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return fit_middle(path, width);
  const std::string_view name = path.substr(slash);
  const std::size_t needed = display_width(name) + 1;
  // Less than a few columns of the folder says nothing; the name alone is worth more then.
  if (needed + 3 > width) return fit_middle(path, width);
  return head_of(glyphs_of(path.substr(0, slash)), width - needed) + "…" + std::string(name);
}

std::string pad_right(std::string_view text, std::size_t width) {
  const std::size_t used = display_width(text);
  return std::string(text) + std::string(width > used ? width - used : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t width) {
  const std::size_t used = display_width(text);
  return std::string(width > used ? width - used : 0, ' ') + std::string(text);
}

std::vector<std::string> wrap(const std::vector<std::string>& parts, const Wrapping& wrapping) {
  // ", " leaves its comma at the end of a line, " · " leaves nothing.
  const std::string_view mark = wrapping.separator.substr(0, wrapping.separator.find(' '));
  std::vector<std::string> lines;
  std::size_t used = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string_view end = i + 1 < parts.size() ? mark : std::string_view{};
    const std::size_t wanted = display_width(wrapping.separator) + display_width(parts[i]);
    if (lines.empty() || used + wanted + display_width(end) > wrapping.width) {
      if (!lines.empty()) lines.back() += mark;
      const std::size_t indent = lines.empty() ? 0 : wrapping.indent;
      const std::size_t taken = indent + display_width(end);
      const std::size_t room = wrapping.width > taken ? wrapping.width - taken : 1;
      lines.push_back(std::string(indent, ' ') + fit_end(parts[i], room));
      used = display_width(lines.back());
    } else {
      lines.back().append(wrapping.separator).append(parts[i]);
      used += wanted;
    }
  }
  return lines;
}

}  // namespace fathom
