// Runs a program step by step and prints every distinct pair of the address of a call or jump and
// the address it went to, for bench/call_edges.py: "T place target". x86_64, static and not
// position-independent, or with addresses from its load address on; one thread.
//
//     call_trace STEPS PROGRAM [ARGUMENT…]

#include <fmt/format.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "code/decoder.h"

namespace {

using fathom::code::Instruction;
using fathom::code::Op;

class Tracer {
 public:
  explicit Tracer(pid_t child) : child_(child) {
    std::ifstream maps(fmt::format("/proc/{}/maps", child));
    std::string line;
    if (std::getline(maps, line)) base_ = std::stoull(line, nullptr, 16);
  }

  void run(std::uint64_t steps, bool is_relative) {
    if (!is_relative) base_ = 0;
    std::uint64_t last = 0;
    bool was_branch = false;
    for (int status = 0; steps > 0; --steps) {
      user_regs_struct registers{};
      if (::ptrace(PTRACE_GETREGS, child_, nullptr, &registers) != 0) return;
      if (was_branch) pairs_.emplace(last - base_, registers.rip - base_);
      last = registers.rip;
      was_branch = is_branch(last);
      if (::ptrace(PTRACE_SINGLESTEP, child_, nullptr, pending_) != 0) return;
      if (::waitpid(child_, &status, 0) < 0 || !WIFSTOPPED(status)) return;
      pending_ = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
      if (pending_ != 0) was_branch = false;
    }
    ::kill(child_, SIGKILL);
  }

  void print() const {
    for (auto [place, target] : pairs_) fmt::print("T {:x} {:x}\n", place, target);
  }

 private:
  // Nothing writes code here, so one look at each address is enough.
  bool is_branch(std::uint64_t address) {
    auto [at, is_new] = seen_.try_emplace(address, false);
    if (!is_new) return at->second;
    std::uint8_t bytes[16] = {};
    for (std::size_t i = 0; i < sizeof(bytes); i += sizeof(long)) {
      long word = ::ptrace(PTRACE_PEEKTEXT, child_, address + i, nullptr);
      std::memcpy(bytes + i, &word, sizeof(word));
    }
    Instruction one = fathom::code::decode_x86_64(bytes, address);
    return at->second = one.op == Op::call || one.op == Op::jump || one.op == Op::jump_if ||
                        one.op == Op::call_indirect || one.op == Op::jump_indirect;
  }

  pid_t child_;
  long pending_ = 0;
  std::uint64_t base_ = 0;
  std::unordered_map<std::uint64_t, bool> seen_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> pairs_;
};

bool is_position_independent(const char* path) {
  std::ifstream in(path, std::ios::binary);
  char header[18] = {};
  in.read(header, sizeof(header));
  return header[16] == 3;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: call_trace STEPS PROGRAM [ARGUMENT…]\n");
    return 2;
  }
  pid_t child = ::fork();
  if (child == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::dup2(2, 1);
    ::execv(argv[2], argv + 2);
    std::_Exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Tracer tracer(child);
  tracer.run(std::strtoull(argv[1], nullptr, 10), is_position_independent(argv[2]));
  tracer.print();
}
