// Reads a user's own compiled library to recognise it by: the confined child takes the archive,
// object or shared object apart, the parent gets names and hashes.

#pragma once

#include "base/limits.h"
#include "confine/channel.h"
#include "scan/examine.h"
#include "signature/object_builder.h"

namespace fathom {

struct Job;

// Of a file. An error when nothing in it is code of a machine that fathom decodes.
Result<signature::RawMembers> learn_confined(const Target& target, const ExamineOptions& options);

// The child's side.
Done answer_learn_job(confine::Channel& channel, const Job& job, const Limits& limits);

}  // namespace fathom
