// The two tables of an ELF file describe the same bytes twice: segments say what the kernel maps,
// sections what the linker put there. Only the first must be right for a program to run, so nothing
// here takes the second one's word where it matters, and an entry that cannot be right costs that
// entry alone.

#include "elf/elf_file.h"

#include <algorithm>

#include "base/text.h"
#include "elf/constants.h"
#include "elf/parser.h"

namespace fathom::elf {

Result<ElfFile> ElfFile::parse(ByteView bytes, const Limits& limits) {
  return Parser(bytes, limits).run();
}

const Section* ElfFile::find_section(std::string_view name) const {
  for (const Section& section : sections_)
    if (section.name == name) return &section;
  return nullptr;
}

const DynamicEntry* ElfFile::find_dynamic(std::uint64_t tag) const {
  auto found = std::ranges::find(dynamic_entries_, tag, &DynamicEntry::tag);
  return found == dynamic_entries_.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> ElfFile::offset_of_address(std::uint64_t address) const {
  const Interval* at = find_interval(by_address_, address);
  if (at == nullptr) return {};
  return at->other + (address - at->start);
}

std::optional<std::uint64_t> ElfFile::address_of_offset(std::uint64_t offset) const {
  const Interval* at = find_interval(by_offset_, offset);
  if (at == nullptr) return {};
  return at->other + (offset - at->start);
}

const Section* ElfFile::section_at(std::uint64_t offset) const {
  const Interval* at = find_interval(section_spans_, offset);
  return at == nullptr ? nullptr : &sections_[at->other];
}

Result<ElfFile> Parser::run() {
  TRY(read_header());
  follow_extended_numbering();
  read_segments();
  read_sections();
  name_sections();
  map_addresses();
  find_executable_ranges();
  read_interpreter();
  read_dynamic();
  read_notes();
  return std::move(file_);
}

Done Parser::read_header() {
  if (!bytes_.starts_with("\x7f"
                          "ELF"))
    return Error{ErrorCode::malformed, "no ELF magic"};
  std::uint8_t file_class = TRY(bytes_.read<std::uint8_t>(4));
  std::uint8_t data = TRY(bytes_.read<std::uint8_t>(5));
  if (file_class != 1 && file_class != 2)
    return Error{ErrorCode::malformed, "ELF class " + std::to_string(file_class)};
  if (data != 1 && data != 2)
    return Error{ErrorCode::malformed, "ELF data encoding " + std::to_string(data)};
  file_.bytes_ = bytes_;
  file_.bits_ = file_class == 1 ? 32 : 64;
  file_.big_endian_ = data == 2;

  bool wide = file_.bits_ == 64;
  ByteView header = TRY(bytes_.slice(0, wide ? 64 : 52).in("ELF header"));
  file_.type_ = TRY(number<std::uint16_t>(header, 16));
  file_.machine_ = TRY(number<std::uint16_t>(header, 18));
  file_.entry_ = TRY(word(header, 24));
  segments_.offset = TRY(word(header, wide ? 32 : 28));
  sections_.offset = TRY(word(header, wide ? 40 : 32));
  const std::uint64_t counts = wide ? 54 : 42;
  segments_.entry_size = TRY(number<std::uint16_t>(header, counts));
  segments_.count = TRY(number<std::uint16_t>(header, counts + 2));
  sections_.entry_size = TRY(number<std::uint16_t>(header, counts + 4));
  sections_.count = TRY(number<std::uint16_t>(header, counts + 6));
  names_index_ = TRY(number<std::uint16_t>(header, counts + 8));
  return Ok{};
}

Result<std::uint64_t> Parser::word(ByteView bytes, std::uint64_t offset) const {
  if (file_.bits_ == 64) return number<std::uint64_t>(bytes, offset);
  return TRY(number<std::uint32_t>(bytes, offset));
}

// gABI, "ELF Header": counts that do not fit in 16 bits stand in the null section.
void Parser::follow_extended_numbering() {
  bool counted_elsewhere = sections_.count == 0 && sections_.offset != 0;
  bool wanted = counted_elsewhere || segments_.count == PN_XNUM || names_index_ == SHN_XINDEX;
  if (!wanted) return;
  const std::uint64_t least = file_.bits_ == 64 ? 64 : 40;
  Result<ByteView> entry = bytes_.slice(sections_.offset, least);
  Result<Section> null_section =
      entry && sections_.offset != 0
          ? read_section(*entry)
          : Result<Section>(Error{ErrorCode::truncated, "no section 0 for the extended numbering"});
  if (!null_section) {
    problem(null_section.error().code, null_section.error().message);
    if (segments_.count == PN_XNUM) segments_.count = 0;
    return;
  }
  if (counted_elsewhere) sections_.count = null_section->size;
  if (names_index_ == SHN_XINDEX) names_index_ = null_section->link;
  if (segments_.count == PN_XNUM && null_section->info != 0) segments_.count = null_section->info;
}

std::vector<ByteView> Parser::entries_of(Table table, std::string_view name, std::uint64_t least,
                                         std::uint64_t most) {
  std::vector<ByteView> entries;
  if (table.offset == 0 || table.count == 0) return entries;
  if (table.entry_size < least) {
    problem(ErrorCode::malformed, std::string(name) + ": entry size " +
                                      std::to_string(table.entry_size) + ", not " +
                                      std::to_string(least));
    table.entry_size = least;
  }
  if (table.count > most) {
    problem(ErrorCode::limit_exceeded, std::string(name) + ": " + std::to_string(table.count) +
                                           " entries, more than " + std::to_string(most));
    table.count = most;
  }
  for (std::uint64_t i = 0; i < table.count; ++i) {
    std::uint64_t skipped = i * table.entry_size;  // < 2^32
    Result<ByteView> entry = bytes_.from(table.offset);
    if (entry) entry = entry->slice(skipped, least);
    if (!entry) {
      problem(ErrorCode::truncated, std::string(name) + ": only " + std::to_string(i) + " of " +
                                        std::to_string(table.count) + " entries are in the file");
      break;
    }
    entries.push_back(*entry);
  }
  return entries;
}

void Parser::read_segments() {
  for (ByteView entry : entries_of(segments_, "program headers", file_.bits_ == 64 ? 56 : 32,
                                   limits_.elf_segments)) {
    Result<Segment> segment = read_segment(entry);
    if (!segment) continue;  // entries_of made sure of the size
    segment->contents = bytes_.clamped(segment->offset, segment->file_size);
    if (segment->type != PT_NULL)
      check_extent("segment " + std::to_string(file_.segments_.size()), segment->offset,
                   segment->file_size);
    file_.segments_.push_back(*segment);
  }
}

Result<Segment> Parser::read_segment(ByteView entry) const {
  Segment segment;
  segment.type = TRY(number<std::uint32_t>(entry, 0));
  bool wide = file_.bits_ == 64;
  segment.flags = TRY(number<std::uint32_t>(entry, wide ? 4 : 24));
  segment.offset = TRY(word(entry, wide ? 8 : 4));
  segment.address = TRY(word(entry, wide ? 16 : 8));
  segment.file_size = TRY(word(entry, wide ? 32 : 16));
  segment.memory_size = TRY(word(entry, wide ? 40 : 20));
  segment.align = TRY(word(entry, wide ? 48 : 28));
  return segment;
}

void Parser::read_sections() {
  for (ByteView entry : entries_of(sections_, "section headers", file_.bits_ == 64 ? 64 : 40,
                                   limits_.elf_sections)) {
    Result<Section> section = read_section(entry);
    if (!section) continue;
    bool has_bytes = section->type != SHT_NOBITS && section->type != SHT_NULL;
    if (has_bytes) {
      section->contents = bytes_.clamped(section->offset, section->size);
      check_extent("section " + std::to_string(file_.sections_.size()), section->offset,
                   section->size);
    }
    file_.sections_.push_back(*section);
  }
}

Result<Section> Parser::read_section(ByteView entry) const {
  Section section;
  section.type = TRY(number<std::uint32_t>(entry, 4));
  section.flags = TRY(word(entry, 8));
  bool wide = file_.bits_ == 64;
  section.address = TRY(word(entry, wide ? 16 : 12));
  section.offset = TRY(word(entry, wide ? 24 : 16));
  section.size = TRY(word(entry, wide ? 32 : 20));
  section.link = TRY(number<std::uint32_t>(entry, wide ? 40 : 24));
  section.info = TRY(number<std::uint32_t>(entry, wide ? 44 : 28));
  section.align = TRY(word(entry, wide ? 48 : 32));
  section.entry_size = TRY(word(entry, wide ? 56 : 36));
  return section;
}

// Names come last: they stand in a section themselves.
void Parser::name_sections() {
  if (file_.sections_.empty()) return;
  if (names_index_ == 0) return;  // SHN_UNDEF: the file has no names
  if (names_index_ >= file_.sections_.size()) {
    problem(ErrorCode::malformed, "section names: index " + std::to_string(names_index_) + " of " +
                                      std::to_string(file_.sections_.size()));
    return;
  }
  ByteView names = file_.sections_[names_index_].contents;
  const std::uint64_t stride =
      std::max<std::uint64_t>(sections_.entry_size, file_.bits_ == 64 ? 64 : 40);
  for (std::size_t i = 0; i < file_.sections_.size(); ++i) {
    Result<std::uint32_t> offset = number<std::uint32_t>(bytes_, sections_.offset + i * stride);
    if (!offset) continue;
    if (*offset == 0 && names.empty()) continue;
    file_.sections_[i].name = text_at(names, *offset, "name of section " + std::to_string(i));
  }
}

void Parser::check_extent(std::string what, std::uint64_t offset, std::uint64_t size) {
  if (size == 0 || bytes_.slice(offset, size)) return;
  problem(ErrorCode::truncated, what + ": offset " + hex_number(offset) + ", size " +
                                    hex_number(size) + " is not all in the file of " +
                                    hex_number(bytes_.size()) + " bytes");
}

void Parser::map_addresses() {
  std::vector<Interval> by_address, by_offset;
  auto add = [&](std::uint64_t offset, std::uint64_t size, std::uint64_t address) {
    by_address.push_back({address, size, offset});
    by_offset.push_back({offset, size, address});
  };
  for (const Segment& s : file_.segments_)
    if (s.type == PT_LOAD && file_.type_ != ET_REL) add(s.offset, s.contents.size(), s.address);
  if (file_.type_ == ET_REL)
    for (const Section& s : file_.sections_)
      if ((s.flags & SHF_ALLOC) != 0) add(s.offset, s.contents.size(), s.offset);
  if (by_address.empty())
    for (const Section& s : file_.sections_)
      if ((s.flags & SHF_ALLOC) != 0 && s.address != 0) add(s.offset, s.contents.size(), s.address);
  file_.by_address_ = disjoint(std::move(by_address), OnCut::move_other);
  file_.by_offset_ = disjoint(std::move(by_offset), OnCut::move_other);

  std::vector<Interval> spans;
  for (std::size_t i = 0; i < file_.sections_.size(); ++i)
    spans.push_back({file_.sections_[i].offset, file_.sections_[i].contents.size(), i});
  file_.section_spans_ = disjoint(std::move(spans), OnCut::keep_other);
}

void Parser::find_executable_ranges() {
  std::vector<Interval> found;
  bool marked = false;  // a file of debug information alone has the section, but not its bytes
  for (const Section& s : file_.sections_) {
    if ((s.flags & SHF_EXECINSTR) == 0 || s.type == SHT_NULL) continue;
    marked = true;
    found.push_back({s.offset, s.contents.size(), file_.type_ == ET_REL ? s.offset : s.address});
  }
  if (!marked)
    for (const Segment& s : file_.segments_)
      if (s.type == PT_LOAD && (s.flags & PF_X) != 0)
        found.push_back({s.offset, s.contents.size(), s.address});
  for (const Interval& i : disjoint(std::move(found), OnCut::move_other))
    file_.executable_ranges_.push_back({i.start, i.size, i.other});
}

std::string_view Parser::text_at(ByteView strings, std::uint64_t offset, std::string_view what) {
  // Longer than any name; keeps thousands of entries from each searching the file for a NUL.
  const std::uint64_t most = 16 * limits_.path_bytes;
  if (offset < strings.size() && strings.size() - offset > most)
    strings = strings.clamped(0, offset + most);
  Result<std::string_view> text = strings.read_cstring(offset);
  if (text) return *text;
  problem(text.error().code, std::string(what) + ": " + text.error().message + " (offset " +
                                 hex_number(offset) + " of " + hex_number(strings.size()) + ")");
  return {};
}

void Parser::problem(ErrorCode code, std::string message) {
  if (file_.problems_.size() < limits_.problems)
    file_.problems_.push_back({code, std::move(message)});
  else
    ++file_.problems_not_kept_;
}

}  // namespace fathom::elf
