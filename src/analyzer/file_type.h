// What kind of file some bytes are: by the magic numbers of data/file_types.tsv, by small checks
// for types that have none, and last by looking whether it reads as text.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "facts/facts.h"

namespace fathom {

struct FileType {
  FileKind kind = FileKind::unknown;
  std::string name;  // "PNG image", "script for /bin/sh"; empty when unknown
};

// Never fails. Cost: a few comparisons; one pass over files that no magic number knows.
FileType file_type_of(ByteView bytes);

// What an interpreter takes a text for by the end of its name ("Python source"), or "": texts that
// no magic number gives away. Names are known only where files stand in an image, so this is for
// the join; recover() sees bytes and says text.
std::string_view source_language(std::string_view path);

// One row of the table. `mask` has 0 where any byte may stand.
struct MagicRow {
  std::uint64_t offset = 0;
  std::string magic, mask;
  std::string_view name;
  FileKind kind = FileKind::unknown;
};
// Rows of a table as in data/file_types.tsv that have an offset; rows that are not right are left
// out.
std::vector<MagicRow> parse_magic_rows(std::string_view tsv);
// The compiled-in table.
const std::vector<MagicRow>& magic_rows();

// A POSIX or older tar archive begins here, by the checksum of its first header.
bool is_tar_header(ByteView bytes);

// A zip archive ends here, by its end record, whatever stands before it: a program that unpacks
// itself, a script in front of a Python application.
bool ends_as_zip(ByteView bytes);

}  // namespace fathom
