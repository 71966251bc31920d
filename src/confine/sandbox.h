// The walls around everything that parses foreign bytes. After enter_sandbox() this process can
// read and write descriptors it already has, allocate memory and run threads: nothing else. No file
// can be opened, no socket made, no program started, also by code that an input has taken over.

#pragma once

#include <string>
#include <vector>

#include "base/limits.h"

namespace fathom::confine {

// Walls that the kernel or a container runtime refused; the scan goes on and the report says so.
struct SandboxOutcome {
  std::vector<std::string> missing;  // "Landlock: not enabled in this kernel (ENOSYS)"
};

// Irreversible, for the whole process; call it before the first thread is made.
//   no new privileges; not dumpable (no ptrace by equals, no core);
//   rlimits: no core files, address space, open files;
//   Landlock: no file system access at all, no TCP, no signals or abstract sockets outside;
//   seccomp: a list of about thirty system calls; any other ends the process (SIGSYS).
SandboxOutcome enter_sandbox(const Limits& limits);

}  // namespace fathom::confine
