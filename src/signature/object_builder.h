// Gathers the members of archives, package revision by package revision, into one ObjectLibrary:
// what several revisions have in common is kept once.

#pragma once

#include <compare>
#include <map>
#include <string>
#include <vector>

#include "signature/object_data.h"

namespace fathom::signature {

// As an archive has it. Crosses from the confined child when a user's own library is read.
struct RawFunction {
  std::string name;
  std::vector<std::string> aliases;
  std::uint32_t bytes = 0, instructions = 0;
  std::uint64_t exact = 0, loose = 0;
  std::vector<std::string> calls;
  auto operator<=>(const RawFunction&) const = default;
};
struct RawMember {
  std::string archive, name;
  std::vector<RawFunction> functions;                // by address
  std::vector<std::string> defined, needed, wanted;  // sorted, each once
  auto operator<=>(const RawMember&) const = default;
};
struct RawMembers {
  ObjectMachine machine = ObjectMachine::x86_64;
  std::vector<RawMember> members;
  std::vector<std::string> problems;
};

class ObjectBuilder {
 public:
  void add(const ObjectBuild& build, const std::vector<RawMember>& members);
  // Names, functions and members are each kept once and sorted; the same input makes the same.
  ObjectLibrary finish(std::string name) const;

 private:
  std::map<ObjectBuild, std::size_t> builds_;              // in the order of adding
  std::map<RawMember, std::vector<std::size_t>> members_;  // by which builds
};

template <class Codec>
void describe(Codec& codec, RawFunction& f) {
  codec(f.name, f.aliases, f.bytes, f.instructions, f.exact, f.loose, f.calls);
}
template <class Codec>
void describe(Codec& codec, RawMember& m) {
  codec(m.archive, m.name, m.functions, m.defined, m.needed, m.wanted);
}
template <class Codec>
void describe(Codec& codec, RawMembers& m) {
  codec(m.machine, m.members, m.problems);
}

}  // namespace fathom::signature
