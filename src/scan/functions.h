// Lists the functions of a program: the confined child reads the file, the parent gets plain
// values.

#pragma once

#include <string>

#include "base/limits.h"
#include "code/listing.h"
#include "confine/channel.h"

namespace fathom {

struct Job;

// `wanted` as for code::list_functions. An error when the file is none that fathom can take apart,
// or the child died.
Result<code::Listing> list_functions_confined(const std::string& path, const std::string& wanted,
                                              const Limits& limits, bool fresh_program = true);

// The child's side.
Done answer_functions_job(confine::Channel& channel, const Job& job, const Limits& limits);

}  // namespace fathom
