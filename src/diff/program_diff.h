// Two builds of one program, function by function.
//
// Functions are paired by name; then by masked code, where that is the same once on both sides;
// then by who calls them: where two paired functions have the same masked code, their calls lead to
// the same functions. What is left between two neighbours that are paired is paired by likeness.
// Names are needed for none of this, they only make it surer.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "code/program_print.h"

namespace fathom::diff {

enum class Pairing { name, code, calls, neighbours, likeness };
std::string_view name_of(Pairing pairing);

struct FunctionPair {
  std::size_t before = 0, after = 0;  // indexes of ProgramPrint::functions
  Pairing by = Pairing::name;
  bool same_bytes = false;       // to the last bit
  bool same_code = false;        // the masked code
  bool same_references = false;  // texts, constants, and the functions it calls
  bool is_changed() const { return !same_code || !same_references; }
};

struct ProgramDiff {
  std::vector<FunctionPair> pairs;                          // by `before`
  std::vector<std::size_t> added, removed;                  // indexes
  std::uint64_t identical = 0, relocated = 0, changed = 0;  // of pairs

  // What the one has and the other has not, sorted. Texts are compared without folders and dates.
  std::vector<std::string> new_texts, lost_texts, new_imports, lost_imports, new_ifuncs,
      lost_ifuncs;
  std::vector<std::uint32_t> new_system_calls, lost_system_calls;
  struct Section {
    std::string name;
    std::uint64_t before = 0, after = 0;  // bytes
    bool is_new = false, is_lost = false, is_code = false;
  };
  std::vector<Section> sections;  // that differ, in file order

  // Nothing that runs differs: only places, build-ids, folders and dates.
  bool is_same_program() const;
};

ProgramDiff compare(const code::ProgramPrint& before, const code::ProgramPrint& after);

}  // namespace fathom::diff
