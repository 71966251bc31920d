#include "analyzer/native_sbom.h"

#include <optional>

#include "elf/symbol_list.h"

namespace fathom {
namespace {

std::optional<std::uint64_t> offset_of(const elf::ElfFile& elf,
                                       const std::vector<elf::Symbol>& symbols,
                                       std::string_view name) {
  for (const elf::Symbol& symbol : symbols)
    if (symbol.name == name && !symbol.is_undefined()) return elf.offset_of_address(symbol.value);
  return {};
}

Result<ByteView> find_in(const elf::ElfFile& elf, const std::vector<elf::Symbol>& symbols) {
  const auto start = offset_of(elf, symbols, "sbom");
  const auto length_at = offset_of(elf, symbols, "sbom_length");
  if (!start || !length_at) return Error{ErrorCode::not_found, "no bill of materials"};
  const std::uint64_t length =
      TRY(elf.big_endian() ? elf.bytes().read_big<std::uint64_t>(*length_at)
                           : elf.bytes().read<std::uint64_t>(*length_at));
  return elf.bytes().slice(*start, length);
}

}  // namespace

Result<ByteView> embedded_sbom(const elf::ElfFile& elf, const Limits& limits) {
  Result<ByteView> found = find_in(elf, elf::dynamic_symbols(elf, limits).symbols);
  return found ? found : find_in(elf, elf::static_symbols(elf, limits).symbols);
}

}  // namespace fathom
