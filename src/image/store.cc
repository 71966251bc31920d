#include "image/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/text.h"

namespace fathom::image {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Error system_error(std::string_view what) {
  ErrorCode code = errno == ENOENT ? ErrorCode::not_found : ErrorCode::io;
  return {code, std::string(what) + ": " + std::strerror(errno)};
}

Result<std::size_t> read_descriptor(int fd, std::uint64_t offset, std::span<std::uint8_t> into) {
  for (;;) {
    ssize_t n = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return system_error("reading");
  }
}

class FdBlob : public Blob {
 public:
  explicit FdBlob(int fd) : fd_(fd) {
    struct stat status{};
    if (::fstat(fd, &status) == 0) size_ = static_cast<std::uint64_t>(status.st_size);
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

bool leaves(std::string_view path) {
  if (path.starts_with('/')) return true;
  for (std::string_view part : split(path, '/'))
    if (part == "..") return true;
  return false;
}

// Kernels before 5.6 and some container runtimes know no openat2.
int open_component_wise(int root, const std::string& path) {
  std::vector<std::string_view> parts = split(path, '/');
  Descriptor folder(::fcntl(root, F_DUPFD_CLOEXEC, 0));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    bool last = i + 1 == parts.size();
    int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (last ? 0 : O_DIRECTORY);
    int next = ::openat(folder.get(), std::string(parts[i]).c_str(), flags);
    if (next < 0 || last) return next;
    ::close(folder.release());
    folder.~Descriptor();
    new (&folder) Descriptor(next);
  }
  errno = ENOENT;
  return -1;
}

int open_beneath(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;
  long fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(fd);
  return open_component_wise(root, path);
}

Result<int> only_regular(int fd) {
  Descriptor owned(fd);
  struct stat status{};
  if (::fstat(fd, &status) != 0) return system_error("stat");
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::unsupported, "not a regular file"};
  return owned.release();
}

archive::TarType type_of(mode_t mode) {
  using archive::TarType;
  if (S_ISREG(mode)) return TarType::regular;
  if (S_ISDIR(mode)) return TarType::directory;
  if (S_ISLNK(mode)) return TarType::symlink;
  if (S_ISCHR(mode)) return TarType::character_device;
  if (S_ISBLK(mode)) return TarType::block_device;
  if (S_ISFIFO(mode)) return TarType::fifo;
  return TarType::other;
}

std::string link_target(int folder, const char* name) {
  std::string target(4096, '\0');
  ssize_t n = ::readlinkat(folder, name, target.data(), target.size());
  target.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return target;
}

// Walks with one open folder at a time: a path of 20,000 folders needs no more descriptors than a
// path of one.
class Walk {
 public:
  Walk(int root, std::vector<Gap>& gaps) : root_(root), gaps_(gaps) {}

  std::vector<DirectoryEntry> run() {
    std::vector<std::string> todo{""};
    while (!todo.empty()) {
      std::string folder = std::move(todo.back());
      todo.pop_back();
      list(folder, todo);
    }
    std::ranges::sort(found_, {}, &DirectoryEntry::path);
    return std::move(found_);
  }

 private:
  void add_gap(const std::string& path, ErrorCode code, std::string reason) {
    gaps_.push_back({"dir", utf8_or_escaped(path), "", 0, code, std::move(reason)});
  }

  void list(const std::string& folder, std::vector<std::string>& todo) {
    if (folder.size() > limits_.path_bytes)
      return add_gap(folder.substr(0, 200) + "…", ErrorCode::limit_exceeded,
                     "the path is longer than the limit");
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd =
        folder.empty() ? ::fcntl(root_, F_DUPFD_CLOEXEC, 0) : open_beneath(root_, folder, flags);
    if (fd < 0) return add_gap(folder, ErrorCode::io, std::strerror(errno));
    DIR* stream = ::fdopendir(fd);
    if (stream == nullptr) {
      ::close(fd);
      return add_gap(folder, ErrorCode::io, std::strerror(errno));
    }
    ::rewinddir(stream);
    while (const dirent* item = ::readdir(stream)) {
      std::string_view name = item->d_name;
      if (name != "." && name != "..") add(fd, folder, item->d_name, todo);
    }
    ::closedir(stream);
  }

  void add(int fd, const std::string& folder, const char* name, std::vector<std::string>& todo) {
    DirectoryEntry entry;
    entry.path = folder.empty() ? name : folder + "/" + name;
    struct stat status{};
    if (::fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
      return add_gap(entry.path, ErrorCode::io, std::strerror(errno));
    entry.type = type_of(status.st_mode);
    entry.mode = status.st_mode & 07777;
    entry.uid = status.st_uid;
    entry.gid = status.st_gid;
    entry.mtime = status.st_mtime;
    entry.size =
        entry.type == archive::TarType::regular ? static_cast<std::uint64_t>(status.st_size) : 0;
    entry.device = status.st_dev;
    entry.inode = status.st_ino;
    entry.links = status.st_nlink;
    if (entry.type == archive::TarType::symlink) entry.link_target = link_target(fd, name);
    if (entry.type == archive::TarType::directory) todo.push_back(entry.path);
    found_.push_back(std::move(entry));
  }

  int root_;
  std::vector<Gap>& gaps_;
  Limits limits_;
  std::vector<DirectoryEntry> found_;
};

class LocalStore : public Store {
 public:
  LocalStore(std::string root, bool is_directory, int spool)
      : root_(std::move(root)), is_directory_(is_directory), spool_(spool) {}

  bool is_directory() const override { return is_directory_; }

  Result<std::unique_ptr<Blob>> open(std::string_view path) override {
    if (spool_.get() < 0) return blob_of_fd(TRY(open_local_fd(root_, is_directory_, path)));
    if (!path.empty()) return Error{ErrorCode::not_found, "standard input has no files"};
    return blob_of_fd(::fcntl(spool_.get(), F_DUPFD_CLOEXEC, 0));
  }

  Result<std::vector<DirectoryEntry>> list(std::vector<Gap>& gaps) override {
    Descriptor root(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (root.get() < 0) return system_error(root_);
    return Walk(root.get(), gaps).run();
  }

  Result<std::unique_ptr<Scratch>> scratch() override {
    return scratch_of_fd(TRY(open_scratch_fd()));
  }

 private:
  std::string root_;
  bool is_directory_;
  Descriptor spool_;
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

std::unique_ptr<Blob> blob_of_fd(int fd) { return std::make_unique<FdBlob>(fd); }

Result<std::unique_ptr<Store>> open_local(const std::string& path) {
  if (path == "-") return std::unique_ptr<Store>(new LocalStore(path, false, TRY(spool_stdin())));
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return system_error(path);
  return std::unique_ptr<Store>(new LocalStore(path, S_ISDIR(status.st_mode), -1));
}

Result<int> open_local_fd(const std::string& root, bool is_directory, std::string_view path) {
  if (!is_directory) {
    if (!path.empty()) return Error{ErrorCode::not_found, "the target is one file"};
    int fd = ::open(root.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return system_error(root);
    return only_regular(fd);
  }
  if (path.empty() || leaves(path) || path.find('\0') != path.npos)
    return Error{ErrorCode::malformed, "\"" + printable(path) + "\" is no path below the folder"};
  Descriptor folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return system_error(root);
  int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  int fd = open_beneath(folder.get(), std::string(path), flags);
  if (fd < 0) return system_error(printable(path));
  return only_regular(fd);
}

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
