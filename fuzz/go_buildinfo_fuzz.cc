// Any bytes as an ELF file with Go build information and a function table. What is said to stand at
// an offset must stand there.

#include "analyzer/go_buildinfo.h"

#include <cstdint>
#include <cstdlib>

#include "analyzer/go_names.h"
#include "analyzer/go_pclntab.h"
#include "analyzer/go_settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  ByteView bytes({data, size});
  Result<elf::ElfFile> elf = elf::ElfFile::parse(bytes);
  if (!elf) return 0;
  auto check = [&](const GoLine& line) {
    if (!bytes.has_at(line.offset, line.text)) std::abort();
  };
  (void)is_go(*elf);
  if (Result<GoBuildInfo> info = read_go_buildinfo(*elf, {})) {
    check(info->release);
    if (info->main) check(info->main->line);
    for (const GoDependency& dependency : info->dependencies) check(dependency.module.line);
    for (const GoSetting& setting : info->settings) {
      check(setting.line);
      (void)go_stated_version(go_linked_values(unquote_go(setting.value)), setting.key);
    }
    (void)go_release_version(info->release.text);
  }
  if (auto table = find_go_function_table(*elf)) {
    if (table->offset >= size) std::abort();
    for (const GoPathModule& module : read_go_names(*elf, *table, {}).modules)
      if (module.version.empty() || module.offset >= size) std::abort();
  }
  return 0;
}
