// Reads tar archives as they stream by: POSIX ustar and PAX, GNU long names and sparse files
// (all forms), old v7 headers.
// Source: POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive/stream.h"

namespace fathom::archive {

enum class TarType {
  regular,
  hard_link,
  symlink,
  character_device,
  block_device,
  directory,
  fifo,
  other
};
std::string_view name_of(TarType type);

struct TarEntry {
  std::string path;  // as written: not normalised, may be absolute, contain "..", any byte but NUL
  TarType type = TarType::regular;
  std::uint32_t mode = 0;
  std::uint64_t uid = 0, gid = 0;
  std::int64_t mtime = 0;
  std::uint64_t size = 0;  // of the content with holes filled
  std::string link_target;
  std::uint64_t device_major = 0, device_minor = 0;
  std::uint64_t header_offset = 0;   // of the entry's first header block in the tar stream
  std::uint64_t content_offset = 0;  // of the first stored content byte
  bool sparse = false;
  std::map<std::string, std::string> xattrs;  // SCHILY.xattr.*, e.g. "security.capability"
};

class TarReader {
 public:
  // `source` must outlive the reader.
  TarReader(ByteSource& source, const Limits& limits);

  // The next entry, or nothing at the end. An error means the archive cannot be read further;
  // whatever came before stands. What could be skipped over is in problems().
  Result<std::optional<TarEntry>> next();

  // Content of the entry that next() returned, with holes as zeros; 0 at its end. What is not
  // read is skipped by the next call of next().
  Result<std::size_t> read(std::span<std::uint8_t> into);

  // The whole content of the current entry; limit_exceeded when larger than `most`.
  Result<Bytes> read_all(std::uint64_t most);

  const std::vector<Error>& problems() const { return problems_; }

 private:
  ByteSource& source_;
  Limits limits_;
  std::vector<Error> problems_;
  // Private state is the implementer's to choose.
};

}  // namespace fathom::archive
