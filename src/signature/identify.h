// Which C and C++ libraries are compiled into a file. For now from version texts: a text is one
// feature, never proof. It counts only when the library's own code stands beside it (other texts
// that only the library's sources have, the version number as a constant) and when the file does
// not merely link or mention the library.

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "facts/facts.h"
#include "model/report.h"

namespace fathom::signature {

// The classifiers of data/classifiers/, compiled into the pack as JSON (tools/ makes it).
class Classifiers {
 public:
  Classifiers();
  Classifiers(Classifiers&&) noexcept;
  Classifiers& operator=(Classifiers&&) noexcept;
  ~Classifiers();

  static Result<Classifiers> parse(std::string_view json);
  std::size_t size() const;

 private:
  friend struct Identifier;
  struct Row;
  std::vector<Row> rows_;
};

struct Identified {
  std::vector<Component> components;  // file, digest and layer empty
  std::vector<Mention> mentions;      // file empty
};

// Pure: the same facts and classifiers give the same answer.
Identified identify(const FileFacts& facts, const Classifiers& classifiers);

}  // namespace fathom::signature
