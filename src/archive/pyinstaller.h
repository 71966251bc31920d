// The archive that PyInstaller appends to its loader: a table of contents that a record at the end
// leads to, and members, most of them in zlib streams.
// Source: PyInstaller/archive/readers.py (CArchiveReader).

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "archive/problems.h"
#include "archive/stream.h"

namespace fathom::archive {

struct PyInstallerEntry {
  std::string path;
  char type = 0;             // 'b' binary, 'x' data, 'z' archive of modules, 's' script …
  std::uint64_t offset = 0;  // of its bytes, in the file
  std::uint64_t compressed_size = 0, size = 0;
  bool compressed = false;
};

class PyInstallerArchive {
 public:
  // Whether the record is there.
  static bool is_in(ByteView bytes);
  // Views `bytes`. Fails when the record or the table is not where it says.
  static Result<PyInstallerArchive> parse(ByteView bytes, const Limits& limits);

  const std::vector<PyInstallerEntry>& entries() const { return entries_; }
  const std::vector<Error>& problems() const { return problems_.all(); }
  Result<Bytes> read(const PyInstallerEntry& entry, const InflateLimits& limits) const;

 private:
  PyInstallerArchive(ByteView bytes, const Limits& limits)
      : bytes_(bytes), problems_(limits.problems) {}
  void read_table(ByteView table, std::uint64_t start, const Limits& limits);

  ByteView bytes_;
  std::vector<PyInstallerEntry> entries_;
  ProblemList problems_;
};

}  // namespace fathom::archive
