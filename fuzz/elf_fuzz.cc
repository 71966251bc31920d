// ELF files: every answer about every place must be inside the file.

#include <cstdlib>

#include "elf/elf_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  Result<elf::ElfFile> parsed = elf::ElfFile::parse(ByteView({data, size}));
  if (!parsed) return 0;
  const elf::ElfFile& elf = *parsed;
  std::uint64_t end = 0;
  for (const elf::ElfFile::Range& range : elf.executable_ranges()) {
    if (range.offset < end || range.size == 0 || range.size > size - range.offset) std::abort();
    end = range.offset + range.size;
  }
  for (const elf::Segment& segment : elf.segments()) {
    std::optional<std::uint64_t> offset = elf.offset_of_address(segment.address);
    if (offset && *offset >= size) std::abort();
  }
  for (const elf::Section& section : elf.sections()) {
    const elf::Section* at = elf.section_at(section.offset);
    if (!section.contents.empty() && at == nullptr) std::abort();
    if (elf.address_of_offset(section.offset) && section.offset >= size) std::abort();
  }
  return 0;
}
