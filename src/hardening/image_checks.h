// What a file's hardening depends on beyond its own bytes: the folders it searches for libraries,
// the program that starts it. Joins both into the rows of the report.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "facts/facts.h"
#include "image/file_tree.h"
#include "model/hardening.h"

namespace fathom::hardening {

// The facts of a content, or null when it could not be examined.
using FactsOf = std::function<const FileFacts*(const std::string& digest)>;

// A row for every visible program and shared object, members of archives included, by path.
std::vector<HardeningRow> rows(const image::FileTree& tree, const FactsOf& facts_of);

}  // namespace fathom::hardening
