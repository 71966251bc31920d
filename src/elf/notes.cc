// Notes stand in segments and in sections, usually in both: a note is taken once, by its place in
// the file. Name and description are padded to the block's alignment: 4, or 8 where the block says
// so (.note.gnu.property of 64-bit files), whatever the gABI says about 8 in 64-bit files.

#include <algorithm>

#include "base/text.h"
#include "elf/constants.h"
#include "elf/parser.h"

namespace fathom::elf {

struct Parser::NoteBlock {
  std::string place;
  ByteView contents;
  std::uint64_t offset = 0, align = 0;
};

namespace {

std::uint64_t padded(std::uint64_t size, std::uint64_t align) {
  return (size + align - 1) & ~(align - 1);
}

}  // namespace

void Parser::read_notes() {
  std::vector<NoteBlock> blocks;
  for (std::size_t i = 0; i < file_.segments_.size(); ++i) {
    const Segment& s = file_.segments_[i];
    if (s.type == PT_NOTE)
      blocks.push_back({"notes of segment " + std::to_string(i), s.contents, s.offset, s.align});
  }
  for (std::size_t i = 0; i < file_.sections_.size(); ++i) {
    const Section& s = file_.sections_[i];
    if (s.type == SHT_NOTE)
      blocks.push_back({"notes of section " + std::to_string(i), s.contents, s.offset, s.align});
  }
  std::vector<std::uint64_t> seen;  // offsets, sorted
  for (const NoteBlock& block : blocks) read_note_block(block, seen);
}

void Parser::read_note_block(const NoteBlock& block, std::vector<std::uint64_t>& seen) {
  constexpr std::uint64_t kHeader = 12;
  const std::uint64_t align = block.align == 8 ? 8 : 4;
  std::uint64_t at = 0;
  while (at + kHeader <= block.contents.size()) {
    ByteView rest = block.contents.clamped(at, block.contents.size());
    std::uint64_t name_size = number<std::uint32_t>(rest, 0).value_or(0);
    std::uint64_t description_size = number<std::uint32_t>(rest, 4).value_or(0);
    std::uint32_t type = number<std::uint32_t>(rest, 8).value_or(0);
    if (name_size == 0 && description_size == 0 && type == 0) return;  // padding
    if (++notes_read_ > 2 * limits_.notes) {  // most stand in a segment and in a section
      problem(ErrorCode::limit_exceeded,
              block.place + ": more than " + std::to_string(limits_.notes));
      return;
    }
    std::uint64_t description_at = padded(kHeader + name_size, align);
    Result<ByteView> name = rest.slice(kHeader, name_size);
    Result<ByteView> description = rest.slice(description_at, description_size);
    if (!name || !description) {
      problem(ErrorCode::malformed,
              block.place + ": the note at " + hex_number(at) + " leaves its block");
      return;
    }
    std::string_view owner = name->as_text();
    auto place = std::lower_bound(seen.begin(), seen.end(), block.offset + at);
    if (place == seen.end() || *place != block.offset + at) {
      seen.insert(place, block.offset + at);
      file_.notes_.push_back(
          {owner.substr(0, owner.find('\0')), type, *description, block.offset + at});
    }
    at += padded(description_at + description_size, align);
  }
}

}  // namespace fathom::elf
