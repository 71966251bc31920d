// Which C and C++ libraries are compiled into a file. A version text is one feature, never proof:
// it counts only when the library's own code stands beside it (other texts that only the library's
// sources have, the version number as a constant) and when the file does not merely link or
// mention the library.
//
// The knowledge is data (data/classifiers/, whose README says what a row means); this room is the
// method. The rules, in the order they are applied to a row:
//   1. Presence: enough of the row's confirm texts, or a version-number function whose values no
//      other code returns. Otherwise a version text is a Mention, with the reason.
//   2. A file that links the library (DT_NEEDED) must show as many confirm texts as one without any
//      version text: headers leave texts in their users.
//   3. Version: a text and a constant that agree; else one text; else one constant; else one bare
//      number ("1.2.3") that no other library of the file explains. Several that all agree with
//      constants are several copies. Several that do not are one component with an interval.
//   4. Confirm texts that came or went with a release bound the version when nothing states it.
//   5. Feature data (feature_match.h) show libraries without a row or without enough of its texts,
//      narrow what the rules above leave open, and outrank a version text that the source lines in
//      the code contradict; a version-number function outranks them.
//   6. Compiled references (object_match.h) come first where they match: code of one known build is
//      that build's, whatever a text says. They add the package revision as a component of its own.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "facts/facts.h"
#include "model/report.h"
#include "signature/feature_data.h"
#include "signature/object_match.h"

namespace fathom::signature {

struct Row;
struct Patterns;

// The classifiers of data/classifiers/, compiled into the pack as JSON (tools/ makes it). Regular
// expressions compile on first use; all const members may be called from several threads.
class Classifiers {
 public:
  Classifiers();
  Classifiers(Classifiers&&) noexcept;
  Classifiers& operator=(Classifiers&&) noexcept;
  ~Classifiers();

  // {"classifiers": [row, …]}. Any malformed row is an error: the data is ours.
  static Result<Classifiers> parse(std::string_view json);
  std::size_t size() const;
  std::vector<std::string> libraries() const;  // in the order of the rows
  // Whether any row asks for the text with this hash.
  bool asks_for(std::uint64_t text) const;

  // What the tests ask of the data: every pattern compiles, every sample yields its version, no
  // counterexample matches.
  Done check() const;

 private:
  friend struct Identifier;
  std::vector<Row> rows_;
  std::unique_ptr<Patterns> patterns_;
};

// How Mention::why ends where the lines outrank a text: "41 of 44 source lines …".
inline constexpr std::string_view kContradictedByLines =
    "source lines in the code are of another release";

struct Identified {
  std::vector<Component> components;  // file, digest and layer empty; in the order of the rows
  std::vector<Mention> mentions;      // file empty
  // Of Java libraries among the components: the releases that the data have (java_classes.h).
  std::map<std::string, std::vector<std::string>> known_versions;
  // Functions of the file that have a name by their code, by address; and the libraries they are
  // of, with the members that are there.
  std::vector<NamedFunction> functions;
  std::vector<ObjectMatch> objects;
  std::vector<OwnCall> own_calls;  // what the file's other code calls of them
};

// Pure: the same facts and knowledge give the same answer.
Identified identify(const FileFacts& facts, const Classifiers& classifiers,
                    const Features& features, const Objects& objects = {});

}  // namespace fathom::signature
