#include "cli/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace fathom::cli {
namespace {

Error system_error(const std::string& what) {
  return {ErrorCode::io, what + ": " + std::strerror(errno)};
}

Done write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("writing");
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return Ok{};
}

Done write_new(const std::string& path, std::string_view text) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return system_error("opening");
  Done written = write_all(fd, text);
  if (::close(fd) != 0 && written) written = system_error("closing");
  return written;
}

}  // namespace

bool write_stdout(std::string_view text) {
  Done written = write_all(STDOUT_FILENO, text);
  if (!written) log::error("the output could not be written: " + written.error().message);
  return written.has_value();
}

Done write_file(const std::string& path, std::string_view text) {
  struct stat status{};
  bool special = ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  if (special) return write_new(path, text).in(path);
  std::string beside = path + ".part" + std::to_string(::getpid());
  if (Done written = write_new(beside, text); !written) {
    ::unlink(beside.c_str());
    return std::move(written).in(path);
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    Error error = system_error("renaming into place").in(path);
    ::unlink(beside.c_str());
    return error;
  }
  return Ok{};
}

Result<std::string> read_file(const std::string& path, std::uint64_t most) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_error(path);
  std::string text;
  char buffer[65536];
  for (;;) {
    ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || text.size() > most) {
      Error error = n < 0 ? system_error(path)
                          : Error{ErrorCode::limit_exceeded, path + ": larger than expected"};
      ::close(fd);
      if (n < 0 || text.size() > most) return error;
      return text;
    }
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

}  // namespace fathom::cli
