// Reads ELF files: header, program headers, sections, dynamic section, notes, of both classes and
// byte orders, with section headers, without them, and with wrong ones.
// Source: System V ABI, generic ABI (gABI) chapters 4 and 5; Linux Standard Base, notes and symbol
// versioning.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "elf/intervals.h"

namespace fathom::elf {

struct Segment {
  std::uint32_t type = 0, flags = 0;
  std::uint64_t offset = 0, address = 0, file_size = 0, memory_size = 0, align = 0;
  ByteView contents;  // clamped to the file
};

struct Section {
  std::string_view name;
  std::uint32_t type = 0;
  std::uint64_t flags = 0, address = 0, offset = 0, size = 0, link = 0, info = 0, align = 0,
                entry_size = 0;
  ByteView contents;  // empty for SHT_NOBITS
};

struct Note {
  std::string_view owner;  // "GNU"
  std::uint32_t type = 0;
  ByteView description;
  std::uint64_t offset = 0;  // of the note's header, in the file
};

struct DynamicEntry {
  std::uint64_t tag = 0, value = 0;  // DT_*
  std::uint64_t offset = 0;          // of the entry, in the file
};

// Views `bytes`; must not outlive them.
class ElfFile {
 public:
  // Fails only when there is no readable ELF header.
  static Result<ElfFile> parse(ByteView bytes, const Limits& limits = {});

  ByteView bytes() const { return bytes_; }
  int bits() const { return bits_; }
  bool big_endian() const { return big_endian_; }
  std::uint16_t type() const { return type_; }        // ET_*
  std::uint16_t machine() const { return machine_; }  // EM_*
  std::uint64_t entry() const { return entry_; }
  const std::vector<Segment>& segments() const { return segments_; }
  // By section index, the null section included.
  const std::vector<Section>& sections() const { return sections_; }
  bool has_section_headers() const { return !sections_.empty(); }
  const Section* find_section(std::string_view name) const;

  // From the dynamic segment (without one, the dynamic section); empty when there is none.
  bool has_dynamic() const { return has_dynamic_; }
  std::string_view interpreter() const { return interpreter_; }
  std::string_view soname() const { return soname_; }
  const std::vector<std::string_view>& needed() const { return needed_; }
  const std::vector<std::string_view>& rpath() const { return rpath_; }
  const std::vector<std::string_view>& runpath() const { return runpath_; }
  // Every entry before DT_NULL, in order, and the string table they name (empty without one).
  const std::vector<DynamicEntry>& dynamic_entries() const { return dynamic_entries_; }
  const DynamicEntry* find_dynamic(std::uint64_t tag) const;  // the first, or null
  ByteView dynamic_strings() const { return dynamic_strings_; }
  std::uint64_t dynamic_flags_1() const { return dynamic_flags_1_; }  // DT_FLAGS_1 (DF_1_PIE)
  // Symbol versions the file defines (DT_VERDEF), in order, without the base version.
  const std::vector<std::string_view>& version_definitions() const { return version_definitions_; }

  const std::vector<Note>& notes() const { return notes_; }  // of PT_NOTE and SHT_NOTE, distinct

  // Between file offsets and virtual addresses, through PT_LOAD (without any, through allocated
  // sections). Nothing for what is not loaded, or has no bytes in the file. The sections of a
  // relocatable object have no addresses yet: each counts as being at its offset.
  std::optional<std::uint64_t> offset_of_address(std::uint64_t address) const;
  std::optional<std::uint64_t> address_of_offset(std::uint64_t offset) const;
  // The section that holds the file offset, or null. Where sections overlap, the one that starts
  // first.
  const Section* section_at(std::uint64_t offset) const;
  // File ranges that are executable: SHF_EXECINSTR sections, or PF_X segments when no section is
  // marked so. Clamped to the file, sorted by offset, disjoint.
  struct Range {
    std::uint64_t offset, size, address;
  };
  const std::vector<Range>& executable_ranges() const { return executable_ranges_; }

  // What could not be read, at most limits.problems of them; the rest is counted. A file with
  // problems is still worth analysing.
  const std::vector<Error>& problems() const { return problems_; }
  std::uint64_t problems_not_kept() const { return problems_not_kept_; }

 private:
  friend class Parser;

  ByteView bytes_;
  int bits_ = 64;
  bool big_endian_ = false;
  std::uint16_t type_ = 0, machine_ = 0;
  std::uint64_t entry_ = 0;
  std::vector<Segment> segments_;
  std::vector<Section> sections_;
  bool has_dynamic_ = false;
  std::string_view interpreter_, soname_;
  std::vector<std::string_view> needed_, rpath_, runpath_, version_definitions_;
  std::vector<DynamicEntry> dynamic_entries_;
  ByteView dynamic_strings_;
  std::uint64_t dynamic_flags_1_ = 0;
  std::vector<Note> notes_;
  std::vector<Interval> by_address_, by_offset_;  // what is loaded; `other` is the other space
  std::vector<Interval> section_spans_;           // by offset; `other` is the section's index
  std::vector<Range> executable_ranges_;
  std::vector<Error> problems_;
  std::uint64_t problems_not_kept_ = 0;
};

}  // namespace fathom::elf
