// Running a credential helper: a program of the user's, but one more thing that can hang, flood or
// fail while a pipeline waits. Its stderr goes nowhere, because it may hold what it should not.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "registry/credentials.h"

extern char** environ;

namespace fathom::registry {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{20};
constexpr std::size_t kMostAnswer = 64 * 1024;

struct Pipe {
  int read = -1, write = -1;
  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
  void close_end(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  ~Pipe() {
    close_end(read);
    close_end(write);
  }
};

// Reads to the end of the output; false when it is too much or too slow.
bool read_answer(int fd, std::string& answer) {
  const Clock::time_point by = Clock::now() + kPatience;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(by - Clock::now()).count();
    pollfd wait{fd, POLLIN, 0};
    if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) == 0) return false;
    std::array<char, 4096> piece{};
    const ssize_t n = ::read(fd, piece.data(), piece.size());
    if (n == 0) return true;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    answer.append(piece.data(), static_cast<std::size_t>(n));
    if (answer.size() > kMostAnswer) return false;
  }
}

// Its own process group, so that what it has started goes with it.
int start(const std::string& program, Pipe& in, Pipe& out, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  std::string name = program, verb = "get";
  char* const arguments[] = {name.data(), verb.data(), nullptr};
  const int error =
      ::posix_spawnp(&pid, program.c_str(), &actions, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

int wait_for_end(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

Result<Credentials> ask_helper(const std::string& name, const std::string& server) {
  const std::string program = "docker-credential-" + name;
  Pipe in, out;
  if (!in.open() || !out.open()) return Error{ErrorCode::io, program + ": " + std::strerror(errno)};
  pid_t pid = 0;
  if (const int error = start(program, in, out, pid); error != 0)
    return Error{ErrorCode::io, program + " cannot be run: " + std::strerror(error)};
  in.close_end(in.read);
  out.close_end(out.write);
  // Shorter than a pipe's buffer, so this cannot block.
  (void)!::write(in.write, server.data(), server.size());
  in.close_end(in.write);
  std::string answer;
  const bool whole = read_answer(out.read, answer);
  if (!whole) ::kill(-pid, SIGKILL);
  const int status = wait_for_end(pid);
  if (!whole) return Error{ErrorCode::io, program + " took too long or said too much"};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return parse_helper_answer(answer).in(program);
  if (answer.find("credentials not found") != answer.npos) return Credentials{};
  return Error{ErrorCode::io, program + " failed"};
}

}  // namespace fathom::registry
