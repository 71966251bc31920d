#include "analyzer/pieces.h"

#include <algorithm>

#include "elf/constants.h"
#include "elf/intervals.h"

namespace fathom {
namespace {

bool is_loaded(const elf::ElfFile& elf, const elf::Section& s) {
  return elf.address_of_offset(s.offset) || elf.address_of_offset(s.offset + s.contents.size() - 1);
}

// Executable sections count only where the kernel maps code: else a flag would hide data.
bool is_code(const elf::ElfFile& elf, const std::vector<elf::Interval>& mapped_code,
             const elf::Section& s) {
  if ((s.flags & elf::SHF_EXECINSTR) == 0) return false;
  if (elf.segments().empty()) return true;
  const elf::Interval* mapped = elf::find_interval(mapped_code, s.offset);
  return mapped != nullptr && s.offset + s.contents.size() <= mapped->end();
}

std::vector<elf::Interval> mapped_code_of(const elf::ElfFile& elf) {
  std::vector<elf::Interval> out;
  for (const elf::Segment& p : elf.segments())
    if (p.type == elf::PT_LOAD && (p.flags & elf::PF_X) != 0)
      out.push_back({p.offset, p.contents.size(), 0});
  return elf::disjoint(std::move(out), elf::OnCut::keep_other);
}

bool is_for_tools(const elf::ElfFile& elf, const elf::Section& s) {
  bool by_name = s.name.starts_with(".debug") || s.name.starts_with(".zdebug");
  bool by_type = s.type == elf::SHT_SYMTAB || s.type == elf::SHT_STRTAB;
  return (by_name || by_type) && (s.flags & elf::SHF_ALLOC) == 0 && !is_loaded(elf, s);
}

// Contents that the program itself made, not its linker.
bool is_plain_data(const elf::ElfFile& elf, const elf::Section& s) {
  return s.type == elf::SHT_PROGBITS && is_loaded(elf, s) && !s.name.starts_with(".eh_frame") &&
         !s.name.starts_with(".gcc_except");
}

}  // namespace

std::vector<Piece> pieces_of(const elf::ElfFile& elf) {
  const std::vector<elf::Interval> mapped_code = mapped_code_of(elf);
  std::vector<elf::Interval> skipped;
  std::vector<std::uint64_t> borders{0, elf.bytes().size()};
  for (const elf::Section& s : elf.sections()) {
    if (s.contents.empty()) continue;
    borders.push_back(s.offset);
    borders.push_back(s.offset + s.contents.size());
    if (is_code(elf, mapped_code, s) || is_for_tools(elf, s))
      skipped.push_back({s.offset, s.contents.size(), 0});
  }
  std::ranges::sort(borders);
  skipped = elf::disjoint(std::move(skipped), elf::OnCut::keep_other);
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i + 1 < borders.size(); ++i) {
    if (borders[i] == borders[i + 1] || elf::find_interval(skipped, borders[i]) != nullptr)
      continue;
    const elf::Section* section = elf.section_at(borders[i]);
    const bool is_data = section == nullptr || is_plain_data(elf, *section);
    pieces.push_back({borders[i], borders[i + 1] - borders[i],
                      section != nullptr && section->type == elf::SHT_STRTAB, is_data});
  }
  return pieces;
}

}  // namespace fathom
