// Two independent walls: seccomp decides which system calls exist, Landlock what the file system
// and network would answer if one slipped through. Both are written against the kernel's own
// interface (seccomp(2), landlock(7)): libseccomp would add a library for one constant table, and
// the distribution's headers are older than the Landlock versions of current kernels.

#include "confine/sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FATHOM_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FATHOM_SANITIZED 1
#endif
#endif

namespace fathom::confine {
namespace {

// Tests of the fallback pretend that the kernel said no; only in builds made for them.
bool pretend_refused([[maybe_unused]] std::string_view wall) {
#ifdef FATHOM_PLANT_FAULTS
  const char* refused = std::getenv("FATHOM_PLANT_REFUSE");
  return refused != nullptr && std::string_view(refused).find(wall) != std::string_view::npos;
#else
  return false;
#endif
}

std::string refused(std::string_view wall, int error) {
  return std::string(wall) + " is not available here (" + strerrorname_np(error) + ")";
}

// ---- Landlock ----

struct LandlockRuleset {  // struct landlock_ruleset_attr of Landlock ABI 6
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
  std::uint64_t scoped;
};

std::uint64_t all_fs_rights(long abi) {
  // 13 rights in ABI 1, then refer (2), truncate (3), ioctl_dev (5).
  std::uint64_t rights = (1u << 13) - 1;
  if (abi >= 2) rights |= 1u << 13;
  if (abi >= 3) rights |= 1u << 14;
  if (abi >= 5) rights |= 1u << 15;
  return rights;
}

int enter_landlock() {
  if (pretend_refused("landlock")) return EPERM;
  constexpr unsigned kVersionQuery = 1;
  long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersionQuery);
  if (abi < 0) return errno;
  LandlockRuleset ruleset{all_fs_rights(abi), 0, 0};
  if (abi >= 4) ruleset.handled_access_net = 3;  // bind and connect, TCP
  if (abi >= 6) ruleset.scoped = 3;              // abstract sockets, signals
  std::size_t size = abi >= 6 ? sizeof ruleset : abi >= 4 ? 16 : 8;
  long fd = syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
  if (fd < 0) return errno;
  // No rule is added: everything handled is denied.
  long failed = syscall(SYS_landlock_restrict_self, fd, 0);
  int error = errno;
  close(static_cast<int>(fd));
  return failed == 0 ? 0 : error;
}

// ---- seccomp ----

// What running code needs: memory, threads, the descriptors it was given, an orderly end.
constexpr int kAllowed[] = {
    SYS_read,
    SYS_pread64,
    SYS_readv,
    SYS_write,
    SYS_pwrite64,
    SYS_writev,
    SYS_lseek,
    SYS_close,
    SYS_fstat,
    SYS_recvmsg,
    SYS_sendmsg,
    SYS_munmap,
    SYS_mremap,
    SYS_brk,
    SYS_madvise,
    SYS_futex,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_gettid,
    SYS_getpid,
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_getrandom,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_tgkill,
    SYS_exit,
    SYS_exit_group,
    SYS_restart_syscall,
#ifdef FATHOM_SANITIZED
    // The sanitizers' runtimes look at the process; they are never in what users run.
    SYS_prctl,
    SYS_readlink,
    SYS_prlimit64,
    SYS_sched_setaffinity,
    SYS_arch_prctl, SYS_pipe, SYS_pipe2,
    SYS_getuid,
#endif
};

constexpr std::uint32_t kArgument0Low = offsetof(seccomp_data, args);
constexpr std::uint32_t argument_low(unsigned index) { return kArgument0Low + 8 * index; }

class Filter {
 public:
  void load(std::uint32_t offset) { add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)); }
  void result(std::uint32_t action) { add(BPF_STMT(BPF_RET | BPF_K, action)); }
  // The next `skip` instructions run only when the accumulator equals `value`.
  void unless_equal_skip(std::uint32_t value, std::uint8_t skip) {
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip));
  }
  void unless_at_least_skip(std::uint32_t value, std::uint8_t skip) {
    add(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, 0, skip));
  }
  void unless_any_bit_skip(std::uint32_t bits, std::uint8_t skip) {
    add(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, skip));
  }
  std::vector<sock_filter>& code() { return code_; }

 private:
  void add(sock_filter instruction) { code_.push_back(instruction); }
  std::vector<sock_filter> code_;
};

// `call` is allowed unless any of `forbidden` is set in its argument `index`. Falls through, the
// number still in the accumulator, for every other call.
void allow_without_bits(Filter& filter, int call, unsigned index, std::uint32_t forbidden) {
  filter.unless_equal_skip(static_cast<std::uint32_t>(call), 4);
  filter.load(argument_low(index));
  filter.unless_any_bit_skip(forbidden, 1);
  filter.result(SECCOMP_RET_KILL_PROCESS);
  filter.result(SECCOMP_RET_ALLOW);
}

Filter make_filter() {
  Filter filter;
  filter.load(offsetof(seccomp_data, arch));
  filter.unless_equal_skip(AUDIT_ARCH_X86_64, 1);
  filter.load(offsetof(seccomp_data, nr));
  // A foreign architecture falls through with its arch value as number, which is at least this:
  constexpr std::uint32_t kX32Bit = 0x40000000;
  filter.unless_at_least_skip(kX32Bit, 1);
  filter.result(SECCOMP_RET_KILL_PROCESS);

  for (int call : kAllowed) {
    filter.unless_equal_skip(static_cast<std::uint32_t>(call), 1);
    filter.result(SECCOMP_RET_ALLOW);
  }
  allow_without_bits(filter, SYS_mmap, 2, PROT_EXEC);
  allow_without_bits(filter, SYS_mprotect, 2, PROT_EXEC);

  // Threads yes, processes no. clone3's flags lie behind a pointer that a filter cannot follow:
  // told that it does not exist, the C library falls back to clone.
  filter.unless_equal_skip(SYS_clone3, 1);
  filter.result(SECCOMP_RET_ERRNO | ENOSYS);
  filter.unless_equal_skip(SYS_clone, 4);
  filter.load(argument_low(0));
  filter.unless_any_bit_skip(CLONE_THREAD, 1);
  filter.result(SECCOMP_RET_ALLOW);
  filter.result(SECCOMP_RET_KILL_PROCESS);
  filter.result(SECCOMP_RET_KILL_PROCESS);
  return filter;
}

int enter_seccomp() {
  if (pretend_refused("seccomp")) return EPERM;
  Filter filter = make_filter();
  sock_fprog program{static_cast<unsigned short>(filter.code().size()), filter.code().data()};
  long failed = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  return failed == 0 ? 0 : errno;
}

void set_limit(__rlimit_resource resource, std::uint64_t value) {
  rlimit current{};
  if (getrlimit(resource, &current) != 0) return;
  current.rlim_cur = std::min<rlim_t>(value, current.rlim_max);
  current.rlim_max = current.rlim_cur;
  setrlimit(resource, &current);
}

}  // namespace

SandboxOutcome enter_sandbox(const Limits& limits) {
  SandboxOutcome outcome;
  // Before glibc's malloc gives a part of a thread's heap back, it opens a file below /proc, which
  // would kill us. It asks only when more than this is free.
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  set_limit(RLIMIT_CORE, 0);
  set_limit(RLIMIT_NOFILE, 64);
#ifndef FATHOM_SANITIZED  // shadow memory alone is terabytes of address space
  set_limit(RLIMIT_AS, limits.child_address_space);
#else
  (void)limits;
#endif
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    outcome.missing.push_back(refused("no_new_privs", errno));
  if (int error = enter_landlock()) outcome.missing.push_back(refused("Landlock", error));
  if (int error = enter_seccomp()) outcome.missing.push_back(refused("seccomp", error));
  return outcome;
}

}  // namespace fathom::confine
