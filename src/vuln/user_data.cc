#include "vuln/user_data.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace fathom::vuln {
namespace {

constexpr const char* kPackName = "advisories.pack";
constexpr const char* kLockName = "lock";

Error system_error(const std::string& doing, int error = errno) {
  return {ErrorCode::io, doing + ": " + std::strerror(error)};
}

Done write_all(int fd, ByteView bytes) {
  std::string_view text = bytes.as_text();
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("writing");
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return Ok{};
}

Done write_to_disk(const std::string& path, ByteView bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return system_error("opening");
  Done written = write_all(fd, bytes);
  if (written && ::fsync(fd) != 0) written = system_error("writing to the disk");
  if (::close(fd) != 0 && written) written = system_error("closing");
  return written;
}

// Makes a rename last through a loss of power.
void sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

std::optional<DataPlace> data_place(
    const std::string& named, const std::function<std::string(const std::string&)>& variable) {
  DataPlace place;
  std::error_code ignored;
  if (!named.empty()) {
    const std::filesystem::path path(named);
    const bool is_pack =
        std::filesystem::is_regular_file(path, ignored) || path.extension() == ".pack";
    if (is_pack) {
      place.folder = path.has_parent_path() ? path.parent_path().string() : ".";
      place.pack = named;
      return place;
    }
    place.folder = named;
  } else if (const std::string data = variable("XDG_DATA_HOME"); data.starts_with('/')) {
    place.folder = data + "/fathom";
  } else if (const std::string home = variable("HOME"); home.starts_with('/')) {
    place.folder = home + "/.local/share/fathom";
  } else {
    return std::nullopt;
  }
  place.pack = place.folder + "/" + kPackName;
  return place;
}

Result<std::optional<UserData>> UserData::open(const std::string& pack) {
  const int fd = ::open(pack.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::optional<UserData>();
  if (fd < 0) return system_error(pack);
  struct stat status{};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) {
    ::close(fd);
    return Error{ErrorCode::malformed, pack + ": no pack of advisories: not a file, or empty"};
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  // Private and read-only: the file is only ever replaced, never written to in place.
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  const int error = errno;
  ::close(fd);
  if (memory == MAP_FAILED) return system_error(pack, error);
  UserData data{ByteView(std::span(static_cast<const std::uint8_t*>(memory), size))};
  data.database_ = TRY(Database::open(data.bytes_).in(pack));
  TRY(data.database_->verify().in(pack));
  return std::optional<UserData>(std::move(data));
}

UserData::UserData(UserData&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), database_(std::move(other.database_)) {}

UserData::~UserData() {
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.span().data()), bytes_.size());
}

Result<DataLock> DataLock::take(const DataPlace& place, int seconds) {
  std::error_code failure;
  std::filesystem::create_directories(place.folder, failure);
  if (failure) return system_error("making " + place.folder, failure.value());
  const std::string path = place.folder + "/" + kLockName;
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return system_error("opening " + path);
  DataLock lock(fd);
  constexpr timespec kTurn{0, 50'000'000};
  for (int turns = seconds * 20; ::flock(fd, LOCK_EX | LOCK_NB) != 0; --turns) {
    if (errno != EWOULDBLOCK && errno != EINTR) return system_error("locking " + path);
    if (turns <= 0)
      return Error{ErrorCode::io, place.folder + ": another fathom is writing to it (waited " +
                                      std::to_string(seconds) + " s)"};
    ::nanosleep(&kTurn, nullptr);
  }
  return lock;
}

DataLock::~DataLock() {
  if (fd_ >= 0) ::close(fd_);
}

Done DataLock::replace(const DataPlace& place, ByteView pack) const {
  // One writer at a time: a part that a killed one left behind is overwritten.
  const std::string part = place.pack + ".part";
  if (Done written = write_to_disk(part, pack); !written) {
    ::unlink(part.c_str());
    return std::move(written).in(part);
  }
  if (::rename(part.c_str(), place.pack.c_str()) != 0) {
    Error error = system_error("renaming into place").in(place.pack);
    ::unlink(part.c_str());
    return error;
  }
  sync_folder(place.folder);
  return Ok{};
}

}  // namespace fathom::vuln
