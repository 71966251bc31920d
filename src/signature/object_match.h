// Which compiled libraries are in a file, as which package revision, and which functions of theirs
// are where: by functions whose hash is that of one in the data (signature/object_data.h).
//
// Functions whose instructions are the same are strong evidence where they match, and none where
// they do not: another compiler or other flags make other code of the same source. So nothing here
// says that a library, or a function, is absent.
//
// How: every function of the file is looked up by both hashes. Libraries are accepted from the one
// with the most instructions matched to the least; what an accepted one explains no longer counts.
// The builds of a library that have most of the matched functions are the answer: several, when the
// code that is there is the same in all of them. Functions that stand, in the file as in a member
// of these builds, between matched ones and are different there mean another build than those
// known. When those are many, the library is not said to be there by this evidence, since other
// flags leave many a short function the same; names of functions that match are given all the same.
//
// Names: of a matched function its own; where several functions have the same code, the one that a
// matched caller calls; of an unmatched function, what a matched caller calls there, or what stands
// in that place of its member.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "facts/facts.h"
#include "signature/object_data.h"

namespace fathom::signature {

// How a function got its name, from the surest on.
enum class NamedBy : std::uint8_t {
  exact,   // the code is the same
  loose,   // … but for immediates
  caller,  // a function that is matched calls it by this name
  order,   // it stands where the matched member has it
};
std::string_view name_of(NamedBy by);

// An address of a file and the function of a library that is there. What the name promises is what
// `by` says: with `exact` and `loose` the code is that of the library; with `caller` and `order`
// only that the linker put something of that name there, in a version of its own.
struct NamedFunction {
  std::uint64_t address = 0;
  std::uint32_t bytes = 0;  // of the code that was matched
  std::string library;      // id; empty with `caller` when no known library defines the name
  std::string name;
  std::vector<std::string> aliases;  // other names of the same function
  std::string member;                // "libz.a(inflate.o)"; empty when not known
  NamedBy by = NamedBy::exact;
};

struct ObjectMatch {
  std::size_t library = 0;  // index into Objects
  std::string name;
  // Indexes of ObjectLibrary::builds that agree best, ascending; all of one machine.
  std::vector<std::uint32_t> builds;
  std::size_t functions = 0;  // matched, in the best builds
  std::size_t elsewhere = 0;  // matched functions that the best builds do not have
  std::size_t changed = 0;    // functions of matched members that are other code here
  // None of the known builds: the best ones are only the nearest.
  bool is_unknown = false;
  // Members of the first of `builds` of which a function is matched, ascending (MemberGraph).
  std::vector<std::uint32_t> members;
  std::vector<NamedFunction> seen;  // some of it, for evidence: the largest
};

// That code which is no known library's calls a function that is.
struct OwnCall {
  std::string name;          // of the callee, as its callers write it
  std::uint64_t caller = 0;  // the first function that does
  std::size_t callers = 0;
};

struct ObjectMatches {
  std::vector<ObjectMatch> libraries;    // from most matched to least
  std::vector<NamedFunction> functions;  // by address, one name each
  std::vector<OwnCall> own_calls;        // by name
};

// Pure. Cost: a look-up for each function of the file, and the blocks of the libraries that are hit
// are decoded once.
ObjectMatches match_objects(const std::vector<HashedFunction>& functions,
                            std::string_view machine_name, const Objects& objects);

}  // namespace fathom::signature
