// Reads zip archives (jar, wheel, apk …) by their central directory, and says where it and the
// local headers disagree. Source: PKWARE APPNOTE 6.3.10.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "archive/problems.h"
#include "archive/stream.h"

namespace fathom::archive {

struct ZipEntry {
  std::string path;  // as written
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
  std::uint64_t compressed_size = 0;
  std::uint64_t size = 0;
  std::uint32_t crc32 = 0;
  std::uint64_t header_offset = 0;  // of the local header, from the start of the file
  bool is_directory = false;
  bool encrypted = false;
  bool overlaps = false;  // another member: refused by read()
};

class ZipFile {
 public:
  // Views `bytes`; must not outlive them. Fails when no central directory can be found.
  static Result<ZipFile> parse(ByteView bytes, const Limits& limits);

  const std::vector<ZipEntry>& entries() const { return entries_; }
  // Overlapping members, disagreeing headers, a directory that ends early, bytes before the first.
  const std::vector<Error>& problems() const { return problems_.all(); }

  // The content, checked against size and CRC-32. Stored and deflated members; others unsupported.
  // Members that share bytes with another one or with the directory are refused: a few of them can
  // stand for petabytes.
  Result<Bytes> read(const ZipEntry& entry, const InflateLimits& limits) const;

 private:
  struct Directory;

  ZipFile(ByteView bytes, const Limits& limits) : bytes_(bytes), problems_(limits.problems) {}
  Result<Directory> find_directory();
  Result<Directory> directory_at(std::uint64_t end_record) const;
  void read_directory(const Directory& directory, const Limits& limits);
  void compare_with_local(const ZipEntry& entry);
  void find_overlaps(const Directory& directory);
  void find_twins();
  void find_second_directory();
  Result<std::uint64_t> content_offset(const ZipEntry& entry) const;
  Result<ByteView> stored_bytes(const ZipEntry& entry) const;
  void note(const ZipEntry& entry, ErrorCode code, std::string_view what);

  ByteView bytes_;
  std::vector<ZipEntry> entries_;
  std::vector<std::uint64_t> other_ends_;   // end records beside the one that counts
  std::vector<std::uint64_t> overlapping_;  // their header offsets, sorted
  ProblemList problems_;
};

}  // namespace fathom::archive
