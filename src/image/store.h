// How image readers reach bytes that lie outside of the program. The parent's LocalStore opens
// files; the confined child's store asks the parent for descriptors and can open nothing itself.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/stream.h"
#include "archive/tar.h"
#include "base/bytes.h"
#include "base/result.h"
#include "model/evidence.h"

namespace fathom::image {

// Bytes that can be read anywhere. Never memory-mapped: a file that shrinks while it is read must
// be a short read, not a SIGBUS.
class Blob {
 public:
  virtual ~Blob() = default;
  virtual std::uint64_t size() const = 0;
  // Fills a part of `into` from `offset` on; 0 at or past the end.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) = 0;
};

// One file or folder below a rootfs folder, as lstat sees it.
struct DirectoryEntry {
  std::string path;  // relative, "usr/bin/app"
  archive::TarType type = archive::TarType::regular;
  std::uint32_t mode = 0;
  std::uint64_t uid = 0, gid = 0;
  std::int64_t mtime = 0;
  std::uint64_t size = 0;
  std::string link_target;
  std::uint64_t device = 0, inode = 0, links = 1;  // equal (device, inode) = hard links
};

class Store {
 public:
  virtual ~Store() = default;

  virtual bool is_directory() const = 0;
  // A regular file by its path below the target; "" is the target itself when that is a file.
  // Paths that leave the target, symlinks, devices and fifos are refused.
  virtual Result<std::unique_ptr<Blob>> open(std::string_view path) = 0;
  // Everything below a folder, depth first, sorted by path; unreadable folders come back as gaps.
  virtual Result<std::vector<DirectoryEntry>> list(std::vector<Gap>& gaps) = 0;
  // An empty unnamed temporary file to decompress an outer archive into; gone when closed.
  class Scratch : public Blob {
   public:
    virtual Done append(ByteView bytes) = 0;
  };
  virtual Result<std::unique_ptr<Scratch>> scratch() = 0;

  // A repository of a registry: it has no files and cannot be listed, its documents and blobs come
  // by name, front to back. Names: "tags/TAG" and "manifests/sha256/HEX" are manifests and indexes,
  // "blobs/sha256/HEX" configs and layers, "referrers/sha256/HEX/PAGE" what refers to a manifest.
  virtual bool is_registry() const { return false; }
  struct Wanted {
    std::string name;
    std::uint64_t most = 0;  // bytes; more is limit_exceeded, before or while they come
    bool exact = false;      // and fewer is an error too: `most` is the descriptor's size
  };
  // The next call ends the stream before.
  virtual Result<std::unique_ptr<archive::ByteSource>> fetch(const Wanted& wanted);
};

// A stretch of a blob as a stream; `blob` must outlive it. Reads in large pieces.
std::unique_ptr<archive::ByteSource> source_of(Blob& blob, std::uint64_t offset,
                                               std::uint64_t size);

// The whole of a small blob; limit_exceeded when larger than `most`.
Result<Bytes> read_all(Blob& blob, std::uint64_t most);

// A blob over an open descriptor (owned; pread).
std::unique_ptr<Blob> blob_of_fd(int fd);

// A store over a path of this machine. "-" is standard input, spooled into an unnamed temporary
// file first. Opens nothing but regular files and folders, without following symlinks below it.
Result<std::unique_ptr<Store>> open_local(const std::string& path);

// What LocalStore hands out to a child: an open, read-only descriptor owned by the caller.
Result<int> open_local_fd(const std::string& root, bool is_directory, std::string_view path);

// The pieces of a local store, for the parent of a confined child: descriptors owned by the caller.
Result<int> spool_stdin();      // standard input in an unnamed temporary file
Result<int> open_scratch_fd();  // an empty unnamed temporary file
std::unique_ptr<Store::Scratch> scratch_of_fd(int fd);  // owns `fd`; pwrite and pread

}  // namespace fathom::image
