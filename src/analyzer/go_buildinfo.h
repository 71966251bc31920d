// What the Go linker writes into every program: the Go release, the main module, the modules that
// packages were compiled from, and the build settings (`go version -m` prints it). It is part of
// the data segment, so that stripping does not remove it.
// Source: debug/buildinfo and runtime/debug of the Go distribution.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "elf/elf_file.h"

namespace fathom {

// A line of the build information, where it stands in the file.
struct GoLine {
  std::string_view text;
  std::uint64_t offset = 0;
};

struct GoModule {
  std::string_view path, version;
  GoLine line;
};

struct GoDependency {
  GoModule module;                      // what go.mod asks for
  std::optional<GoModule> replacement;  // what was compiled in its stead
};

struct GoSetting {
  std::string_view key, value;  // as written, quotes included
  GoLine line;
};

// Views the file's bytes.
struct GoBuildInfo {
  GoLine release;                // "go1.26.8", "devel go1.22-4d8f1d…", "go1.20.5 X:boringcrypto"
  bool listed = false;           // whether there is a list of modules at all
  std::optional<GoModule> path;  // of the main package
  std::optional<GoModule> main;
  std::optional<GoModule> main_replacement;
  std::vector<GoDependency> dependencies;
  std::vector<GoSetting> settings;
  std::vector<Error> problems;  // lines that are none of these
  std::uint64_t problems_not_kept = 0;

  std::string_view setting(std::string_view key) const;  // empty when there is none
};

// Whether the file is worth a closer look: a section, a note, or the magic. Linear in the data
// segments.
bool is_go(const elf::ElfFile& elf);

// not_found: no build information; other errors: there is, but it contradicts itself.
Result<GoBuildInfo> read_go_buildinfo(const elf::ElfFile& elf, const Limits& limits);

// The version that advisories for Go speak of: "go1.21.0" → "1.21.0", "go1.22rc1" →
// "1.22.0-rc.1", "go1.20.5 X:boringcrypto" → "1.20.5". Empty for development builds.
std::string go_release_version(std::string_view release);

}  // namespace fathom
