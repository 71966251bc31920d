// What a Go program's function table names: the packages whose functions are in the code, inlined
// ones included, and the source files they were compiled from. It is there in stripped programs,
// too, and where the build information was taken away it still names most modules with their
// versions: the module cache keeps each module in a folder "path@version".
// Source: cmd/link/internal/ld/pcln.go and debug/gosym/pclntab.go of each Go release.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/go_pclntab.h"

namespace fathom {

// A module that the path of a source file names.
struct GoPathModule {
  std::string path, version;  // "github.com/BurntSushi/toml", "v1.2.0"
  std::uint64_t offset = 0;   // of the file name
  std::string seen;           // the file name
};

struct GoNames {
  std::vector<std::string> packages;      // import paths, sorted: "archive/zip", "main"
  std::vector<std::string> cgo_packages;  // those that call C, sorted
  std::vector<GoPathModule> modules;      // by path and version, each once
  bool cut = false;                       // a limit ended the list
};

// Empty where the table's layout is not the one its magic number promises.
GoNames read_go_names(const elf::ElfFile& elf, const GoFunctionTable& table, const Limits& limits);

// "github.com/a/b.(*T).M[...]" → "github.com/a/b"; empty for names that the compiler made.
std::string go_package_of(std::string_view function);

// The module that a package most likely belongs to, by the habits of the hosts: "github.com/a/b"
// of "github.com/a/b/internal/c". Empty for the standard library's.
std::string_view likely_go_module(std::string_view package);

}  // namespace fathom
