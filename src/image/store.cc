#include "image/store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "image/beneath.h"

namespace fathom::image {
namespace {

Result<std::size_t> read_descriptor(int fd, std::uint64_t offset, std::span<std::uint8_t> into) {
  for (;;) {
    ssize_t n = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return system_error("reading");
  }
}

class FdBlob : public Blob {
 public:
  // Not fstat: C libraries make newfstatat of it, which takes paths and is therefore forbidden in
  // the confined child.
  explicit FdBlob(int fd) : fd_(fd) {
    off_t end = ::lseek(fd, 0, SEEK_END);
    if (end > 0) size_ = static_cast<std::uint64_t>(end);
  }
  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    return read_descriptor(fd_.get(), offset, into);
  }

 private:
  Descriptor fd_;
  std::uint64_t size_ = 0;
};

class FdScratch : public Store::Scratch {
 public:
  explicit FdScratch(int fd) : fd_(fd) {}
  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    return read_descriptor(fd_.get(), offset, into);
  }
  Done append(ByteView bytes) override {
    std::span<const std::uint8_t> rest = bytes.span();
    while (!rest.empty()) {
      ssize_t n = ::pwrite(fd_.get(), rest.data(), rest.size(), static_cast<off_t>(size_));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return system_error("writing a temporary file");
      size_ += static_cast<std::uint64_t>(n);
      rest = rest.subspan(static_cast<std::size_t>(n));
    }
    return Ok{};
  }

 private:
  Descriptor fd_;
  std::uint64_t size_ = 0;
};

class BlobSource : public archive::ByteSource {
 public:
  BlobSource(Blob& blob, std::uint64_t offset, std::uint64_t size)
      : blob_(blob), offset_(offset), left_(size) {}

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (left_ == 0 || into.empty()) return std::size_t{0};
    std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_));
    std::size_t n = TRY(blob_.read_at(offset_, into.first(want)));
    if (n == 0) return Error{ErrorCode::truncated, "the file ended early"};
    offset_ += n;
    left_ -= n;
    return n;
  }

 private:
  Blob& blob_;
  std::uint64_t offset_, left_;
};

}  // namespace

std::unique_ptr<archive::ByteSource> source_of(Blob& blob, std::uint64_t offset,
                                               std::uint64_t size) {
  return std::make_unique<BlobSource>(blob, offset, size);
}

Result<Bytes> read_all(Blob& blob, std::uint64_t most) {
  if (blob.size() > most)
    return Error{
        ErrorCode::limit_exceeded,
        std::to_string(blob.size()) + " bytes are more than the limit of " + std::to_string(most)};
  Bytes bytes(blob.size());
  std::unique_ptr<archive::ByteSource> source = source_of(blob, 0, blob.size());
  if (TRY(archive::read_fully(*source, bytes)) != bytes.size())
    return Error{ErrorCode::truncated, "the file ended early"};
  return bytes;
}

Result<std::unique_ptr<archive::ByteSource>> Store::fetch(const Wanted&) {
  return Error{ErrorCode::usage, "is no registry"};
}

std::unique_ptr<Blob> blob_of_fd(int fd) { return std::make_unique<FdBlob>(fd); }

Result<int> open_scratch_fd() {
  const char* folder = std::getenv("TMPDIR");
  if (folder == nullptr || *folder == '\0') folder = "/tmp";
  int fd = ::open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) fd = ::memfd_create("fathom", MFD_CLOEXEC);
  if (fd < 0) return system_error("making a temporary file");
  return fd;
}

std::unique_ptr<Store::Scratch> scratch_of_fd(int fd) { return std::make_unique<FdScratch>(fd); }

Result<int> spool_stdin() {
  Descriptor spool(TRY(open_scratch_fd()));
  Bytes buffer(1 << 18);
  for (;;) {
    ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("reading standard input");
    if (n == 0) return spool.release();
    for (ssize_t done = 0; done < n;) {
      ssize_t w = ::write(spool.get(), buffer.data() + done, static_cast<std::size_t>(n - done));
      if (w < 0 && errno == EINTR) continue;
      if (w <= 0) return system_error("keeping standard input in a temporary file");
      done += w;
    }
  }
}

}  // namespace fathom::image
