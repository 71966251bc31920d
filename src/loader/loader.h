// ldd without running anything: which files a program of the image would be linked with, by the
// rules of the dynamic linker that it names. Nothing outside of the image is looked at.
// Sources: ld.so(8); glibc elf/dl-load.c, elf/dl-deps.c, elf/dl-cache.c, elf/rtld.c; musl
// ldso/dynlink.c. docs/ldd.md says where this and a running system may differ.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "facts/facts.h"
#include "image/file_tree.h"
#include "model/links.h"

namespace fathom::loader {

// The facts of a content, or null when it could not be examined.
using FactsOf = std::function<const FileFacts*(const std::string& digest)>;

struct Options {
  std::string library_path;         // LD_LIBRARY_PATH of the image's configuration
  std::vector<std::string> hwcaps;  // glibc-hwcaps subfolders, the preferred first
};

// "x86-64-v3" → {"x86-64-v3", "x86-64-v2"}; other names stand for themselves.
std::vector<std::string> hwcaps_of(std::string_view level);

// Views the tree; both must outlive it.
class Resolver {
 public:
  Resolver(const image::FileTree& tree, FactsOf facts_of, Options options);

  // `path` below the root; symlinks are followed. not_dynamic when there is no such ELF file.
  LinkRow resolve(std::string_view path) const;

  // Looks at no more than `budget` places for libraries, and takes those off it: a file can name
  // thousands of libraries and thousands of folders.
  LinkRow resolve(std::string_view path, std::uint64_t& budget) const;

  // What the programs of the image are started by, each once.
  struct Neighbour {
    std::uint16_t machine = 0;
    std::uint8_t bits = 64;
    std::string libc, interpreter;
    auto operator<=>(const Neighbour&) const = default;
  };

 private:
  const image::FileTree& tree_;
  FactsOf facts_of_;
  Options options_;
  std::vector<Neighbour> neighbours_;
};

// Shared objects that no program needs, directly or through others, and that no program, script or
// setting names. By path. Where an image asks for more searching than the limit, none, and a gap.
std::vector<UnloadedLibrary> unloaded_libraries(const image::FileTree& tree,
                                                const FactsOf& facts_of, std::vector<Gap>& gaps,
                                                std::uint64_t places = 2'000'000);

}  // namespace fathom::loader
