// Any bytes as a program with PyInstaller's archive.

#include "archive/pyinstaller.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom::archive;
  constexpr std::uint64_t kMost = 1 << 20;
  auto archive = PyInstallerArchive::parse(fathom::ByteView({data, size}), {});
  if (!archive) return 0;
  for (const PyInstallerEntry& entry : archive->entries())
    if (auto content = archive->read(entry, {.output = kMost}))
      if (content->size() > kMost && entry.compressed) std::abort();
  return 0;
}
