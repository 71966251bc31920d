// The dynamic symbol table has no length of its own. DT_HASH has one chain link for each symbol.
// DT_GNU_HASH covers only the symbols from `first` on that are defined, sorted by bucket: the last
// one is at the end of the chain of the bucket that begins last; a file that defines nothing has
// exactly `first` symbols, or so linkers have it, and glibc relies on no more. Section headers
// tell, too, but a file may lie there and still run: they come last.

#include "elf/symbol_list.h"

#include <algorithm>

#include "base/text.h"
#include "elf/constants.h"

namespace fathom::elf {

namespace {

template <std::unsigned_integral T>
std::optional<T> number(const ElfFile& elf, ByteView bytes, std::uint64_t offset) {
  Result<T> value = elf.big_endian() ? bytes.read_big<T>(offset) : bytes.read<T>(offset);
  if (!value) return {};
  return *value;
}

std::uint64_t word(const ElfFile& elf, ByteView bytes, std::uint64_t offset) {
  if (elf.bits() == 64) return number<std::uint64_t>(elf, bytes, offset).value_or(0);
  return number<std::uint32_t>(elf, bytes, offset).value_or(0);
}

// The bytes of the file from a dynamic entry's address on.
ByteView bytes_at(const ElfFile& elf, std::uint64_t tag) {
  const DynamicEntry* entry = elf.find_dynamic(tag);
  if (entry == nullptr) return {};
  std::optional<std::uint64_t> offset = elf.offset_of_address(entry->value);
  return offset ? elf.bytes().clamped(*offset, elf.bytes().size()) : ByteView{};
}

std::uint64_t entry_size(const ElfFile& elf) { return elf.bits() == 64 ? 24 : 16; }

std::optional<std::uint64_t> count_of_gnu_hash(const ElfFile& elf, const Limits& limits) {
  ByteView table = bytes_at(elf, DT_GNU_HASH);
  std::optional<std::uint32_t> buckets = number<std::uint32_t>(elf, table, 0);
  std::optional<std::uint32_t> first = number<std::uint32_t>(elf, table, 4);
  std::optional<std::uint32_t> bloom = number<std::uint32_t>(elf, table, 8);
  if (!buckets || !first || !bloom) return {};
  const std::uint64_t buckets_at = 16 + std::uint64_t{*bloom} * (elf.bits() == 64 ? 8 : 4);
  const std::uint64_t chains_at = buckets_at + std::uint64_t{*buckets} * 4;
  if (chains_at > table.size()) return {};
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < *buckets; ++i)
    last = std::max<std::uint64_t>(
        last, number<std::uint32_t>(elf, table, buckets_at + 4 * i).value_or(0));
  if (last < *first) return *first;
  for (; last < limits.elf_symbols; ++last) {
    std::optional<std::uint32_t> link =
        number<std::uint32_t>(elf, table, chains_at + 4 * (last - *first));
    if (!link) return {};
    if ((*link & 1) != 0) return last + 1;
  }
  return {};
}

// DT_HASH has 64-bit words on s390x and alpha, and there only.
std::optional<std::uint64_t> count_of_hash(const ElfFile& elf) {
  constexpr std::uint16_t kS390 = 22, kAlpha = 0x9026;
  if (elf.bits() == 64 && (elf.machine() == kS390 || elf.machine() == kAlpha)) return {};
  return number<std::uint32_t>(elf, bytes_at(elf, DT_HASH), 4);
}

const Section* section_of_type(const ElfFile& elf, std::uint32_t type) {
  auto found = std::ranges::find(elf.sections(), type, &Section::type);
  return found == elf.sections().end() ? nullptr : &*found;
}

Symbol read_symbol(const ElfFile& elf, ByteView entry) {
  const bool wide = elf.bits() == 64;
  Symbol symbol;
  std::uint8_t info = number<std::uint8_t>(elf, entry, wide ? 4 : 12).value_or(0);
  symbol.type = info & 0xf;
  symbol.binding = static_cast<std::uint8_t>(info >> 4);
  symbol.section = number<std::uint16_t>(elf, entry, wide ? 6 : 14).value_or(0);
  symbol.value = word(elf, entry, wide ? 8 : 4);
  symbol.size = word(elf, entry, wide ? 16 : 8);
  return symbol;
}

struct Table {
  ByteView entries, names;
  std::uint64_t offset = 0, count = 0;  // of the entries, in the file
  std::string_view what;
};

void read_table(const ElfFile& elf, const Limits& limits, Table table, SymbolList& list) {
  const std::uint64_t size = entry_size(elf);
  if (table.count > limits.elf_symbols) {
    list.problems.push_back({ErrorCode::limit_exceeded, std::string(table.what) + ": " +
                                                            std::to_string(table.count) +
                                                            " symbols, more than the limit"});
    table.count = limits.elf_symbols;
  }
  const std::uint64_t there = table.entries.size() / size;
  if (table.count > there) {
    list.problems.push_back({ErrorCode::truncated,
                             std::string(table.what) + ": only " + std::to_string(there) + " of " +
                                 std::to_string(table.count) + " symbols are in the file"});
    table.count = there;
  }
  const std::uint64_t longest = 16 * limits.path_bytes;
  list.symbols.reserve(list.symbols.size() + table.count);
  for (std::uint64_t i = 1; i < table.count; ++i) {
    ByteView entry = table.entries.clamped(i * size, size);
    std::uint32_t name = number<std::uint32_t>(elf, entry, 0).value_or(0);
    if (name == 0) continue;
    std::string_view rest = table.names.clamped(name, longest).as_text();
    std::size_t end = rest.find('\0');
    if (end == rest.npos || end == 0) continue;
    Symbol symbol = read_symbol(elf, entry);
    symbol.name = rest.substr(0, end);
    symbol.offset = table.offset + i * size;
    list.symbols.push_back(symbol);
  }
}

}  // namespace

SymbolList dynamic_symbols(const ElfFile& elf, const Limits& limits) {
  SymbolList list;
  const DynamicEntry* start = elf.find_dynamic(DT_SYMTAB);
  if (start == nullptr) return list;
  std::optional<std::uint64_t> offset = elf.offset_of_address(start->value);
  if (!offset) {
    list.problems.push_back(
        {ErrorCode::malformed,
         "DT_SYMTAB: address " + hex_number(start->value) + " is not in the file"});
    return list;
  }
  std::optional<std::uint64_t> count = count_of_hash(elf);
  if (!count) count = count_of_gnu_hash(elf, limits);
  constexpr std::uint32_t kDynsym = 11;  // SHT_DYNSYM
  const Section* section = section_of_type(elf, kDynsym);
  if (section != nullptr && section->offset == *offset) {
    std::uint64_t by_section = section->contents.size() / entry_size(elf);
    count = std::max(count.value_or(0), by_section);
  }
  if (!count) {
    list.problems.push_back({ErrorCode::malformed, "DT_SYMTAB: nothing tells its length"});
    return list;
  }
  read_table(elf, limits,
             {.entries = elf.bytes().clamped(*offset, elf.bytes().size()),
              .names = elf.dynamic_strings(),
              .offset = *offset,
              .count = *count,
              .what = "dynamic symbols"},
             list);
  return list;
}

SymbolList static_symbols(const ElfFile& elf, const Limits& limits) {
  SymbolList list;
  const Section* section = section_of_type(elf, SHT_SYMTAB);
  if (section == nullptr || section->link >= elf.sections().size()) return list;
  read_table(elf, limits,
             {.entries = section->contents,
              .names = elf.sections()[section->link].contents,
              .offset = section->offset,
              .count = section->contents.size() / entry_size(elf),
              .what = ".symtab"},
             list);
  return list;
}

// A chain of files, each with a chain of versions. Both only lead forward, so they end; what both
// together may cost is bounded.
VersionNeedList version_needs(const ElfFile& elf, const Limits& limits) {
  VersionNeedList list;
  const DynamicEntry* start = elf.find_dynamic(DT_VERNEED);
  if (start == nullptr) return list;
  const DynamicEntry* how_many = elf.find_dynamic(DT_VERNEEDNUM);
  std::optional<std::uint64_t> at = elf.offset_of_address(start->value);
  auto broken = [&](std::string_view what) {
    list.problems.push_back({ErrorCode::malformed, "DT_VERNEED: " + std::string(what)});
  };
  if (!at) {
    broken("address " + hex_number(start->value) + " is not in the file");
    return list;
  }
  auto text = [&](std::uint32_t offset) {
    Result<std::string_view> name =
        elf.dynamic_strings().clamped(0, offset + 16 * limits.path_bytes).read_cstring(offset);
    if (!name) broken("a name at " + hex_number(offset) + " is not in the string table");
    return name ? *name : std::string_view{};
  };
  std::uint64_t files = std::min(how_many != nullptr ? how_many->value : limits.dynamic_entries,
                                 limits.dynamic_entries);
  ByteView bytes = elf.bytes();
  for (std::uint64_t read = 0; files > 0; --files) {
    Result<ByteView> need = bytes.slice(*at, 16);
    if (!need) return broken("an entry is not in the file"), list;
    std::string_view file = text(number<std::uint32_t>(elf, *need, 4).value_or(0));
    std::uint64_t version_at = *at + number<std::uint32_t>(elf, *need, 8).value_or(0);
    std::uint32_t count = number<std::uint16_t>(elf, *need, 2).value_or(0);
    for (; count > 0; --count) {
      Result<ByteView> version = bytes.slice(version_at, 16);
      if (!version) return broken("a version is not in the file"), list;
      if (++read > limits.dynamic_entries) return broken("too many versions"), list;
      std::uint16_t flags = number<std::uint16_t>(elf, *version, 4).value_or(0);
      list.needs.push_back({file, text(number<std::uint32_t>(elf, *version, 8).value_or(0)),
                            (flags & VER_FLG_WEAK) != 0});
      std::uint32_t next = number<std::uint32_t>(elf, *version, 12).value_or(0);
      if (next == 0) break;
      version_at += next;
    }
    std::uint32_t next = number<std::uint32_t>(elf, *need, 12).value_or(0);
    if (next == 0) break;
    *at += next;
  }
  return list;
}

}  // namespace fathom::elf
