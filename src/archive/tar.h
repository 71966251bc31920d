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
  struct Region {  // of a sparse file: stored bytes at an offset of the content
    std::uint64_t offset = 0, size = 0;
  };
  struct SparseClaim {  // of PAX records
    std::uint64_t real_size = 0;
    bool map_in_content = false;
    std::vector<Region> regions;
  };
  using Records = std::map<std::string, std::string, std::less<>>;  // of PAX headers

  Result<std::optional<Bytes>> next_block();
  Result<std::optional<TarEntry>> parse_entry(const Bytes& block);
  Done skip_content();
  Done read_pax(std::uint64_t size, Records& into, std::string_view what);
  Result<std::string> read_long_name(std::uint64_t size);
  Done apply_pax(TarEntry& entry);
  Done apply_gnu_sparse(const Bytes& header);
  Done apply_pax_sparse(TarEntry& entry, const Records& records);
  Done apply_sparse_claim();
  Result<std::vector<Region>> read_sparse_map_in_content();
  Done set_regions(std::vector<Region> regions, std::uint64_t real_size);
  Result<std::size_t> read_stored(std::span<std::uint8_t> into);
  void problem(ErrorCode code, std::string what);

  ByteSource& source_;
  Limits limits_;
  std::vector<Error> problems_;
  std::uint64_t position_ = 0;  // in the tar stream
  bool ended_ = false;
  std::optional<SparseClaim> sparse_claim_;
  Records global_, local_;             // PAX records in force
  std::string long_name_, long_link_;  // GNU L and K of the next entry
  bool has_long_name_ = false, has_long_link_ = false;
  // The content of the current entry: `stored_left_` bytes in the archive, then `padding_`.
  std::uint64_t stored_left_ = 0, padding_ = 0;
  std::uint64_t content_at_ = 0, content_size_ = 0;  // with holes filled
  bool is_sparse_ = false;
  std::vector<Region> regions_;
  std::size_t region_ = 0;
};

}  // namespace fathom::archive
