// How ElfFile::parse works inside: one step per part of the file, each of which may fail alone.

#pragma once

#include <string>
#include <string_view>

#include "elf/elf_file.h"

namespace fathom::elf {

class Parser {
 public:
  Parser(ByteView bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}
  Result<ElfFile> run();

 private:
  // What the header says about one of the two tables.
  struct Table {
    std::uint64_t offset = 0, count = 0, entry_size = 0;
  };

  // A field of 8 bytes in 64-bit files and 4 in 32-bit ones.
  Result<std::uint64_t> word(ByteView bytes, std::uint64_t offset) const;
  template <std::unsigned_integral T>
  Result<T> number(ByteView bytes, std::uint64_t offset) const {
    return file_.big_endian_ ? bytes.read_big<T>(offset) : bytes.read<T>(offset);
  }

  // elf_file.cc
  Done read_header();
  void follow_extended_numbering();
  void read_segments();
  Result<Segment> read_segment(ByteView entry) const;
  void read_sections();
  Result<Section> read_section(ByteView entry) const;
  void name_sections();
  void map_addresses();
  void find_executable_ranges();
  // The entries of a table that are in the file, each at least `least` bytes long.
  std::vector<ByteView> entries_of(Table table, std::string_view name, std::uint64_t least,
                                   std::uint64_t most);
  void check_extent(std::string what, std::uint64_t offset, std::uint64_t size);

  // dynamic.cc
  struct Dynamic;
  void read_interpreter();
  void read_dynamic();
  ByteView dynamic_bytes();
  Dynamic collect_dynamic(ByteView table);
  ByteView dynamic_strings(const Dynamic& dynamic);
  void read_version_definitions(const Dynamic& dynamic, ByteView strings);
  std::string_view text_at(ByteView strings, std::uint64_t offset, std::string_view what);
  const Section* section_of_type(std::uint32_t type) const;

  // notes.cc
  struct NoteBlock;
  void read_notes();
  void read_note_block(const NoteBlock& block, std::vector<std::uint64_t>& seen);

  void problem(ErrorCode code, std::string message);

  ByteView bytes_;
  const Limits& limits_;
  ElfFile file_;
  Table segments_, sections_;
  std::uint64_t names_index_ = 0;  // of the section that holds the names
  std::uint64_t dynamic_offset_ = 0;
  std::uint64_t notes_read_ = 0;
};

}  // namespace fathom::elf
