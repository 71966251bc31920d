// One question to a confined child, one answer.

#pragma once

#include <string>

#include "scan/examine.h"
#include "scan/target.h"
#include "scan/wire.h"

namespace fathom {

// Starts a child, serves it the target's store and returns the payload of the answer. The job's
// places in the target (scheme, platform, …) and limits are filled in.
Result<std::string> ask_child(const Target& target, const ExamineOptions& options, Job job,
                              WireType answer);

}  // namespace fathom
