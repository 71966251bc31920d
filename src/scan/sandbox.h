// Which system calls the programs of an image can make. The parent finds the programs and what they
// are linked with; a confined child reads those files again and takes them apart.

#pragma once

#include <string>
#include <vector>

#include "sandbox/static_set.h"
#include "scan/inspect.h"

namespace fathom {

struct Job;

// `paths` in the image; without any, what the image's configuration starts, and where it says
// nothing, the only program there is. An error when that is no program, or there are several.
Result<sandbox::StaticSet> sandbox_set(const Target& target, const std::vector<std::string>& paths,
                                       const ExamineOptions& options);

// The child's side.
Done answer_sandbox_job(confine::Channel& channel, const Job& job, const Limits& limits);

}  // namespace fathom
