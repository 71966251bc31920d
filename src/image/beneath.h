// Opening below a folder whose content is hostile and may change at any moment: no symlink, no
// "..", no way out, and nothing but regular files and folders is ever opened (opening a fifo can
// hang, opening a device can do anything).

#pragma once

#include <string>

#include "base/result.h"

namespace fathom::image {

// A file descriptor, closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  int release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_;
};

Error system_error(std::string_view what);  // from errno

// openat2 with RESOLVE_BENEATH, where the kernel and the container runtime allow it; else
// open_component_wise. The last component is not followed either. -1 and errno on failure.
int open_beneath(int folder, const std::string& path, int flags);
int open_component_wise(int folder, const std::string& path, int flags);

// The regular file `path` below `folder`, readable.
Result<Descriptor> open_regular_beneath(int folder, const std::string& path);

// Whether the folder is one that a kernel makes up (proc, sysfs, cgroup …): not part of any image,
// and without end.
bool is_kernel_file_system(int folder);

}  // namespace fathom::image
