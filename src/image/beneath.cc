#include "image/beneath.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/text.h"

namespace fathom::image {
namespace {

// What a path stands for, without opening it.
constexpr int kNameOnly = O_PATH | O_NOFOLLOW | O_CLOEXEC;
constexpr int kReadFile = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Without /proc the name is looked up a second time, and it must still be the same file.
Result<Descriptor> open_again(int folder, const std::string& path, const struct stat& expected) {
  Descriptor fd(open_beneath(folder, path, kReadFile | O_NOFOLLOW));
  if (!fd.open()) return system_error("opening");
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return system_error("opening");
  if (!same_file(status, expected)) return Error{ErrorCode::io, "was replaced while it was opened"};
  return fd;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) ::close(fd_);
  fd_ = other.release();
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Error system_error(std::string_view what) {
  ErrorCode code = errno == ENOENT || errno == ENOTDIR ? ErrorCode::not_found : ErrorCode::io;
  return {code, std::string(what) + ": " + std::strerror(errno)};
}

int open_beneath(int folder, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_NOFOLLOW);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;
  constexpr int kMostTries = 16;  // EAGAIN: something was renamed meanwhile
  for (int tries = 0; tries < kMostTries; ++tries) {
    long fd = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    // Kernels before 5.6 do not know openat2, older container runtimes forbid what they do not
    // know.
    if (errno == ENOSYS || errno == EPERM) return open_component_wise(folder, path, flags);
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return -1;
}

int open_component_wise(int folder, const std::string& path, int flags) {
  Descriptor at;
  std::size_t begin = 0;
  for (;;) {
    std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (part.empty() || part == "..") {
      errno = part.empty() ? ENOENT : EXDEV;
      return -1;
    }
    const int from = at.open() ? at.get() : folder;
    if (end == path.size()) return ::openat(from, part.c_str(), flags | O_NOFOLLOW);
    Descriptor next(::openat(from, part.c_str(), kNameOnly | O_DIRECTORY));
    if (!next.open()) return -1;
    at = std::move(next);
    begin = end + 1;
  }
}

Result<Descriptor> open_regular_beneath(int folder, const std::string& path) {
  Descriptor name(open_beneath(folder, path, kNameOnly));
  if (!name.open()) return system_error(printable(path));
  struct stat status{};
  if (::fstat(name.get(), &status) != 0) return system_error(printable(path));
  if (!S_ISREG(status.st_mode))
    return Error{ErrorCode::unsupported, printable(path) + ": is not a regular file"};
  const std::string link = "/proc/self/fd/" + std::to_string(name.get());
  Descriptor fd(::open(link.c_str(), kReadFile));
  if (fd.open()) return fd;
  if (errno != ENOENT) return system_error(printable(path));
  return open_again(folder, path, status).in(printable(path));
}

bool is_kernel_file_system(int folder) {
  struct statfs status{};
  if (::fstatfs(folder, &status) != 0) return false;
  constexpr std::uint32_t kMade[] = {PROC_SUPER_MAGIC,   SYSFS_MAGIC,         DEVPTS_SUPER_MAGIC,
                                     CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC,
                                     TRACEFS_MAGIC,      SECURITYFS_MAGIC,    BPF_FS_MAGIC,
                                     PSTOREFS_MAGIC,     SELINUX_MAGIC,       EFIVARFS_MAGIC};
  return std::ranges::find(kMade, static_cast<std::uint32_t>(status.f_type)) != std::end(kMade);
}

}  // namespace fathom::image
