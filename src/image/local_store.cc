// Files and folders of this machine. A folder's content is as hostile as an archive's, and can
// change while it is read.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/limits.h"
#include "base/text.h"
#include "image/beneath.h"
#include "image/gap_list.h"
#include "image/store.h"

namespace fathom::image {
namespace {

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

struct CloseFolder {
  void operator()(DIR* stream) const { ::closedir(stream); }
};

// Has one folder open at a time and finds each from the root again: a path of many folders needs no
// more descriptors, and no more stack, than a path of one.
class Walk {
 public:
  explicit Walk(int root) : root_(root) {}

  std::vector<DirectoryEntry> run() {
    todo_.emplace_back();
    while (!todo_.empty() && !full_) {
      std::string folder = std::move(todo_.back());
      todo_.pop_back();
      if (Done done = list(folder); !done)
        gaps_.add(done.error().code, done.error().message, folder);
    }
    std::ranges::sort(found_, {}, &DirectoryEntry::path);
    return std::move(found_);
  }
  std::vector<Gap> take_gaps() { return gaps_.take(); }

 private:
  Done list(const std::string& folder) {
    if (too_deep(folder)) return Error{ErrorCode::limit_exceeded, "not looked into: too deep"};
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    Descriptor fd(folder.empty() ? ::openat(root_, ".", flags)
                                 : open_beneath(root_, folder, flags));
    if (!fd.open()) return system_error("the folder cannot be read");
    if (is_kernel_file_system(fd.get()))
      return Error{ErrorCode::unsupported,
                   "not looked into: a file system that the kernel makes up, not part of an image"};
    const int folder_fd = fd.get();
    std::unique_ptr<DIR, CloseFolder> stream(::fdopendir(folder_fd));
    if (!stream) return system_error("the folder cannot be read");
    (void)fd.release();  // the stream's now
    for (;;) {
      errno = 0;
      const dirent* item = ::readdir(stream.get());
      if (item == nullptr) break;
      const std::string_view name = item->d_name;
      if (name == "." || name == "..") continue;
      if (folder.size() + 1 + name.size() < limits_.path_bytes)
        add(folder_fd, folder, item->d_name);
      else
        gaps_.add(ErrorCode::limit_exceeded, "a name in this folder makes a path too long", folder);
      if (full_) return Ok{};
    }
    if (errno != 0) return system_error("the folder cannot be read to its end");
    return Ok{};
  }

  bool too_deep(const std::string& folder) const {
    return !folder.empty() &&
           static_cast<std::uint64_t>(std::ranges::count(folder, '/')) + 2 > limits_.path_depth;
  }

  void add(int fd, const std::string& folder, const char* name) {
    DirectoryEntry entry;
    entry.path = folder.empty() ? name : folder + "/" + name;
    struct stat status{};
    if (::fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      const Error error = system_error("cannot be looked at");
      return gaps_.add(error.code, error.message, entry.path);
    }
    entry.type = type_of(status.st_mode);
    entry.mode = status.st_mode & 07777;
    entry.uid = status.st_uid;
    entry.gid = status.st_gid;
    entry.mtime = status.st_mtime;
    if (entry.type == archive::TarType::regular)
      entry.size = static_cast<std::uint64_t>(status.st_size);
    entry.device = status.st_dev;
    entry.inode = status.st_ino;
    entry.links = status.st_nlink;
    if (entry.type == archive::TarType::symlink) entry.link_target = link_target(fd, name);
    if (entry.type == archive::TarType::directory) todo_.push_back(entry.path);
    found_.push_back(std::move(entry));
    if (found_.size() < limits_.entries) return;
    full_ = true;
    gaps_.add(ErrorCode::limit_exceeded,
              "more than " + with_thousands(limits_.entries) + " files; the rest was not listed");
  }

  int root_;
  Limits limits_;
  GapList gaps_{"dir", limits_.problems};
  std::vector<DirectoryEntry> found_;
  std::vector<std::string> todo_;
  bool full_ = false;
};

class LocalStore : public Store {
 public:
  LocalStore(std::string root, bool is_directory, int spool)
      : root_(std::move(root)), is_directory_(is_directory), spool_(spool) {}

  bool is_directory() const override { return is_directory_; }

  Result<std::unique_ptr<Blob>> open(std::string_view path) override {
    if (!spool_.open()) return blob_of_fd(TRY(open_local_fd(root_, is_directory_, path)));
    if (!path.empty()) return Error{ErrorCode::not_found, "standard input has no files"};
    int copy = ::fcntl(spool_.get(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return system_error("standard input");
    return blob_of_fd(copy);
  }

  Result<std::vector<DirectoryEntry>> list(std::vector<Gap>& gaps) override {
    Descriptor root(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root.open()) return system_error(root_);
    Walk walk(root.get());
    std::vector<DirectoryEntry> found = walk.run();
    for (Gap& gap : walk.take_gaps()) gaps.push_back(std::move(gap));
    return found;
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

Result<std::unique_ptr<Store>> open_local(const std::string& path) {
  if (path == "-") {
    int spool = TRY(spool_stdin());
    return std::unique_ptr<Store>(new LocalStore(path, false, spool));
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return system_error(path);
  if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))
    return Error{ErrorCode::unsupported, path + ": neither a file nor a folder"};
  return std::unique_ptr<Store>(new LocalStore(path, S_ISDIR(status.st_mode), -1));
}

Result<int> open_local_fd(const std::string& root, bool is_directory, std::string_view path) {
  if (!is_directory) {
    if (!path.empty()) return Error{ErrorCode::not_found, "the target is one file"};
    // What the user typed may be a symlink.
    Descriptor fd(::open(root.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status{};
    if (!fd.open() || ::fstat(fd.get(), &status) != 0) return system_error(root);
    if (!S_ISREG(status.st_mode))
      return Error{ErrorCode::unsupported, root + ": is not a regular file"};
    return fd.release();
  }
  const std::vector<std::string_view> parts = split(path, '/');
  if (path.find('\0') != path.npos ||
      std::ranges::any_of(parts, [](std::string_view p) { return p.empty() || p == ".."; }))
    return Error{ErrorCode::malformed, "\"" + printable(path) + "\" is no path below the folder"};
  Descriptor folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open()) return system_error(root);
  return TRY(open_regular_beneath(folder.get(), std::string(path))).release();
}

}  // namespace fathom::image
