// An inlined call is an entry of a tree beside the function; how many entries there are, only the
// table from addresses to entries says. The trees of all functions lie in one block (go:func.*),
// whose symbol is stripped, but whose address is a word of the module data. Which word depends on
// the release, so that one is taken whose trees make sense.

#include <algorithm>
#include <utility>

#include "code/go_table_reader.h"

namespace fathom::code {

namespace {

constexpr std::uint64_t kMostInlined = 65'536;  // into one function

}  // namespace

void GoTableReader::read_inlined() {
  if (layout_->format == GoFormat::go1_2 && table_.module_data == 0) return;
  if (!is_relative()) {
    choose_index(0);
    return read_trees(0);
  }
  if (table_.module_data == 0) return problem("no module data: inlined calls are not known");
  // go:func.* is the word behind rodata, 38th or later by the release.
  constexpr std::uint64_t kFirst = 34, kLast = 48;
  std::uint64_t best = 0, most = 0;
  for (std::uint64_t i = kFirst; i <= kLast; ++i) {
    std::uint64_t base = program_.pointer_at(table_.module_data + i * kGoWord).value_or(0);
    if (base == 0) continue;
    std::uint64_t fit = fitting(base, 3);
    if (fit > most) {
      most = fit;
      best = base;
    }
  }
  if (best == 0) return;
  table_.functions_data = best;
  funcdata_index_ = 3;
  read_trees(best);
}

// FUNCDATA_InlTree has been 2, 4 and 3.
void GoTableReader::choose_index(std::uint64_t base) {
  std::uint64_t most = 0;
  for (std::uint64_t index : {3, 4, 2}) {
    std::uint64_t fit = fitting(base, index);
    if (fit > most) {
      most = fit;
      funcdata_index_ = index;
    }
  }
}

// How many of the first functions with inlined calls have trees that make sense there.
std::uint64_t GoTableReader::fitting(std::uint64_t base, std::uint64_t index) const {
  constexpr std::uint64_t kProbes = 64;
  std::uint64_t good = 0, seen = 0;
  for (std::size_t i = 0; i < records_at_.size() && seen < kProbes; ++i) {
    std::uint64_t entries = tree_size(i);
    std::optional<std::uint64_t> tree = tree_of(i, base, index);
    if (entries == 0 || !tree) continue;
    ++seen;
    good += makes_sense(*tree, entries, table_.functions[i]) ? 1 : 0;
  }
  return good * 2 > seen ? good : 0;
}

bool GoTableReader::makes_sense(std::uint64_t tree, std::uint64_t entries,
                                const GoFunction& function) const {
  for (std::uint64_t i = 0; i < entries; ++i) {
    std::optional<GoInlined> one = inlined_at(tree, i, function);
    if (!one || one->name.empty() || one->place >= function.end) return false;
    for (char c : one->name)
      if (static_cast<unsigned char>(c) < 0x20) return false;
  }
  return true;
}

std::optional<GoInlined> GoTableReader::inlined_at(std::uint64_t tree, std::uint64_t index,
                                                   const GoFunction& function) const {
  ByteView entry = program_.bytes_at(tree + index * layout_->inlined, layout_->inlined);
  if (entry.size() < layout_->inlined) return {};
  const bool is_short = layout_->inlined == 16;
  GoInlined one;
  one.name = name_at(*entry.read<std::uint32_t>(is_short ? 4 : 12));
  std::uint32_t offset = *entry.read<std::uint32_t>(is_short ? 8 : 16);
  one.line = is_short ? *entry.read<std::uint32_t>(12) : 0;
  if (!is_short) one.parent = *entry.read<std::int16_t>(0);
  if (offset > function.end - function.start) return {};
  one.place = function.start + offset;
  return one;
}

// The address of the tree of a function.
std::optional<std::uint64_t> GoTableReader::tree_of(std::size_t function, std::uint64_t base,
                                                    std::uint64_t index) const {
  std::uint64_t record = records_at_[function];
  std::uint64_t tables =
      records_.bytes.read<std::uint32_t>(record + layout_->pcdata_at).value_or(0);
  std::uint64_t count = records_.bytes.read<std::uint8_t>(record + layout_->record - 1).value_or(0);
  if (index >= count || tables > limits_.dynamic_entries) return {};
  std::uint64_t at = record + layout_->record + 4 * tables;
  if (is_relative()) {
    std::uint32_t offset = records_.bytes.read<std::uint32_t>(at + 4 * index).value_or(~0u);
    if (offset == ~0u) return {};
    return base + offset;
  }
  std::uint64_t place = table_.address + records_.offset + at;
  place += (kGoWord - place % kGoWord) % kGoWord;
  std::optional<std::uint64_t> tree = program_.pointer_at(place + kGoWord * index);
  return tree && *tree != 0 ? tree : std::nullopt;
}

bool GoTableReader::take(std::uint64_t& at, std::uint64_t& value) const {
  value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    Result<std::uint8_t> byte = addresses_.bytes.read<std::uint8_t>(at++);
    if (!byte) return false;
    value |= std::uint64_t{*byte & 0x7fu} << shift;
    if (*byte < 0x80) return true;
  }
  return false;
}

std::uint64_t GoTableReader::tree_size(std::size_t function) const {
  std::int64_t last = -1;
  each_value(function, [&](std::int64_t value, std::uint64_t, std::uint64_t) {
    last = std::max(last, value);
  });
  return std::min(static_cast<std::uint64_t>(last + 1), kMostInlined);
}

void GoTableReader::read_trees(std::uint64_t base) {
  for (std::size_t i = 0; i < records_at_.size(); ++i) {
    std::uint64_t entries = tree_size(i);
    if (entries == 0) continue;
    std::optional<std::uint64_t> tree = tree_of(i, base, funcdata_index_);
    if (!tree) continue;
    if (table_.inlined.size() + entries > limits_.elf_symbols)
      return problem("too many inlined calls");
    add_tree(i, *tree, entries);
  }
}

void GoTableReader::add_tree(std::size_t function, std::uint64_t tree, std::uint64_t entries) {
  const GoFunction& whole = table_.functions[function];
  std::vector<std::pair<std::uint64_t, std::int64_t>> spans;  // end → entry
  each_value(function, [&](std::int64_t value, std::uint64_t, std::uint64_t end) {
    spans.emplace_back(whole.start + end, value);
  });
  for (std::uint64_t i = 0; i < entries; ++i) {
    std::optional<GoInlined> one = inlined_at(tree, i, whole);
    if (!one) {
      problem("the calls inlined into " + std::string(whole.name.substr(0, 64)) +
              " are unreadable");
      return;
    }
    one->function = static_cast<std::uint32_t>(function);
    // Since Go 1.20 the parent is what the place of the call belongs to.
    if (layout_->inlined == 16) {
      auto span = std::upper_bound(spans.begin(), spans.end(),
                                   std::pair{one->place, std::int64_t{1} << 40});
      one->parent = span == spans.end() ? -1 : static_cast<std::int32_t>(span->second);
    }
    if (one->parent >= static_cast<std::int64_t>(entries)) one->parent = -1;
    table_.inlined.push_back(*one);
  }
}

}  // namespace fathom::code
