// Whether a vulnerability matters in the code that holds it: for every finding whose functions are
// known, is one of them in the code, can it be reached, and by which way. Facts in, verdicts with
// proof out; nothing here sees bytes.
//
// What each verdict needs:
//   reachable              a function that the fix changes, and a way to it over calls whose target
//                          is known, from main, an initializer or the entry
//   reachable_indirectly   the same, over a call through a pointer that fits it, or only from what
//                          other files may call
//   patched                what differs between the two sides of the fix is as after it, and
//   nothing
//                          is as before it (verdict/fixes.h)
//   present_unreachable    every function in question was found, no way leads to any of them with
//                          every call through a pointer taken to reach all that it may, and nothing
//                          could have been overlooked (verdict/absence.h)
//   not_present            C: the texts of the function are missing while its neighbours' are there
//                          (verdict/absence.h). Go: its table names every function and every
//                          inlined call, and none of these is there
//   unknown                anything else, with the reason: that a function was not found by name is
//                          never taken for its absence

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "facts/code_facts.h"
#include "model/report.h"
#include "signature/feature_data.h"
#include "signature/source_functions.h"
#include "verdict/knowledge.h"

namespace fathom::verdict {

struct Sources {
  const Knowledge& knowledge;
  const signature::Features& features;
  const signature::SourceFunctions& functions;
};

// A file of the image that is loaded together with a shared object.
struct Loader {
  std::string path;
  std::vector<std::string> imports;  // names, sorted
  auto operator<=>(const Loader&) const = default;
};

// The findings of one report. Views the report and the sources.
class Verdicts {
 public:
  Verdicts(Report& report, const Sources& sources);
  Verdicts(const Verdicts&) = delete;
  ~Verdicts();

  // What to ask of the code of which files, by digest.
  const std::map<std::string, CodeQuestion>& questions() const;
  // Judges the findings of one file. In any order, each file at most once.
  // `loaders`: of a shared object, everything that is ever loaded with it; what none of these
  // imports begins nothing. Null: not known.
  void take(const std::string& digest, const CodeFacts& facts,
            const std::vector<Loader>* loaders = nullptr);
  // Sorts the findings: by verdict, then known exploited, EPSS, CVSS.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What matters first.
bool matters_more(const Finding& a, const Finding& b);

}  // namespace fathom::verdict
