// The seam. An analyzer looks at one file, or at the whole image, and says what it found and how
// it knows. It is a row in one of the two tables of analyzer/list.cc: to add one, write
// analyzer/<name>.cc, its test, and its row.

#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/limits.h"
#include "code/program.h"
#include "elf/elf_file.h"
#include "facts/facts.h"
#include "facts/table_filter.h"
#include "image/file_tree.h"
#include "model/report.h"

namespace fathom {

// What must have been read before an analyzer can run. recover() does only what somebody needs.
enum class Needs { bytes, elf };

// One file. There is no path here on purpose: the same bytes give the same facts anywhere.
struct FileInput {
  ByteView bytes;
  const elf::ElfFile* elf = nullptr;       // null when the file is not ELF
  const code::Program* program = nullptr;  // null when its code is of another machine, or 32 bits
  const TableFilter* tables = nullptr;     // null: no table is wanted
  FileKind kind = FileKind::unknown;
  const Limits& limits;
};

struct FileAnalyzer {
  std::string_view name;  // shown to users and stored in Evidence
  int version;            // part of the cache key; raise it when the output changes
  Needs needs;
  std::string_view summary;         // one line for --help and the docs
  bool (*wants)(const FileInput&);  // cheap: magic, a section's presence
  // Adds to `facts`. An error becomes a gap with the analyzer's name; what was added stays.
  Done (*run)(const FileInput&, FileFacts& facts);
};
std::span<const FileAnalyzer* const> file_analyzers();

// The image: the tree, and the facts of every file in it. See analyzer/image_input.h.
struct ImageInput;
struct Inventory;
struct ImageAnalyzer {
  std::string_view name;
  int version;
  std::string_view summary;
  void (*run)(const ImageInput&, Inventory&);
};
std::span<const ImageAnalyzer* const> image_analyzers();

// Facts with nothing but the hashes of a program's functions, and gaps; an error when it is none.
Result<FileFacts> hash_functions(ByteView bytes, const Limits& limits);

// Everything the bytes of one file say. Pure. Recognises the kind, runs every analyzer that wants
// the file, goes into archives (members become facts of their own). Never fails: what could not be
// read is a gap in the facts.
// `tables` says which windows of tables to note (facts/table_filter.h): knowledge as an input.
// `digests`: of these bytes, where the caller has them already.
FileFacts recover(ByteView bytes, const Limits& limits, const TableFilter& tables = {},
                  const FileDigests* digests = nullptr);

}  // namespace fathom
