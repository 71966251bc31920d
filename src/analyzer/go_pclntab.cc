// The header is eight bytes (magic, two zeros, instruction quantum, pointer size) and words of
// pointer size; behind it, in places that moved from release to release, lies a table of
// (function start, metadata) pairs that ends with the end of the last function. Four magics, four
// layouts; the table's byte order shows in its magic.

#include "analyzer/go_pclntab.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace fathom {

namespace {

constexpr std::uint32_t kLoad = 1;  // PT_LOAD

struct Layout {
  std::uint32_t magic;
  // The header word that holds the offset of the pairs; -1: they follow the first word.
  int pairs_word;
  bool short_entries;  // 4 bytes, relative to the start of the text, instead of an address
  std::string_view oldest, newest;
};
constexpr auto kLayouts = std::to_array<Layout>({
    {0xfffffffb, -1, false, "1.2", "1.15.15"},
    {0xfffffffa, 6, false, "1.16", "1.17.13"},
    {0xfffffff0, 7, true, "1.18", "1.19.13"},
    {0xfffffff1, 7, true, "1.20", ""},
});

const Layout* layout_of(std::uint32_t magic) {
  for (const Layout& layout : kLayouts)
    if (layout.magic == magic) return &layout;
  return nullptr;
}

class Table {
 public:
  Table(ByteView file, std::uint64_t offset)
      : bytes_(file.clamped(offset, file.size())), offset_(offset), has_header_(read_header()) {}

  bool has_header() const { return has_header_; }

  // Nothing when this is no table. The checks are many because the magic is only four bytes, and a
  // table that is accepted explains the whole program's code.
  std::optional<GoFunctionTable> read() const {
    if (!has_header_) return std::nullopt;
    GoFunctionTable found{.offset = offset_, .magic = layout_->magic};
    if (!read_pairs(found)) return std::nullopt;
    return found;
  }

 private:
  std::optional<std::uint64_t> number(std::uint64_t at, std::uint64_t size) const {
    if (size == 4) {
      Result<std::uint32_t> v =
          big_endian_ ? bytes_.read_big<std::uint32_t>(at) : bytes_.read<std::uint32_t>(at);
      return v ? std::optional<std::uint64_t>(*v) : std::nullopt;
    }
    Result<std::uint64_t> v =
        big_endian_ ? bytes_.read_big<std::uint64_t>(at) : bytes_.read<std::uint64_t>(at);
    return v ? std::optional(*v) : std::nullopt;
  }

  bool read_header() {
    Result<std::uint64_t> head = bytes_.read_big<std::uint64_t>(0);
    if (!head) return false;
    layout_ = layout_of(static_cast<std::uint32_t>(*head >> 32));
    big_endian_ = layout_ != nullptr;
    if (!layout_) layout_ = layout_of(*bytes_.read<std::uint32_t>(0));
    std::uint64_t zeros = *head >> 16 & 0xffff, quantum = *head >> 8 & 0xff;
    pointer_size_ = *head & 0xff;
    return layout_ && zeros == 0 && (quantum == 1 || quantum == 2 || quantum == 4) &&
           (pointer_size_ == 4 || pointer_size_ == 8);
  }

  bool read_pairs(GoFunctionTable& found) const {
    std::optional<std::uint64_t> count = number(8, pointer_size_);
    std::optional<std::uint64_t> start = 8 + pointer_size_;
    if (layout_->pairs_word >= 0)
      start = number(8 + static_cast<std::uint64_t>(layout_->pairs_word) * pointer_size_,
                     pointer_size_);
    std::uint64_t size = layout_->short_entries ? 4 : pointer_size_;
    if (!count || !start || *count == 0 || *start > bytes_.size()) return false;
    if (*count > (bytes_.size() - *start) / (2 * size)) return false;

    std::optional<std::uint64_t> first = number(*start, size), last = first;
    for (std::uint64_t i = 1; last && i <= *count; ++i) {
      std::optional<std::uint64_t> next = number(*start + i * 2 * size, size);
      if (!next || *next < *last) return false;  // starts ascend
      last = next;
    }
    if (!first || !last) return false;
    found.functions = *count;
    found.text_bytes = *last - *first;
    return true;
  }

  ByteView bytes_;
  std::uint64_t offset_;
  const Layout* layout_ = nullptr;
  bool big_endian_ = false;
  std::uint64_t pointer_size_ = 8;
  bool has_header_;  // last: it is read into the others
};

bool may_be_magic(ByteView bytes, std::uint64_t at) {
  std::string_view text = bytes.as_text().substr(at, 6);
  return text.size() == 6 &&
         (text.starts_with("\xff\xff\xff") || text.substr(1, 3) == "\xff\xff\xff") &&
         text[4] == 0 && text[5] == 0;
}

// A false header costs a walk over the pairs that follow it; this many are tried.
constexpr int kMostTries = 16;

std::optional<GoFunctionTable> search(const elf::ElfFile& elf) {
  constexpr std::uint64_t kAlign = 4;
  int tries = 0;
  for (const LoadedRange& range : loaded_ranges(elf, 4, 0)) {
    ByteView part = elf.bytes().clamped(range.offset, range.size);
    for (std::uint64_t at = (kAlign - range.address % kAlign) % kAlign; at < part.size();
         at += kAlign) {
      if (!may_be_magic(part, at)) continue;
      Table table(elf.bytes(), range.offset + at);
      if (!table.has_header()) continue;
      if (std::optional<GoFunctionTable> found = table.read()) return found;
      if (++tries == kMostTries) return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view GoFunctionTable::oldest_release() const {
  const Layout* layout = layout_of(magic);
  return layout ? layout->oldest : std::string_view();
}

std::string_view GoFunctionTable::newest_release() const {
  const Layout* layout = layout_of(magic);
  return layout ? layout->newest : std::string_view();
}

std::optional<GoFunctionTable> find_go_function_table(const elf::ElfFile& elf) {
  for (std::string_view name : {".gopclntab", ".data.rel.ro.gopclntab"})
    if (const elf::Section* section = elf.find_section(name))
      if (auto found = Table(elf.bytes(), section->offset).read()) return found;
  // Where a C linker finished a position-independent program, it may be a part of .data.rel.ro.
  return search(elf);
}

std::vector<LoadedRange> loaded_ranges(const elf::ElfFile& elf, std::uint32_t wanted,
                                       std::uint32_t unwanted) {
  std::vector<LoadedRange> ranges;
  for (const elf::Segment& segment : elf.segments())
    if (segment.type == kLoad && (segment.flags & wanted) && !(segment.flags & unwanted))
      ranges.push_back({segment.offset, segment.contents.size(), segment.address});
  std::sort(ranges.begin(), ranges.end(), [](const LoadedRange& a, const LoadedRange& b) {
    return std::tie(a.offset, a.size) < std::tie(b.offset, b.size);
  });
  std::vector<LoadedRange> out;
  std::uint64_t covered = 0;  // end of what came before
  for (LoadedRange range : ranges) {
    std::uint64_t skip = range.offset < covered ? std::min(covered - range.offset, range.size) : 0;
    if (range.size == skip) continue;
    out.push_back({range.offset + skip, range.size - skip, range.address + skip});
    covered = range.offset + range.size;
  }
  return out;
}

}  // namespace fathom
