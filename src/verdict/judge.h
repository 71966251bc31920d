// One finding against the code of its file. Private to this room.

#pragma once

#include <string>
#include <vector>

#include "facts/code_facts.h"
#include "model/report.h"
#include "verdict/knowledge.h"
#include "verdict/names.h"
#include "verdict/reach.h"
#include "verdict/verdict.h"

namespace fathom::verdict {

// One file, with everything that judging asks of it.
struct Subject {
  const CodeFacts& facts;
  const CodeQuestion& question;
  const Naming& naming;
  const Reach& reach;
  const std::vector<Loader>* loaders;  // null: not known, or of no interest
};

struct Importer {
  std::string path, name;
};
// The files that import an exported function, and by which of its names.
std::vector<Importer> importers_of(const CodeFacts& facts, std::uint32_t function,
                                   const std::vector<Loader>& loaders);

// Where one vulnerable function is in the code.
struct Target {
  std::string name;            // as the data have it
  std::uint32_t function = 0;  // index of CodeFacts::functions
  std::string seen;            // why it is there: "its symbol", "refers to …"
  std::uint64_t place = 0;
};

// Sets verdict, why, path and proof of a finding by the best way to any of the targets; false when
// there is none.
bool judge_by_way(const Subject& subject, const std::vector<Target>& targets, Finding& finding);

// What is known of the vulnerability and of the library.
struct CCase {
  const FunctionRow& row;
  const SourceNames& names;
  const std::vector<const FixRow*>& fixes;
  const VersionClaim& version;
};
void judge_c(const Subject& subject, const CCase& one, Finding& finding);
void judge_rust(const Subject& subject, const FunctionRow& row, Finding& finding);
// `modules`: of all Go components of the file.
void judge_go(const Subject& subject, const FunctionRow& row,
              const std::vector<std::string>& modules, Finding& finding);

// "a", "a and b", "a, b and 3 more".
std::string list_of(const std::vector<std::string>& names);
// `address` 0: the whole file.
void add_proof(Finding& finding, std::uint64_t address, std::string seen);

}  // namespace fathom::verdict
