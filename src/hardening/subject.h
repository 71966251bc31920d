// A file under examination: what several checks need to know, read once.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "elf/symbol_list.h"
#include "facts/facts.h"
#include "hardening/code_marks.h"

namespace fathom::hardening {

// A row of data/libcs.tsv.
struct LibcMark {
  std::string_view libc, mark, value, static_relro;
};
const std::vector<LibcMark>& libc_marks();

// A row of data/fortify.tsv.
struct FortifyRow {
  std::string_view checked, plain;
  bool always = false;
};
const std::vector<FortifyRow>& fortify_rows();

struct Subject {
  const elf::ElfFile& elf;
  const ElfFacts& facts;
  elf::SymbolList dynamic = {}, all = {};  // .dynsym and .symtab
  CodeMarks code = {};
  std::string language = {};           // "Go", "Rust", "C"
  std::string libc = {};               // or empty
  const LibcMark* libc_row = nullptr;  // what told it
  std::uint64_t libc_text_at = 0;      // file offset, where that is a text of the program

  bool is(std::string_view type) const { return facts.type == type; }
  bool is_go() const { return language == "Go"; }
  // A Go program without C: its own code cannot use what C compilers offer.
  bool is_pure_go() const { return is_go() && facts.needed.empty() && !has_c; }
  // Undefined (imported) or defined; null when there is none.
  const elf::Symbol* import(std::string_view name) const;
  const elf::Symbol* definition(std::string_view name) const;  // in either table
  const elf::Segment* segment(std::uint32_t type) const;
  bool has_c = true;
};

Subject subject_of(const elf::ElfFile& elf, const ElfFacts& facts, const Limits& limits);

// "PT_GNU_RELRO at 0x3db0, size 0x250, R"
std::string describe(const elf::Segment& segment, std::string_view name);

// Fills everything but `why`.
struct Seen {
  Place place;
  std::string text;
};
HardeningCheck check(std::string_view id, std::string value, Rating rating, Seen seen,
                     std::string why = {});

}  // namespace fathom::hardening
