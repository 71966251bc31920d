// Starts and ends the confined child process.

#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "base/limits.h"
#include "base/result.h"
#include "confine/channel.h"

namespace fathom::confine {

// The word that makes the program run as its own child; main() looks for it first.
inline constexpr const char* kChildArgument = "__confined";
inline constexpr int kChildDescriptor = 3;

// What the child runs; its first act is to enter the sandbox.
using ChildMain = std::function<int(Channel channel)>;

struct ChildOptions {
  ChildMain main;
  // Start a fresh copy of this program, so that nothing of the parent's memory (credentials, for
  // instance) is in the child; its main() must run `main` when it sees kChildArgument. Where
  // /proc/self/exe cannot be run, and when this is false, the child is a fork of the parent.
  bool fresh_program = true;
};

class Child {
 public:
  static Result<Child> start(const Limits& limits, const ChildOptions& options);
  Child(Child&&) noexcept = default;
  Child& operator=(Child&&) = delete;
  ~Child();  // kills and reaps

  Channel& channel() { return channel_; }

  // Waits for the end, kills at once when asked and otherwise after some seconds of grace, and says
  // how it ended: "" for an orderly end, "killed by SIGSEGV", "exit status 3".
  std::string finish(bool kill_it);

 private:
  Child(pid_t pid, Channel channel) : pid_(pid), channel_(std::move(channel)) {}
  class Pid {  // moves leave -1 behind
   public:
    explicit Pid(pid_t pid) : pid_(pid) {}
    Pid(Pid&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    pid_t pid_;
  };
  Pid pid_;
  Channel channel_;
};

}  // namespace fathom::confine
