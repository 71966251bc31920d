// Whether a fix is in the code, whatever the version says: by what differs between the two sides of
// the fix in compiled code, under every compiler that was tried (data/verdicts/README.md). Evidence
// is positive for either answer; without any, or with some for both, the question stays open.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "facts/code_facts.h"

namespace fathom::verdict {

struct FixRow {
  std::string library, cve, function;
  std::string origin;  // of the sources: "debian:1.2.11.dfsg-2+deb11u2"
  // Releases in which the function is as on one of the two sides; empty: not known.
  std::vector<std::string> releases;
  std::uint64_t builds = 0;
  // XXH3 of texts that only one side has.
  std::vector<std::uint64_t> texts_of_fixed, texts_of_vulnerable;
  // How often something is compared, lowest to highest, on the vulnerable side and on the fixed
  // one.
  struct Count {
    Compared what;
    bool or_next = false;  // or with the next number: "> 70" is ">= 71" to some compilers
    std::uint32_t vulnerable_low = 0, vulnerable_high = 0, fixed_low = 0, fixed_high = 0;
    auto operator<=>(const Count&) const = default;
  };
  std::vector<Count> counts;
  // What the fix leaves alone: by these, code is known to be this function and nothing else.
  CodeShape same;
  auto operator<=>(const FixRow&) const = default;
};

// Lines of JSON, as tools/make_fixes.py writes them.
Result<std::vector<FixRow>> parse_fixes(std::string_view lines);

struct FixDecision {
  bool is_fixed = false;  // else the code is as it was before the fix
  struct Seen {
    std::uint64_t place = 0;
    std::string what;
  };
  std::vector<Seen> seen;  // what decided, at least one
};

// How well the row fits what is looked at.
struct FixContext {
  bool is_named = false;    // the function's symbol says that it is the one
  bool is_release = false;  // the component may be of one of the row's releases
};

// Of one function that carries the one the row is about. `question` is what the facts were
// recovered with.
std::optional<FixDecision> decide_fix(const FixRow& row, const CodeFunction& function,
                                      const CodeQuestion& question, const FixContext& context);

template <class Codec>
void describe(Codec& codec, FixRow::Count& c) {
  codec(c.what, c.or_next, c.vulnerable_low, c.vulnerable_high, c.fixed_low, c.fixed_high);
}
template <class Codec>
void describe(Codec& codec, FixRow& r) {
  codec(r.library, r.cve, r.function, r.origin, r.releases, r.builds, r.texts_of_fixed,
        r.texts_of_vulnerable, r.counts, r.same);
}

}  // namespace fathom::verdict
