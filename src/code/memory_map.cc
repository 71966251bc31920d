#include "code/memory_map.h"

#include <algorithm>

#include "elf/constants.h"

namespace fathom::code {

namespace {

struct Piece {
  std::uint64_t start, end;
  MemoryKind kind;
};

}  // namespace

// Loaded segments, each cut where code, or what is constant after relocation, begins and ends.
MemoryMap::MemoryMap(const Program& program)
    : program_(program), is_fixed_(!program.is_position_independent()) {
  std::vector<Piece> marks;
  for (const CodeRange& code : program.code())
    marks.push_back({code.address, code.end(), MemoryKind::code});
  for (const elf::Segment& s : program.elf().segments())
    if (s.type == elf::PT_GNU_RELRO && s.memory_size <= ~s.address)
      marks.push_back({s.address, s.address + s.memory_size, MemoryKind::relocated_constant});
  std::vector<std::uint64_t> cuts;
  for (const Piece& mark : marks) {
    cuts.push_back(mark.start);
    cuts.push_back(mark.end);
  }
  std::sort(cuts.begin(), cuts.end());
  for (const Mapping& s : program.mappings()) {
    std::uint64_t at = regions_.empty() ? s.address : std::max(s.address, regions_.back().end);
    std::uint64_t end = s.address + s.size;
    auto cut = std::upper_bound(cuts.begin(), cuts.end(), at);
    while (at < end) {
      std::uint64_t stop = cut == cuts.end() ? end : std::min(end, *cut++);
      if (stop <= at) continue;
      Region region{at, stop, s.is_writable ? MemoryKind::writable : MemoryKind::constant,
                    program.is_object() ? program.bytes_at(at, stop - at)
                                        : s.contents.clamped(at - s.address, s.contents.size())};
      auto inside = std::find_if(marks.begin(), marks.end(), [&](const Piece& mark) {
        return at >= mark.start && at < mark.end;
      });
      if (inside != marks.end()) region.kind = inside->kind;
      regions_.push_back(region);
      at = stop;
    }
  }
  if (regions_.empty()) return;
  lowest_ = regions_.front().start;
  highest_ = regions_.back().end;
}

const MemoryMap::Region* MemoryMap::region_at(std::uint64_t address) const {
  if (address < lowest_ || address >= highest_) return nullptr;
  auto after =
      std::upper_bound(regions_.begin(), regions_.end(), address,
                       [](std::uint64_t at, const Region& region) { return at < region.start; });
  const Region& region = *std::prev(after);
  return address < region.end ? &region : nullptr;
}

MemoryKind MemoryMap::kind_of(std::uint64_t address) const {
  const Region* region = region_at(address);
  return region == nullptr ? MemoryKind::none : region->kind;
}

ByteView MemoryMap::from(std::uint64_t address) const {
  const Region* region = region_at(address);
  return region == nullptr ? ByteView() : region->bytes.clamped(address - region->start, ~0ull);
}

std::optional<MemoryMap::Word> MemoryMap::constant_at(std::uint64_t address, unsigned bytes) const {
  const Region* region = region_at(address);
  if (region == nullptr || region->kind == MemoryKind::writable || bytes == 0 || bytes > 8)
    return {};
  if (bytes == 8) {
    if (const Fixup* fixup = program_.fixup_at(address)) {
      if (fixup->kind == Fixup::Kind::other || fixup->target == 0) return {};
      return Word{fixup->target, true};
    }
  }
  ByteView there = region->bytes.clamped(address - region->start, bytes);
  if (there.size() < bytes) return {};
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) value |= std::uint64_t{there.span()[i]} << 8 * i;
  return Word{value, is_fixed_ && bytes == 8 && kind_of(value) != MemoryKind::none};
}

}  // namespace fathom::code
