// The functions of compiled libraries, as distributions ship them: for every package revision of
// which machine, the members of its archives, their functions as hashes (code/function_hash.h), and
// which symbols each member defines and needs. docs/object-data.md has the format of the files in
// data/objects/, which tools/ makes from packages and packs at build time; `fathom signatures
// learn` makes the same of a user's own libraries.
//
// The packed form, little-endian: "FTOB", u32 version, u32 number of libraries L, u32 number of
// hashes N; u64 size of each library's block [L]; in the order of (hash, library, function): u64
// hashes [N], u16 libraries [N], u32 functions [N]; then the blocks, each an ObjectLibrary in the
// form of base/codec.h. A function whose two hashes differ stands there twice.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace fathom::signature {

enum class ObjectMachine : std::uint8_t { x86_64, aarch64 };
std::string_view name_of(ObjectMachine machine);  // as ElfFacts::machine_name

// A package revision, for one machine.
struct ObjectBuild {
  std::string package, version;  // "libssl-dev" "3.0.17-1~deb12u2"; of a user's own: as they say
  std::string source, source_version;
  std::string release;               // version of the library itself: "3.0.17"
  std::string distribution;          // "debian"; empty for a user's own
  std::string distribution_release;  // "12", or empty when several or none have it
  ObjectMachine machine = ObjectMachine::x86_64;
  std::string purl;  // of a user's own; else it follows from the above
  auto operator<=>(const ObjectBuild&) const = default;
};

// Builds first..last, as indexes, both included; ascending, disjoint.
using BuildSet = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
bool contains(const BuildSet& set, std::uint32_t build);

struct ObjectFunction {
  static constexpr std::uint32_t kNoName = 0;  // names[0] is empty
  std::uint32_t name = kNoName;                // index of names
  std::vector<std::uint32_t> aliases;          // further names of the same code, sorted
  std::uint32_t bytes = 0, instructions = 0;
  std::uint64_t exact = 0, loose = 0;
  std::vector<std::uint32_t> calls;  // in order, as FunctionHash::calls: names, kNoName unknown
  auto operator<=>(const ObjectFunction&) const = default;
};

struct ObjectMember {
  std::uint32_t archive = 0, name = 0;  // indexes of names: "libcrypto.a", "aes_core.o"
  BuildSet builds;
  std::vector<std::uint32_t> functions;  // in the order of addresses, indexes of functions
  std::vector<std::uint32_t> defined;    // names that other members can ask for, sorted
  std::vector<std::uint32_t> needed;     // names it cannot be linked without, sorted
  std::vector<std::uint32_t> wanted;     // weak: names it can be linked without, sorted
};

struct ObjectLibrary {
  std::string name;                       // the id that classifiers and advisories use
  std::vector<ObjectBuild> builds;        // by machine, then distribution release and version
  std::vector<std::string> names;         // sorted; the first is empty
  std::vector<ObjectFunction> functions;  // each once, sorted
  std::vector<ObjectMember> members;      // by archive, name, builds
};

// Which members and builds have each function of a library.
struct FunctionOwners {
  std::vector<std::vector<std::uint32_t>> members;  // by function, ascending
  std::vector<BuildSet> builds;
};
FunctionOwners owners_of(const ObjectLibrary& library);

// What is committed, before compression. Decoding checks every index.
std::string encode(const ObjectLibrary& library);
Result<ObjectLibrary> decode_object_library(std::string_view bytes);

// Fails on what the form cannot hold: more than 65,535 libraries, indexes that point nowhere.
Result<std::string> pack_objects(const std::vector<ObjectLibrary>& libraries);

// Views `packed`; must not outlive it. Blocks are decoded when first asked for; all const members
// may be called from several threads.
class Objects {
 public:
  Objects();
  Objects(Objects&&) noexcept;
  Objects& operator=(Objects&&) noexcept;
  ~Objects();

  static Result<Objects> open(std::string_view packed);  // an empty one holds no library

  struct Entry {
    std::uint16_t library = 0;
    std::uint32_t function = 0;
  };
  // All functions with this hash, exact or loose, as [first, last) of entry_at().
  std::pair<std::size_t, std::size_t> find(std::uint64_t hash) const;
  std::uint64_t hash_at(std::size_t i) const;
  Entry entry_at(std::size_t i) const;
  std::size_t hashes() const { return hashes_.size() / 8; }

  std::size_t library_count() const;
  // A block that does not decode is an error of the pack, told by check(); here it is empty.
  const ObjectLibrary& library(std::size_t i) const;
  const FunctionOwners& owners(std::size_t i) const;
  Done check() const;  // decodes everything

 private:
  struct Blocks;
  std::string_view hashes_, libraries_, functions_;
  std::unique_ptr<Blocks> blocks_;
};

// ---- the graph of members, for what follows from the presence of one

// Of one build: which member defines a name, and who asks for it.
class MemberGraph {
 public:
  // `library` is kept by reference.
  MemberGraph(const ObjectLibrary& library, std::uint32_t build);

  // Members (indexes of library.members) that must be in every program that has `member` of this
  // build: those that it needs, those that they need, … A name that another library defines leads
  // nowhere here. Sorted, with `member` itself.
  //
  // What it promises: linkers take members whole, so that a member that is present has all that it
  // needs present, if it was linked from this build and its names were not given by something else
  // before. Sections that are left out (--gc-sections) can remove functions of a present member,
  // and then also what only those need; so this is a proof for what was seen to be there, and never
  // alone one that something is reached.
  std::vector<std::uint32_t> closure(std::uint32_t member) const;
  // Members that need a name which `member` defines; weak wishes count. When none of them, and
  // nothing outside the library, is in a program, the linker had no reason to take it. Sorted.
  std::vector<std::uint32_t> referrers(std::uint32_t member) const;
  // The member that defines a name; several archives of one build may: the first in their order.
  // ~0 when none does.
  std::uint32_t definer_of(std::uint32_t name) const;
  std::uint32_t definer_of(std::string_view name) const;

 private:
  const ObjectLibrary& library_;
  std::vector<std::uint32_t> members_;                             // of this build
  std::vector<std::pair<std::uint32_t, std::uint32_t>> definers_;  // (name, member), sorted
};

}  // namespace fathom::signature
