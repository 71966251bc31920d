// Which system calls a program can make, with the libraries it is linked with: everything that can
// run once it runs (code/reach.h), over all of its files together.
//
// More than will ever happen, since whether a branch is taken is not looked at; never silently
// less: what cannot be followed (a number that is not known, a library whose name is computed) is a
// question of the result, and makes it incomplete.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/codec.h"
#include "base/limits.h"
#include "base/result.h"
#include "code/decoder.h"

namespace fathom::sandbox {

struct ProgramFile {
  std::string path;
  ByteView bytes;
  bool is_interpreter = false;
};

// The first place that makes it, in the order of files and functions.
struct Source {
  std::uint32_t number = 0;
  std::string file, function;
  std::uint64_t place = 0;
};

struct Question {
  std::string file, function;
  std::uint64_t place = 0;
  std::string what;
};

struct StaticSet {
  code::Machine machine = code::Machine::x86_64;
  std::vector<Source> sources;       // one for each number, by number
  std::vector<Question> unresolved;  // the set may miss something because of these
  std::vector<Question> notes;  // what the set does not speak of: other programs, configuration
  std::uint64_t functions = 0, reached = 0;

  bool complete() const { return unresolved.empty(); }
};

// `files` in the order in which they are linked, the program first. An error when the program
// itself cannot be taken apart; other files that cannot are questions.
Result<StaticSet> static_system_calls(const std::vector<ProgramFile>& files,
                                      const Limits& limits = {});

// Of several programs that may run in one container.
StaticSet together(std::vector<StaticSet> sets);

template <class Codec>
void describe(Codec& codec, Source& s) {
  codec(s.number, s.file, s.function, s.place);
}
template <class Codec>
void describe(Codec& codec, Question& q) {
  codec(q.file, q.function, q.place, q.what);
}
template <class Codec>
void describe(Codec& codec, StaticSet& s) {
  codec(s.machine, s.sources, s.unresolved, s.notes, s.functions, s.reached);
}

}  // namespace fathom::sandbox
