// One process being linked: the files loaded so far and where the next one is looked for.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "loader/loader.h"

namespace fathom::loader {

struct Object {
  std::string name;  // what it was asked for by first
  std::string path;  // as it was opened, with a leading "/"
  std::string found_by;
  const image::TreeFile* file = nullptr;  // null: not found
  const ElfFacts* elf = nullptr;
  std::size_t loader = 0;  // index of the object that needed it first
  std::vector<std::string> alternatives;
};

// A file that would be opened.
struct Candidate {
  std::string path;
  const image::TreeFile* file = nullptr;
  const ElfFacts* elf = nullptr;
};

// What the rules of both dynamic linkers need.
struct Context {
  const image::FileTree& tree;
  const FactsOf& facts_of;
  const Options& options;
  const ElfFacts& program;  // machine and class that libraries must have
  const image::TreeFile* interpreter = nullptr;
  const ElfFacts* interpreter_elf = nullptr;
  std::vector<Object>& objects;  // the program first
  std::uint64_t& budget;         // places that may still be looked at

  // The file at `path` when it is an ELF file of the program's machine and class.
  std::optional<Candidate> open(const std::string& path) const;
};

// Where `name`, which objects[by] needs, is found; `alternatives` are left in the object.
struct Found {
  Candidate candidate;
  std::string how;
  std::vector<std::string> alternatives;
};
std::optional<Found> find_glibc(const Context& context, const std::string& name, std::size_t by);
std::optional<Found> find_musl(const Context& context, const std::string& name, std::size_t by);

// Whether musl's dynamic linker answers to `name` itself: "libc.so", "libpthread.so.0" …
bool is_musl_itself(std::string_view name);

// "$ORIGIN", "$LIB", "$PLATFORM" with or without braces; nothing where the value is not known.
std::optional<std::string> expand(std::string_view text, std::string_view origin,
                                  const ElfFacts& program, std::string_view lib);

std::string folder_of(std::string_view path);  // "/usr/bin" of "/usr/bin/app"

}  // namespace fathom::loader
