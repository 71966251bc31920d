// Why fathom believes something, and what it could not do. No component, finding or verdict
// without evidence; nothing unread without a gap.

#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace fathom {

// Where in a file something was seen, in the unit a person can check with a common tool.
struct Place {
  enum class Kind {
    whole_file,
    offset,   // value = byte offset in the file (dd, xxd, strings -t d)
    address,  // value = virtual address (objdump, gdb); text = section
    line,     // value = line, counted from 1
    pointer,  // text = JSON pointer, RFC 6901
    name,     // text = a named part: section, archive member, record
  };
  Kind kind = Kind::whole_file;
  std::uint64_t value = 0;
  std::string text;

  static Place at_offset(std::uint64_t offset, std::string section = {}) {
    return {Kind::offset, offset, std::move(section)};
  }
  static Place at_line(std::uint64_t line) { return {Kind::line, line, {}}; }
  static Place named(std::string name) { return {Kind::name, 0, std::move(name)}; }

  auto operator<=>(const Place&) const = default;
};

// "offset 0x1f00 (.rodata)", "line 12", "section .go.buildinfo".
std::string text_of(const Place& place);

struct Evidence {
  std::string analyzer;     // the row that claims it: "go-buildinfo", "classifier"
  std::string file;         // path in the image; empty inside facts, which know no paths
  std::string file_digest;  // "sha256:…"; empty inside facts
  Place place;
  std::string seen;  // what stands there: "SQLite format 3", "mov eax, 3038005; ret"

  auto operator<=>(const Evidence&) const = default;
};

// Something that was meant to be looked at and could not be. Reported, never swallowed.
struct Gap {
  std::string stage;  // "image", "layer", "tar", "elf", "go-buildinfo", "advisories", "confine" …
  std::string file;   // path in the image, or empty when it concerns the whole image
  std::string file_digest;
  std::int64_t layer = -1;  // index from the base, or -1
  ErrorCode code = ErrorCode::malformed;
  std::string reason;  // what was wrong, with the place inside the file

  auto operator<=>(const Gap&) const = default;
};

}  // namespace fathom
