// The lines of a large text one after another, with the number and offset a person can look up.
// Unlike lines_of() nothing is kept: a file that is a gigabyte of line ends costs nothing.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/text.h"

namespace fathom {

class LineReader {
 public:
  explicit LineReader(std::string_view text) : text_(text) {}

  // Moves to the next line; false at the end. A line end at the very end starts no further line.
  bool next() {
    if (next_ >= text_.size()) return false;
    offset_ = next_;
    std::size_t end = text_.find('\n', next_);
    next_ = end == text_.npos ? text_.size() : end + 1;
    line_ = text_.substr(offset_, (end == text_.npos ? text_.size() : end) - offset_);
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    ++number_;
    return true;
  }

  std::string_view line() const { return line_; }   // without its end, "\n" or "\r\n"
  std::uint64_t number() const { return number_; }  // from 1
  std::uint64_t offset() const { return offset_; }

 private:
  std::string_view text_, line_;
  std::size_t next_ = 0, offset_ = 0;
  std::uint64_t number_ = 0;
};

// A foreign text as the facts keep it: valid UTF-8, at most limits.text_bytes of input.
inline std::string kept(std::string_view text, const Limits& limits) {
  std::string_view head = text.substr(0, limits.text_bytes);
  // A cut character would make the rest invalid: step back to where one starts.
  if (head.size() < text.size())
    while (!head.empty() && (static_cast<unsigned char>(text[head.size()]) & 0xc0) == 0x80)
      head.remove_suffix(1);
  return utf8_or_escaped(head);
}

}  // namespace fathom
