// What the program recognises libraries by: the sections of its own pack, opened.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "signature/identify.h"
#include "vuln/database.h"

namespace fathom::cli {

struct Knowledge {
  vuln::Database database;
  signature::Classifiers classifiers;
  signature::Features features;
  std::string merged;          // what `objects` views when there are packs of the user's own
  signature::Objects objects;  // with those of the packs
};

// `packs`: files that `fathom signatures learn` has written (--signatures). A damaged one is an
// error; nothing is left out in silence.
Result<Knowledge> open_knowledge(const std::vector<std::string>& packs = {});

// Compiled libraries of the packs in front of the built-in ones, packed.
Result<std::string> merge_packs(std::string_view built_in, const std::vector<std::string>& packs);

}  // namespace fathom::cli
