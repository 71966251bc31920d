// A set of system calls as a filter: for container runtimes (OCI runtime specification,
// config-linux, seccomp; Docker, Podman and Kubernetes read the same JSON), for systemd units, and
// for Kubernetes.
//
// What is not in the set gets ENOSYS, as on a kernel that does not have it, so that programs fall
// back. An incomplete set (StaticSet::unresolved) only logs what it would have refused, and says
// so.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/static_set.h"

namespace fathom::sandbox {

struct Allowed {
  std::string name;    // "openat"; "number 600" for what the tables do not know
  std::string reason;  // where the program makes it, or why the runtime needs it
  bool by_runtime = false;
};

struct Profile {
  code::Machine machine = code::Machine::x86_64;
  std::vector<Allowed> allowed;  // by name
  std::vector<Question> unresolved, notes;
  bool complete() const { return unresolved.empty(); }
};

// The set, and the runtime's own minimum.
Profile make_profile(const StaticSet& set);

std::string oci_json(const Profile& profile);
// A drop-in for a unit: SystemCallFilter=, or SystemCallLog= when the set is incomplete.
std::string systemd_unit(const Profile& profile);
// A securityContext that names the profile by its file on the node, and how it gets there.
std::string kubernetes_yaml(const Profile& profile, std::string_view file_name);
std::string table_of(const Profile& profile);

}  // namespace fathom::sandbox
