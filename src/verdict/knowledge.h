// Which functions a vulnerability is in: what the fixes of C libraries changed, Go symbols, Rust
// paths. Data (data/verdicts/ and the advisories), packed by tools/; users add rows in the form of
// data/verdicts/c-functions.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "verdict/fixes.h"

namespace fathom::verdict {

struct VulnerableFunction {
  std::string name;  // C: of the source; Rust: a path; Go: "T.M" or "F", empty: the whole package
  std::string file;  // C: path in the library's sources; Go: the import path
  std::vector<std::string> systems;  // operating systems that it concerns; empty: all
  bool is_new = false;               // the fix made it: its presence is no harm
  auto operator<=>(const VulnerableFunction&) const = default;
};

struct FunctionRow {
  std::string ecosystem,
      package;     // as the advisory has them: "C" "sqlite"; "Go" "golang.org/x/net"
  std::string id;  // "CVE-…", "GO-…", "RUSTSEC-…"
  // Guessed from hunk headers or prose: good for "is there", never for "is not".
  bool approximate = false;
  std::vector<VulnerableFunction> functions;
  auto operator<=>(const FunctionRow&) const = default;
};

// Lines of JSON as data/verdicts/README.md says. Functions of programs that merely come with the
// library (tools/, apps/, programs/) are left out; a row of which none is left goes with them.
Result<std::vector<FunctionRow>> parse_function_rows(std::string_view lines);

std::string pack_knowledge(std::vector<FunctionRow> rows, std::vector<FixRow> fixes = {});

class Knowledge {
 public:
  static Result<Knowledge> open(std::string_view packed);  // an empty one knows nothing
  // Rows of the user's own; those of the same package and id take the others' place.
  void add(std::vector<FunctionRow> rows);

  // The row of the first of `ids` that has one; null when none has.
  const FunctionRow* find(std::string_view ecosystem, std::string_view package,
                          const std::vector<std::string>& ids) const;
  std::size_t size() const { return rows_.size(); }
  // What tells whether the fix of one CVE is in the code of a C library.
  std::vector<const FixRow*> fixes_of(std::string_view library, std::string_view cve) const;

 private:
  std::vector<FunctionRow> rows_;  // sorted by key
  std::vector<FixRow> fixes_;      // sorted
};

template <class Codec>
void describe(Codec& codec, VulnerableFunction& f) {
  codec(f.name, f.file, f.systems, f.is_new);
}
template <class Codec>
void describe(Codec& codec, FunctionRow& r) {
  codec(r.ecosystem, r.package, r.id, r.approximate, r.functions);
}

}  // namespace fathom::verdict
