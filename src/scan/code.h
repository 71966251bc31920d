// The second round: the code of programs in which somebody asks about functions, recovered in the
// confined child, which reads these files of the image again. Only they are decoded, so an image
// without such a finding costs nothing.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "facts/code_facts.h"
#include "image/file_tree.h"
#include "scan/examine.h"

namespace fathom {

struct Job;

// Of the files with these digests, which `tree` must have. `take` gets the facts of each as they
// come. What could not be read, and what killed the child, becomes a gap of stage "code".
std::vector<Gap> examine_code(
    const Target& target, const image::FileTree& tree,
    const std::map<std::string, CodeQuestion>& questions, const ExamineOptions& options,
    const std::function<void(const std::string& digest, const CodeFacts& facts)>& take);

// The child's side.
Done answer_code_job(confine::Channel& channel, const Job& job, const Limits& limits);

}  // namespace fathom
