// .eh_frame_hdr is a table for unwinders: pairs of a function's start and its record in .eh_frame,
// sorted, both relative to the table. Each function of code that was compiled with -fasynchronous-
// unwind-tables, the default on x86_64, has an entry, and so do the cold parts that compilers split
// off, which take no frame of their own and so do not count.
//
// Source: Linux Standard Base Core 5.0, 10.6.2 (.eh_frame_hdr).

#include "hardening/shares.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "elf/constants.h"

namespace fathom::hardening {

namespace {

constexpr std::uint32_t kPtGnuEhFrame = 0x6474e550;

// Addresses, ascending, each once.
using Starts = std::vector<std::uint64_t>;

Starts starts_of_symbols(const Subject& s) {
  Starts starts;
  for (const elf::Symbol& symbol : s.all.symbols)
    if (symbol.type == elf::STT_FUNC && !symbol.is_undefined() && symbol.size > 0)
      starts.push_back(symbol.value);
  std::ranges::sort(starts);
  const auto repeated = std::ranges::unique(starts);
  starts.erase(repeated.begin(), repeated.end());
  return starts;
}

// Nothing where the table is not of the one form that linkers write, or not sorted.
Starts starts_of_unwind_table(const Subject& s) {
  constexpr std::uint8_t kFourBytes = 0x03, kRelativeToTable = 0x3b;  // DW_EH_PE_*
  const elf::Segment* segment = s.segment(kPtGnuEhFrame);
  if (segment == nullptr || s.elf.big_endian() || segment->contents.size() < 12) return {};
  const ByteView table = segment->contents;
  const auto byte = [&](std::uint64_t at) { return table.read<std::uint8_t>(at).value_or(0); };
  if (byte(0) != 1 || byte(2) != kFourBytes || byte(3) != kRelativeToTable) return {};
  const std::uint64_t stated = table.read<std::uint32_t>(8).value_or(0);
  const std::uint64_t count = std::min<std::uint64_t>(stated, (table.size() - 12) / 8);
  Starts starts;
  starts.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto distance =
        static_cast<std::int32_t>(table.read<std::uint32_t>(12 + 8 * i).value_or(0));
    const std::uint64_t start =
        segment->address + static_cast<std::uint64_t>(std::int64_t{distance});
    if (!starts.empty() && start < starts.back()) return {};
    if (starts.empty() || start != starts.back()) starts.push_back(start);
  }
  return starts;
}

// Which functions hold one of the places. These ascend but for where code is mapped in another
// order than it has in the file, so that the next one is looked for from the last one on.
std::vector<bool> functions_with(const Subject& s, const Starts& starts, const Marks& marks) {
  std::vector<bool> out(starts.size());
  auto after = starts.begin();  // the first that begins behind the place
  for (std::uint64_t offset : marks.offsets) {
    const std::optional<std::uint64_t> address = s.elf.address_of_offset(offset);
    if (!address) continue;
    if (after != starts.begin() && *std::prev(after) > *address) after = starts.begin();
    while (after != starts.end() && *after <= *address) ++after;
    if (after != starts.begin()) out[static_cast<std::size_t>(after - starts.begin()) - 1] = true;
  }
  return out;
}

}  // namespace

Share protected_functions(const Subject& s) {
  Starts starts = starts_of_symbols(s);
  if (starts.empty()) starts = starts_of_unwind_table(s);
  const std::vector<bool> with = functions_with(s, starts, s.code.canaries);
  Share share{.functions = starts.size(), .with = 0, .framed = s.code.reads_frames};
  share.with = static_cast<std::uint64_t>(std::ranges::count(with, true));
  if (!share.framed) return share;
  const std::vector<bool> frames = functions_with(s, starts, s.code.frames);
  share.functions = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) share.functions += frames[i] || with[i] ? 1 : 0;
  return share;
}

}  // namespace fathom::hardening
