// A shorter line for questions that need no advisories: target → image → file tree → facts. What
// `fathom hardening` and `fathom ldd` stand on.

#pragma once

#include "analyzer/image_input.h"
#include "image/file_tree.h"
#include "model/report.h"
#include "scan/examine.h"

namespace fathom {

struct Inspected {
  Examined examined;
  image::FileTree tree;
  FactsByDigest facts;
};

// An error means that there is no image at all. Texts and strings are dropped from the facts.
Result<Inspected> inspect(const Target& target, ExamineOptions options);

// The rows of `paths`, or of every program when there are none. `level` as loader::hwcaps_of has
// it.
std::vector<LinkRow> link_rows(const Inspected& inspected, const std::vector<std::string>& paths,
                               std::string_view level);

// Target, image, gaps and hardening of a report; nothing else.
Report hardening_report(const Target& target, const Inspected& inspected);

}  // namespace fathom
