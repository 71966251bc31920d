// Reads tar archives as they stream by: POSIX ustar and PAX, GNU long names and sparse files
// (all forms), old v7 headers. Where tar readers disagree, this one sides with Go's archive/tar,
// because that is what container runtimes unpack layers with, and says so in problems().
// Source: POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive/input.h"
#include "archive/problems.h"
#include "archive/sparse.h"
#include "archive/stream.h"

namespace fathom::archive {

struct TarHeader;

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
  // `source` must outlive the reader, which reads ahead of the entry it is at.
  TarReader(ByteSource& source, const Limits& limits);

  // The next entry, or nothing at the end. An error means the archive cannot be read further;
  // whatever came before stands. What could be skipped over is in problems(). At the end of the
  // archive the rest of the source is read and must be zero, as nothing else looks behind it.
  Result<std::optional<TarEntry>> next();

  // Content of the entry that next() returned, with holes as zeros; 0 at its end. What is not
  // read is skipped by the next call of next(). An error (a sparse map that makes no sense, an
  // archive cut short) concerns this entry; next() may still succeed. Holes cost nothing to write
  // and can claim any size: look at TarEntry::size before reading to the end.
  Result<std::size_t> read(std::span<std::uint8_t> into);

  // The whole content of the current entry; limit_exceeded when larger than `most`.
  Result<Bytes> read_all(std::uint64_t most);

  const std::vector<Error>& problems() const { return problems_.all(); }

 private:
  struct Extensions;
  struct Member;

  Result<std::optional<TarEntry>> find_entry();
  Result<std::optional<Member>> next_member();
  Result<std::optional<Bytes>> next_block();
  void drain();
  Done take_pax(const Member& member, Extensions& extensions);
  Result<std::string> take_long_name(const Member& member);
  Result<Bytes> read_extension(const Member& member);
  Result<TarEntry> open_entry(const Member& member, const Extensions& extensions);
  void read_names(const TarHeader& header, const Extensions& extensions, TarEntry& entry);
  void read_attributes(const Member& member, const Extensions& extensions, TarEntry& entry);
  Result<std::uint64_t> stored_size(const Member& member, const Extensions& extensions,
                                    const TarEntry& entry);
  void open_sparse(const Member& member, const Extensions& extensions, TarEntry& entry);
  Result<SparseMap> read_sparse_map(const Member& member, const Extensions& extensions,
                                    TarEntry& entry);
  Result<SparseMap> read_old_sparse_map(const Member& member, TarEntry& entry);
  Result<SparseMap> read_sparse_map_1_0();
  Result<bool> header_follows();
  Done finish_entry();
  Result<std::size_t> read_stored(std::span<std::uint8_t> into);
  Result<std::size_t> read_sparse(std::span<std::uint8_t> into);
  void note_about(const TarEntry& entry, ErrorCode code, std::string message);

  Input input_;
  Limits limits_;
  ProblemList problems_;
  std::uint64_t entries_ = 0;
  std::uint64_t holes_ = 0;  // bytes of holes handed out
  std::map<std::string, std::string, std::less<>> global_records_;
  std::optional<Error> failed_;
  bool ended_ = false;

  // Of the current entry.
  std::uint64_t stored_left_ = 0;  // content bytes in the archive, not yet read
  std::uint64_t padding_ = 0;      // behind them
  std::uint64_t size_ = 0;         // with holes
  std::uint64_t position_ = 0;     // in the content with holes
  bool sparse_ = false;
  SparseMap regions_;
  std::size_t region_ = 0;  // the first that does not end before position_
  std::optional<Error> unreadable_;
};

}  // namespace fathom::archive
