#include "confine/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace fathom::confine {
namespace {

// stdin and stdout lead nowhere. stderr stays: what a dying child says helps whoever debugs it, and
// the walls leave it nothing of an image's text to print but through its own crash.
void point_standard_streams_away() {
  int null = ::open("/dev/null", O_RDWR);
  if (null < 0) return;
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
#ifdef NDEBUG
  ::dup2(null, STDERR_FILENO);
#endif
  if (null > STDERR_FILENO) ::close(null);
}

// Replaces this process by a fresh copy of the program; returns only when that cannot be done.
void run_fresh_program() {
  std::array<const char*, 3> arguments{"fathom", kChildArgument, nullptr};
  std::array<std::string, 3> kept;
  std::array<const char*, 4> environment{};
  std::size_t n = 0;
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "FATHOM_PLANT_REFUSE"})
    if (const char* value = std::getenv(name)) {
      kept[n] = std::string(name) + "=" + value;
      environment[n] = kept[n].c_str();
      ++n;
    }
  ::execve("/proc/self/exe", const_cast<char* const*>(arguments.data()),
           const_cast<char* const*>(environment.data()));
}

// In the new process: the channel at kChildDescriptor, nothing else inherited, gone with the
// parent.
[[noreturn]] void become_child(int socket, const Limits& limits, const ChildOptions& options) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  ::signal(SIGINT, SIG_IGN);  // the parent gets it too and decides
  point_standard_streams_away();
  if (socket != kChildDescriptor) ::dup2(socket, kChildDescriptor);
  ::fcntl(kChildDescriptor, F_SETFD, 0);
  ::close_range(kChildDescriptor + 1, ~0u, 0);
  if (options.fresh_program) run_fresh_program();
  ::_exit(options.main(Channel(Fd(kChildDescriptor), limits)));
}

// A child that was taken over may close its channel and live on.
int wait_with_grace(pid_t pid) {
  constexpr int kTurns = 2000;
  constexpr timespec kTurn{0, 5'000'000};
  int status = 0;
  for (int turn = 0; turn < kTurns; ++turn) {
    pid_t ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == pid || (ended < 0 && errno != EINTR)) return status;
    ::nanosleep(&kTurn, nullptr);
  }
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string describe_signal(int signal) {
  const char* name = sigabbrev_np(signal);
  std::string text = "killed by SIG" + std::string(name != nullptr ? name : std::to_string(signal));
  if (signal == SIGSYS) text += ": a system call that the sandbox forbids";
  if (signal == SIGABRT) text += ": out of memory or a failed assertion";
  return text;
}

}  // namespace

Result<Child> Child::start(const Limits& limits, const ChildOptions& options) {
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0)
    return Error{ErrorCode::io, std::string("socketpair: ") + std::strerror(errno)};
  Fd ours(sockets[0]);
  Fd theirs(sockets[1]);
  pid_t pid = ::fork();
  if (pid < 0) return Error{ErrorCode::io, std::string("fork: ") + std::strerror(errno)};
  if (pid == 0) become_child(theirs.get(), limits, options);
  return Child(pid, Channel(std::move(ours), limits));
}

Child::~Child() { finish(true); }

std::string Child::finish(bool kill_it) {
  if (pid_.pid_ < 0) return {};
  if (kill_it) ::kill(pid_.pid_, SIGKILL);
  int status = wait_with_grace(pid_.pid_);
  pid_.pid_ = -1;
  if (WIFSIGNALED(status)) return describe_signal(WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return "exit status " + std::to_string(WEXITSTATUS(status));
  return {};
}

}  // namespace fathom::confine
